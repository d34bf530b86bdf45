"""From promise, journal and observations to the verdict: pure, so that an old run judges alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial

from harness.answer import conclude
from harness.checks.across import ORIGIN, ROLES, Across, judge_across
from harness.checks.collateral import CollateralCheck
from harness.checks.controls import Controls
from harness.checks.coverage import uncovered
from harness.checks.findings import gather, in_order, is_of, with_known
from harness.checks.grounds import Grounds
from harness.checks.history import History, read_history
from harness.checks.journeys import Journeys, judge_journeys
from harness.checks.load import LoadGrounds, LoadLimits, judge_load, pace_of
from harness.checks.load_owed import LoadRecord
from harness.checks.matrix import matrix
from harness.checks.oracle import Oracle
from harness.checks.pace import Reference
from harness.checks.planting import plant_controls
from harness.checks.replica import ReplicaCheck, unread
from harness.checks.sentences import say
from harness.checks.shown import ShownCheck
from harness.checks.strays import StrayCheck
from harness.checks.trigger import find_trigger
from harness.errors import RecordUnreadable
from harness.journal.events import Event
from harness.model import (
    Anomaly,
    Case,
    Finding,
    Form,
    Judgement,
    Layer,
    Role,
    Severity,
    Symptom,
    Trigger,
)
from harness.observations import Observation
from harness.promise import BASELINE_LOAD, Known, Promise
from harness.verdict import Cell, Verdict

__all__ = ["Grounds", "cells", "conclude", "judge", "say", "weigh"]


def judge(
    promise: Promise,
    events: Sequence[Event],
    observations: Sequence[Observation],
    loads: Sequence[LoadRecord] = (),
) -> Verdict:
    """The verdict of a run; the same record gives the same verdict, at any time and place."""
    return conclude(weigh(promise, events, observations, loads))


def weigh(
    promise: Promise,
    events: Sequence[Event],
    observations: Sequence[Observation],
    loads: Sequence[LoadRecord] = (),
) -> Grounds:
    """Run every check; what the gate asks between rounds, and what the verdict is made of.

    loads are what the run holds of its loads, where it has come to that.
    """
    history = read_history(events)
    observations = sorted(observations, key=lambda o: (o.began_s, o.id))
    replicas = [o for o in observations if o.purpose == "replica"]
    glimpses = [o for o in observations if o.purpose == "glimpse"]
    observations = [o for o in observations if o.purpose not in ("replica", "glimpse")]
    candidate = _Bench(promise, "candidate", history, observations, replicas)
    baseline = _Bench(promise, "baseline", history, observations)
    proved = promise.storage_proved or candidate.reads_its_own or baseline.reads_its_own
    right_storage = proved or not candidate.owes_something
    symptoms = candidate.symptoms
    if not right_storage:
        symptoms = [_unproved(symptom) for symptom in symptoms]
    hidden = candidate.storage.saves_hidden
    journeys = judge_journeys(history, promise.cases, promise.quarantine, hidden)
    keys, columns = uncovered(history, observations, promise.forms)
    loaded, load_crashed = _weigh_loads(promise, history, observations, loads)
    forms = promise.forms["candidate"]
    lost = gather(symptoms, history, promise.cases, forms, baseline.symptoms)
    passed = [f for f in lost if _known(f, promise, symptoms, history).known]
    known = [symptom for symptom in symptoms if any(is_of(symptom, f) for f in passed)]
    across, across_crashed = _weigh_across(
        promise, history, observations, glimpses, symptoms, known
    )
    found = [
        *lost,
        *_broken(promise, history, journeys),
        *across.findings,
        *(finding for load in loaded for finding in load.findings),
    ]
    return Grounds(
        promise,
        history,
        tuple(observations),
        candidate.storage,
        tuple(symptoms),
        tuple(sorted((_known(f, promise, symptoms, history) for f in found), key=in_order)),
        journeys,
        candidate.controls,
        candidate.fields_read,
        crashed=(*candidate.crashed, *baseline.crashed, *across_crashed, *load_crashed),
        unread=tuple(unread(promise.replicas, replicas)),
        uncovered=tuple(keys),
        unwatched=(*candidate.assumed, *columns),
        right_storage=right_storage,
        loads=tuple(loaded),
        across=across,
    )


def _weigh_across(
    promise: Promise,
    history: History,
    observations: Sequence[Observation],
    glimpses: Sequence[Observation],
    steady: Sequence[Symptom],
    known: Sequence[Symptom],
) -> tuple[Across, list[str]]:
    """The stages across versions, as far as the run has come; why they could not be judged."""
    benches: dict[Role, _Bench] = {
        role: _Bench(promise, role, history, observations, glimpses=glimpses)
        for role in (*ROLES, ORIGIN)
        if any(o.role == role and o.purpose != "before" for o in observations)
    }
    found: list[Across] = []
    symptoms = {role: bench.symptoms for role, bench in benches.items()}
    storage = [bench.storage for role, bench in benches.items() if role != ORIGIN]
    fields_read = sum(bench.fields_read for role, bench in benches.items() if role != ORIGIN)
    crashed = _guarded(
        "the check across versions crashed",
        lambda: found.append(
            judge_across(promise, history, symptoms, steady, known, storage, fields_read)
        ),
    )
    crashed += [sentence for bench in benches.values() for sentence in bench.crashed]
    return (found[0] if found else Across()), crashed


def _weigh_loads(
    promise: Promise,
    history: History,
    observations: Sequence[Observation],
    records: Sequence[LoadRecord],
) -> tuple[list[LoadGrounds], list[str]]:
    """The loads, where one was promised and begun; why they could not be judged."""
    found: list[LoadGrounds] = []
    crashed: list[str] = []
    forms = promise.forms["candidate"]

    def weigh_one(record: LoadRecord) -> None:
        limits = _limits(promise, history, records)
        found.append(judge_load(record, history, forms, promise.tag, observations, limits))

    for record in records:
        began_s, _, skipped = history.stages.get(record.name, (None, None, None))
        if began_s is None or skipped or not promise.stages.get(record.name):
            continue
        crashed += _guarded(f"the check {record.name} crashed", partial(weigh_one, record))
    return found, crashed


def _limits(promise: Promise, history: History, records: Sequence[LoadRecord]) -> LoadLimits:
    """The plan's limits, and how fast the baseline was where one of them is about it."""
    reference = None
    record = next((record for record in records if record.name == BASELINE_LOAD), None)
    if record is not None and promise.baseline is not None:
        figures = pace_of(record, history.loads_began.get(BASELINE_LOAD))
        ended = history.loads_ended.get(BASELINE_LOAD)
        reference = Reference(promise.baseline.name, figures, ended)
    return LoadLimits(
        promise.save_p95_ms_max,
        promise.save_p95_ratio_max,
        reference,
        promise.save_p50_ms_max,
        promise.save_p99_ms_max,
    )


