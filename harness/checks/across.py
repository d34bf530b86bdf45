"""What the stages across versions found: what goes wrong only where releases meet, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.checks.findings import did_the_same, evidence_of, in_order, ordered, voted_layer
from harness.checks.history import History, Save, Trial
from harness.checks.injected import faults_seen, with_faults
from harness.checks.journeys import ATTEMPTS_TO_BLOCK, why_no_evidence
from harness.checks.trigger import find_trigger
from harness.model import (
    SIGHTS,
    Anomaly,
    Case,
    Finding,
    Judgement,
    Layer,
    Role,
    Severity,
    Symptom,
    Trigger,
)
from harness.promise import ACROSS, Promise

ROLES: tuple[Role, ...] = ("upgraded", "rolled-back")
ORIGIN: Role = "origin"
CLIENT, SERVER = "client_version", "server_phase"
STALE = "loaded before the deploy"
ROTATED = "secrets rotated"
STEADY: Mapping[str, str] = {CLIENT: "current", SERVER: "steady"}
# What the stages add to the levels of their cases.
LEVELS: Mapping[str, frozenset[str]] = {
    CLIENT: frozenset({"current", STALE}),
    SERVER: frozenset({"steady", "upgraded", ROTATED, "mixed", "restarting", "rolled back"}),
}
# Its trials are cut by faults of ours: only what was acknowledged counts.
RESTART = "restart"
MIXED, ROLLBACK = "mixed", "rollback"
TRIES_TO_CONFIRM = 3
_GRAVITY = tuple(Severity)
_BY_CHANCE = frozenset({MIXED, RESTART})
_OF_OLDER_DATA = frozenset(
    {Anomaly.LOST, Anomaly.REVERTED, Anomaly.TORN, Anomaly.TRUNCATED, Anomaly.ALTERED}
)


@dataclass(frozen=True, slots=True)
class Across:
    """What is known of the stages; promised and measured count cases, by stage.

    unmeasured are the numbers of those that were driven and are no evidence, and why says of a
    stage, as a clause, why the first of them is none; verified, failed and hidden are acknowledged
    saves, as the oracle judged them.

    A case that could not even begin, because the old release does not work any more beside the
    new one, is not promised but excused, which a warning says.
    """

    symptoms: Mapping[Role, tuple[Symptom, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    promised: Mapping[str, int] = field(default_factory=dict)
    measured: Mapping[str, int] = field(default_factory=dict)
    unmeasured: Mapping[str, frozenset[int]] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)
    verified: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    fields_read: int = 0

    def symptoms_of(self, role: Role) -> tuple[Symptom, ...]:
        """What the storage of that role shows."""
        return self.symptoms.get(role, ())


def judge_across(
    promise: Promise,
    history: History,
    found: Mapping[Role, Sequence[Symptom]],
    steady: Sequence[Symptom],
    known: Sequence[Symptom],
    storage: Sequence[Judgement],
    fields_read: int,
) -> Across:
    """Everything of the stages; steady are the symptoms of the candidate by itself.

    known are those of them that the plan lets pass; found has what every check says of a role,
    storage what the oracle alone says of each. What the baseline alone loses in the same cases,
    asked as role "origin", is none of the candidate's doing: it is told and does not block.

    What the candidate shows by itself is not told a second time; what is known, not of the same
    case.
    """
    symptoms = {
        role: tuple(_as_older(s, history) for s in found[role]) for role in ROLES if role in found
    }
    verified = frozenset(save for judged in storage for save in judged.saves_verified)
    alone = found.get(ORIGIN, ())
    judging = _Judging(promise, history, symptoms, steady, known, alone, verified)
    counted = {name: _Counted(name, history) for name in ACROSS if name in history.chosen}
    findings = [*judging.findings(), *(f for c in counted.values() for f in c.broken())]
    return Across(
        symptoms,
        tuple(sorted(findings, key=in_order)),
        {name: history.chosen[name] - len(c.excused) for name, c in counted.items()},
        {name: len(c.measured) for name, c in counted.items()},
        {name: c.unmeasured for name, c in counted.items()},
        {name: c.why for name, c in counted.items() if c.why},
        verified,
        frozenset(save for judged in storage for save in judged.saves_failed),
        frozenset(save for judged in storage for save in judged.saves_hidden),
        tuple(sentence for c in counted.values() for sentence in c.warnings(promise)),
        fields_read,
    )


def _as_older(symptom: Symptom, history: History) -> Symptom:
    """What was saved before the releases changed and no later save wrote is older data."""
    trial = history.trials.get(symptom.trial)
    if trial is None or trial.switched is None or symptom.anomaly not in _OF_OLDER_DATA:
        return symptom
    save = next((save for save in trial.saves if save.id == symptom.save), None)
    if save is None or save.over_s >= trial.switched.at_s:
        return symptom
    return replace(symptom, anomaly=Anomaly.COLLATERAL)


@dataclass(frozen=True, slots=True)
class _Judging:
    """Symptoms of all stages, gathered into findings."""

    promise: Promise
    history: History
    symptoms: Mapping[Role, Sequence[Symptom]]
    steady: Sequence[Symptom]
    known: Sequence[Symptom]
    alone: Sequence[Symptom]
    verified: frozenset[str]

    def findings(self) -> Iterator[Finding]:
        """One per check, anomaly, form and stage, with every field that shows it."""
        for role, symptoms in self.symptoms.items():
            groups: dict[tuple[object, ...], list[Symptom]] = defaultdict(list)
            for symptom in symptoms:
                if not self._is_steady(symptom) and not self._is_said(symptom):
                    key = (symptom.check, symptom.anomaly, symptom.form, symptom.severity)
                    groups[*key, symptom.breach, self._stage(symptom, role)].append(symptom)
            for group in groups.values():
                yield self._finding(group, role)

    def _is_steady(self, symptom: Symptom) -> bool:
        """Whether the candidate by itself loses the same, and that is told as gravely."""
        # What was saved earlier is what it lost, whatever it is called here.
        older = symptom.anomaly is Anomaly.COLLATERAL and symptom.trial in self.history.trials
        kinds = {symptom.anomaly, *(_OF_OLDER_DATA if older else ())}
        return any(
            (other.form, other.field) == (symptom.form, symptom.field)
            and other.anomaly in kinds
            and _GRAVITY.index(other.severity) <= _GRAVITY.index(symptom.severity)
            and (other not in self.known or self._case_of(other) == self._case_of(symptom))
            for other in self.steady
        )

    def _is_said(self, symptom: Symptom) -> bool:
        """Whether it is of a record that was only looked at, which collateral compares whole."""
        return self._case_of(symptom) == SIGHTS and symptom.observation is not None

    def _case_of(self, symptom: Symptom) -> str:
        trial = self.history.trials.get(symptom.trial)
        return trial.began.case if trial else ""

    def _stage(self, symptom: Symptom, role: Role) -> str:
        trial = self.history.trials.get(symptom.trial)
        return trial.began.round if trial else _FIRST[role]

    def _finding(self, group: Sequence[Symptom], role: Role) -> Finding:
        first, stage = group[0], self._stage(group[0], role)
        names = {symptom.field for symptom in group}
        forms = self.promise.forms[role]
        older = self._is_older(group)
        return Finding(
            check=first.check,
            anomaly=first.anomaly,
            form=first.form,
            fields=tuple(ordered(names, forms[first.form])),
            saves_n=len({symptom.save for symptom in group if symptom.save}),
            records_n=len({symptom.record for symptom in group}),
            severity=Severity.WARN if older else first.severity,
            layer=voted_layer(group),
            trigger=self._trigger(group, names, role, stage),
            preexisting=older,
            evidence=evidence_of(group, self.history),
            scenarios=tuple(sorted({_scenario(t) for t in self._failing(group)})),
            breach=first.breach,
        )

    def _is_older(self, group: Sequence[Symptom]) -> bool:
        """Whether the baseline alone loses the same fields wherever it was asked to try."""
        cases = {trial.began.case for trial in self._failing(group)}
        asked = {
            trial.id
            for trial in self.history.of_role(ORIGIN)
            if trial.began.case in cases and trial.ended is not None
        }
        lost = {
            (s.trial, s.field)
            for s in self.alone
            if s.form == group[0].form and s.severity is Severity.BLOCK
        }
        names = {symptom.field for symptom in group}
        failed = {trial for trial, field in lost if field in names}
        shown = {field for trial, field in lost if trial in asked}
        return bool(asked) and asked <= failed and names <= shown

    def _failing(self, group: Sequence[Symptom]) -> list[Trial]:
        ids = dict.fromkeys(symptom.trial for symptom in group)
        trials = [self.history.trials[i] for i in ids if i in self.history.trials]
        return [trial for trial in trials if trial.began.case != SIGHTS]

    def _trigger(
        self, group: Sequence[Symptom], names: Collection[str], role: Role, stage: str
    ) -> Trigger:
        failing = self._failing(group)
        if not failing:
            return Trigger(self._taken_over(role))
        ids = {trial.id for trial in failing}
        wrong = {s.trial for some in (*self.symptoms.values(), self.steady) for s in some}
        at_stake = [
            trial
            for trial in (*self.history.promised("candidate"), *self._beside(role, stage))
            if trial.id not in ids | wrong
            and why_no_evidence(trial) is None
            and did_the_same(trial, group, names, self.history)
        ]
        # Which release answered a request, and which fault came, no level tells: a trial that was
        # spared says nothing of the factors of those that were not.
        told = [t for t in at_stake if stage not in _BY_CHANCE or t.began.round != stage]
        trigger = find_trigger([_case(t) for t in failing], [_case(t) for t in told])
        with_it = [t for t in at_stake if t.began.round == stage and _holds(trigger, t)]
        without = [t for t in at_stake if not _holds(trigger, t)]
        confirmed = (
            bool(trigger.conditions)
            and not with_it
            and min(len(failing), len(without)) >= TRIES_TO_CONFIRM
        )
        trigger = replace(trigger, confirmed=confirmed)
        return with_faults(trigger, self._faults(group, names)) if stage == RESTART else trigger

    def _faults(self, group: Sequence[Symptom], names: Collection[str]) -> tuple[str, ...]:
        """Those of ours that the lost saves saw, and no others like them outlived."""
        lost = {symptom.save for symptom in group}
        form = group[0].form

        def saves(ids: Collection[str | None]) -> list[Save]:
            return [
                save
                for trial in self.history.trials.values()
                if trial.began.round == RESTART
                for record in trial.records
                if record.form == form
                for save in record.saves
                if save.id in ids and save.intended.values.keys() & set(names)
            ]

        return faults_seen(saves(lost), saves(self.verified), self.history)

    def _beside(self, role: Role, stage: str) -> list[Trial]:
        return [t for t in self.history.of_role(role) if t.began.round == stage]

    def _taken_over(self, role: Role) -> str:
        new = self.promise.release.name
        old = self.promise.baseline.name if self.promise.baseline else "the baseline"
        if role == "upgraded":
            return f"when {new} takes over what {old} had stored"
        return f"when {new} is rolled back to {old}"


_FIRST: Mapping[Role, str] = {"upgraded": "upgrade", "rolled-back": "rollback"}


class _Counted:
    """The cases of one stage by how they ended."""

    def __init__(self, stage: str, history: History) -> None:
        self.stage = stage
        self.by_case: dict[str, list[Trial]] = defaultdict(list)
        for trial in history.trials.values():
            if _lives_in(trial, stage):
                self.by_case[trial.began.case].append(trial)
        self._old_does = _scenarios_of_the_old(history)
        self._both_answered = _answered_both(self.by_case.values())
        self.measured = {
            case for case, trials in self.by_case.items() if any(map(self._counts, trials))
        }
        left = {case: t for case, t in self.by_case.items() if case not in self.measured}
        self.excused = {case for case, trials in left.items() if self._excuses(trials)}
        self.unmeasured = frozenset(trials[0].began.number for trials in left.values())
        owed = [trials[-1] for case, trials in left.items() if case not in self.excused]
        self.why = self._reason(owed[0]) if owed else ""

    def _reason(self, trial: Trial) -> str:
        none = f"it lived through no {self.stage}"
        if self.stage == MIXED and not self._both_answered:
            none = "one of the releases answered no request"
        return f": {trial.began.case}: {why_no_evidence(trial) or none}"

    def _lived_it(self, trial: Trial) -> bool:
        """Whether the releases changed under the trial: it had come so far on the first of them."""
        if self.stage == MIXED:
            return _scenario(trial) in self._old_does
        return self.stage == RESTART or trial.switched is not None

    def _counts(self, trial: Trial) -> bool:
        if self.stage == RESTART:
            return any(save.state == "acknowledged" for save in trial.saves)
        lived = self._both_answered if self.stage == MIXED else self._lived_it(trial)
        if not lived or trial.ended is None:
            return False
        return trial.ended.outcome == "told" or why_no_evidence(trial) is None

    def _excuses(self, trials: Sequence[Trial]) -> bool:
        """Whether nothing is owed: the old release broke it, or our own side did beside others."""
        if not self.measured:
            # A stage that shows nothing at all proves nothing, whoever is to blame.
            return False
        outcomes = {trial.ended.outcome if trial.ended else "" for trial in trials}
        if self.stage == RESTART or outcomes == {"environment"}:
            return True
        # Before a rollback it is the new release that they begin on.
        begun_on_old = self.stage != ROLLBACK
        return (
            begun_on_old and not any(map(self._lived_it, trials)) and outcomes <= {"broken", "told"}
        )

    def broken(self) -> Iterator[Finding]:
        """Cases that broke each time without a word, though each release completes them alone."""
        if self.stage == RESTART:
            return
        for scenario in dict.fromkeys(case.partition("[")[0] for case in self.by_case):
            found = {
                case: trials
                for case, trials in self.by_case.items()
                if case.partition("[")[0] == scenario and self._broke(case, trials)
            }
            if found:
                yield self._finding(found)

    def _broke(self, case: str, trials: Sequence[Trial]) -> bool:
        lived = [t for t in trials if self._lived_it(t) and t.ended is not None]
        silent = [t for t in lived if t.ended is not None and t.ended.outcome == "broken"]
        return case not in self.measured and len(silent) >= ATTEMPTS_TO_BLOCK

    def _finding(self, found: Mapping[str, Sequence[Trial]]) -> Finding:
        trials = [trial for some in found.values() for trial in some]
        last = trials[-1]
        told = {f: level for f, level in last.began.levels.items() if STEADY.get(f, level) != level}
        words = " and ".join(f"{f.replace('_', ' ')} is {level}" for f, level in told.items())
        paths = [path for trial in trials if trial.ended for path in trial.ended.evidence]
        return Finding(
            check="journeys",
            anomaly=Anomaly.JOURNEY_BROKEN,
            form="",
            fields=(),
            saves_n=0,
            records_n=len(found),
            severity=Severity.BLOCK,
            layer=Layer.UNKNOWN,
            trigger=Trigger(
                f"when {words} ({_scenario(last)}): {why_no_evidence(last)}",
                {factor: (level,) for factor, level in told.items()},
                confirmed=True,
            ),
            evidence=tuple(dict.fromkeys(paths))[:20],
            scenarios=tuple(sorted({_scenario(trial) for trial in trials})),
        )

    def warnings(self, promise: Promise) -> Iterator[str]:
        """What could not be tried, and what was refused."""
        old = promise.baseline.name if promise.baseline else "the baseline"
        if self.excused and self.stage != RESTART:
            first = next(t for c in sorted(self.excused) for t in self.by_case[c])
            if first.ended and first.ended.outcome == "environment":
                yield (
                    f"{self.stage}: {len(self.excused)} of {len(self.by_case)} cases are no "
                    f"evidence: {why_no_evidence(first)}"
                )
                return
            yield (
                f"{self.stage}: {len(self.excused)} of {len(self.by_case)} cases could not begin: "
                f"{old} does not complete them beside {promise.release.name} "
                f"({why_no_evidence(first)})"
            )


def _scenarios_of_the_old(history: History) -> set[str]:
    """Scenarios that the old release has completed, or got on with until the new one came."""
    alone = [t for t in history.promised("baseline") if why_no_evidence(t) is None]
    begun = [t for t in history.of_role("upgraded") if t.switched is not None]
    return {_scenario(trial) for trial in (*alone, *begun)}


def _answered_both(cases: Iterable[Sequence[Trial]]) -> bool:
    """Whether more than one release has answered requests of these trials."""
    trials = [trial for trials in cases for trial in trials]
    return len({role for trial in trials for role, n in trial.served.items() if n}) > 1


def _lives_in(trial: Trial, stage: str) -> bool:
    """Whether a trial is a promised case of the stage."""
    began = trial.began
    return began.role in ROLES and began.round == stage and began.case != SIGHTS


def _case(trial: Trial) -> Case:
    """A trial as a case of its own, with the levels that it lived through."""
    began = trial.began
    levels = {**STEADY, **began.levels}
    return Case(began.trial, began.number, _scenario(trial), "", 0, levels)


def _scenario(trial: Trial) -> str:
    return trial.began.case.partition("[")[0]


def _holds(trigger: Trigger, trial: Trial) -> bool:
    levels = {**STEADY, **trial.began.levels}
    return all(levels.get(factor) in some for factor, some in trigger.conditions.items())