def _guarded(about: str, act: Callable[[], None]) -> list[str]:
    """Run a check; where it crashes, or cannot read its record, a sentence says so."""
    try:
        act()
    except RecordUnreadable as error:
        return [str(error)]
    except Exception as error:  # noqa: BLE001 - a check that crashed found nothing and proves nothing
        return [f"{about}: {type(error).__name__}: {error}"]
    return []


class _Bench:
    """Every check of one deployment; one that crashes is missing evidence, never a pass."""

    def __init__(
        self,
        promise: Promise,
        role: Role,
        history: History,
        observations: Sequence[Observation],
        replicas: Sequence[Observation] = (),
        glimpses: Sequence[Observation] = (),
    ) -> None:
        self.crashed: list[str] = []
        self._replicas = replicas
        self.storage = Judgement("storage", ())
        self.controls = Controls(0, 0)
        self.reads_its_own = False
        self.owes_something = False
        self.assumed: tuple[str, ...] = ()
        self._role = role
        self._judgements: list[Judgement] = []
        forms = promise.forms.get(role, {})
        collateral = CollateralCheck(role, forms, _forms_before(promise, role))
        self._guard("collateral", lambda: self._keep(collateral.judge(history, observations)))
        self._guard(
            "storage",
            lambda: self._ask(Oracle(role, promise.tag, forms, history, observations, glimpses)),
        )

    @property
    def symptoms(self) -> list[Symptom]:
        """What every check found."""
        return [symptom for judgement in self._judgements for symptom in judgement.symptoms]

    @property
    def fields_read(self) -> int:
        """How many fields were compared."""
        return sum(judgement.fields_read for judgement in self._judgements)

    def _ask(self, oracle: Oracle) -> None:
        """What stands on the oracle: nothing of it is there where the oracle is not."""
        self.storage = oracle.judge()
        self._judgements.insert(0, self.storage)
        self.reads_its_own = oracle.reads_its_own()
        self.owes_something = oracle.owes_something()
        self.assumed = tuple(dict.fromkeys(oracle.targets.assumed))
        wrong = {(s.record, s.field) for s in self.storage.symptoms}
        shown, strays = ShownCheck(oracle, wrong), StrayCheck(oracle)
        self._guard("shown", lambda: self._keep(shown.judge()))
        self._guard("strays", lambda: self._keep(strays.judge()))
        copies = ReplicaCheck(oracle, self._replicas, frozenset(wrong))
        self._guard("replica", lambda: self._keep(copies.judge()))
        self._guard("controls", lambda: self._plant(oracle))

    def _keep(self, judgement: Judgement) -> None:
        self._judgements.append(judgement)

    def _plant(self, oracle: Oracle) -> None:
        self.controls = plant_controls(oracle)

    def _guard(self, name: str, act: Callable[[], None]) -> None:
        self.crashed += _guarded(f"the check {name} of the {self._role} crashed", act)


def _forms_before(promise: Promise, role: Role) -> Mapping[str, Form]:
    """The forms by which the storage of a role was read before its first trial."""
    other: Role = {"upgraded": "baseline", "rolled-back": "upgraded"}.get(role, role)  # type: ignore[assignment]
    return promise.forms.get(other, {})


def _unproved(symptom: Symptom) -> Symptom:
    """A loss that is seen in what may be the wrong storage is no loss yet."""
    doubtful = symptom.severity is Severity.BLOCK and symptom.observation is not None
    return replace(symptom, severity=Severity.INCONCLUSIVE) if doubtful else symptom


def _broken(promise: Promise, history: History, journeys: Journeys) -> list[Finding]:
    """Journeys that only the candidate breaks, one finding a scenario."""
    passing = [case for case in promise.cases if case.number in journeys.measured]
    broken = [case for case in promise.cases if case.number in journeys.broken]
    return [
        _broken_journey([c for c in broken if c.scenario == scenario], passing, history, journeys)
        for scenario in dict.fromkeys(case.scenario for case in broken)
    ]


def _broken_journey(
    failing: Sequence[Case], passing: Sequence[Case], history: History, journeys: Journeys
) -> Finding:
    trigger = find_trigger(failing, passing)
    numbers = {case.number for case in failing}
    paths = [
        path
        for trial in history.of_role("candidate")
        if trial.began.number in numbers and trial.ended
        for path in trial.ended.evidence
    ]
    first = journeys.broken[failing[0].number]
    return Finding(
        check="journeys",
        anomaly=Anomaly.JOURNEY_BROKEN,
        form="",
        fields=(),
        saves_n=0,
        records_n=len(failing),
        severity=Severity.BLOCK,
        layer=Layer.UNKNOWN,
        trigger=Trigger(f"{trigger.text}: {first}", trigger.conditions, confirmed=True),
        evidence=tuple(dict.fromkeys(paths))[:20],
        scenarios=tuple(sorted({case.scenario for case in failing})),
    )


def _known(
    finding: Finding, promise: Promise, symptoms: Sequence[Symptom], history: History
) -> Finding:
    """A finding that an entry of the plan covers whole, and that is the baseline's as well.

    A wider trigger never matches.
    """
    by_id = {case.id: case for case in promise.cases}
    failing = [
        by_id[history.trials[symptom.trial].began.case]
        for symptom in symptoms
        if is_of(symptom, finding)
        and symptom.trial in history.trials
        and history.trials[symptom.trial].began.case in by_id
    ]
    if promise.baseline is not None and not finding.preexisting:
        return finding
    for entry in promise.known:
        if promise.today <= entry.expires and _covers(entry, finding, failing):
            return with_known(finding, f"{entry.reason} (until {entry.expires})")
    return finding


def _covers(entry: Known, finding: Finding, failing: Sequence[Case]) -> bool:
    return (
        finding.severity is Severity.BLOCK
        and (finding.form, str(finding.anomaly)) == (entry.form, entry.anomaly)
        and set(finding.fields) <= set(entry.fields)
        and (_within_levels if entry.trigger else _within_scenarios)(entry, finding, failing)
    )


def _within_levels(entry: Known, finding: Finding, failing: Sequence[Case]) -> bool:
    """The finding's own condition lies within the entry's, and so does each failing case."""
    conditions = finding.trigger.conditions
    return all(
        factor in conditions
        and set(conditions[factor]) <= set(levels)
        and all(case.levels.get(factor) in levels for case in failing)
        for factor, levels in entry.trigger.items()
    )


def _within_scenarios(entry: Known, finding: Finding, failing: Sequence[Case]) -> bool:
    """The entry has the finding's own words, or a pattern that each failing scenario fits."""
    if finding.trigger.text == entry.where:
        return True
    names = {case.scenario for case in failing}
    return bool(names) and all(
        fnmatchcase(name, entry.where) or fnmatchcase(name.rpartition("::")[2], entry.where)
        for name in names
    )


def cells(grounds: Grounds) -> tuple[Cell, ...]:
    """Scenario by field: a line per pair, for reports that show the whole of it."""
    return matrix(
        grounds.promise.cases,
        grounds.history,
        grounds.symptoms,
        grounds.journeys,
        grounds.promise.forms["candidate"],
    )
