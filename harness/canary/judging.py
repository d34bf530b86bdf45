"""From what a probe recorded to one result for each form: the gate's own oracle, once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from harness.canary.answering import release_of
from harness.canary.metrics import Result
from harness.checks.findings import is_of
from harness.checks.history import History, Save, Trial
from harness.checks.journeys import why_no_evidence
from harness.checks.oracle import Oracle
from harness.checks.shown import ShownCheck
from harness.checks.strays import StrayCheck
from harness.contracts import same
from harness.judge import Grounds
from harness.model import ABSENT, Anomaly, Form, Role, Severity, Symptom
from harness.observations import Observation
from harness.promise import Promise

GIVEN_UP = "it took longer than"
_T = TypeVar("_T")


@dataclass(slots=True)
class Told:
    """What one probe says of one form and one release; sentence says why it is no pass."""

    form: str
    release: str
    result: Result
    sentence: str = ""
    checked: dict[str, int] = field(default_factory=dict)
    bad: dict[tuple[str, Anomaly], int] = field(default_factory=dict)
    saves_s: list[float] = field(default_factory=list)
    preexisting: bool = False


def blocking(grounds: Grounds) -> list[Symptom]:
    """What is lost or damaged, was read twice, and is not known to the plan."""
    losses = [f for f in grounds.findings if f.severity is Severity.BLOCK]
    return [s for s in grounds.symptoms if any(is_of(s, finding) for finding in losses)]


def symptoms_of_stable(
    promise: Promise, history: History, observations: Sequence[Observation]
) -> list[Symptom]:
    """What the release that is compared with loses itself, by the same checks."""
    forms = promise.forms.get("baseline", {})
    oracle = Oracle("baseline", promise.tag, forms, history, observations)
    storage = oracle.judge()
    wrong = {(s.record, s.field) for s in storage.symptoms}
    judged = (storage, ShownCheck(oracle, wrong).judge(), StrayCheck(oracle).judge())
    return [s for judgement in judged for s in judgement.symptoms]


@dataclass(frozen=True, slots=True)
class Bench:
    """One deployment of a probe: what was found of it, and why it could not be looked at.

    doubt says why what is doubtful of it is no loss yet.
    """

    role: Role
    release: str
    forms: Mapping[str, Form]
    symptoms: Sequence[Symptom]
    unread: str = ""
    preexisting: frozenset[tuple[str, str]] = frozenset()
    doubt: str = "no second read has confirmed it"


def results(bench: Bench, history: History, reads: Sequence[Observation]) -> list[Told]:
    """A result for each form that the probe was about, and each release that answered for it."""
    trials = history.of_role(bench.role)
    reads = [read for read in reads if read.role == bench.role and read.purpose != "before"]
    told: list[Told] = []
    for form in bench.forms.values():
        mine = [trial for trial in trials if _is_about(trial, form.name)]
        if mine:
            told += _of_form(bench, form, mine, reads)
    return told


def _is_about(trial: Trial, form: str) -> bool:
    """A trial that broke before it opened any record was about all of them."""
    opened = {record.form for record in trial.records}
    return form in opened or (not opened and why_no_evidence(trial) is not None)


def _of_form(
    bench: Bench, form: Form, trials: Sequence[Trial], reads: Sequence[Observation]
) -> list[Told]:
    whole, sentence = _without_loss(bench, form, trials)
    by_release: dict[str, Told] = {}

    def of(trial: Trial, save: Save | None) -> Told:
        release = release_of(trial, save, bench.release)
        return by_release.setdefault(release, Told(form.name, release, whole, sentence))

    for trial in trials:
        records = [record for record in trial.records if record.form == form.name]
        if not records:
            of(trial, None)
        for record, save in ((r, s) for r in records for s in r.saves):
            if save.state == "acknowledged":
                told = of(trial, save)
                _count(told.checked, () if bench.unread else save.intended.values)
                told.saves_s += _seen_after_s(form, record.key, save, reads)
    by_id = {trial.id: trial for trial in trials}
    for symptom in bench.symptoms:
        if symptom.form == form.name and symptom.severity is Severity.BLOCK:
            trial = by_id.get(symptom.trial, trials[0])
            save_of = next((s for s in trial.saves if s.id == symptom.save), None)
            _count(of(trial, save_of).bad, [(symptom.field, symptom.anomaly)])
    if not by_release:
        of(trials[0], None)
    for told in by_release.values():
        _name_loss(bench, told)
    return list(by_release.values())


def _count(counts: dict[_T, int], found: Iterable[_T]) -> None:
    for one in found:
        counts[one] = counts.get(one, 0) + 1


def _name_loss(bench: Bench, told: Told) -> None:
    """A release that lost something says what; the others of the form keep what was measured."""
    if not told.bad:
        return
    spots = sorted({(str(anomaly), name) for name, anomaly in told.bad})
    told.result = Result.LOSS
    told.sentence = "; ".join(f"{told.form}.{name} {anomaly}" for anomaly, name in spots)
    told.preexisting = all((told.form, name) in bench.preexisting for name, _ in told.bad)
    if told.preexisting:
        told.sentence += " (pre-existing: the stable release loses it as well)"


def _without_loss(bench: Bench, form: Form, trials: Sequence[Trial]) -> tuple[Result, str]:
    """What a form's probe is where nothing of it is lost: a pass only if all was measured."""
    if bench.unread:
        return Result.ERROR, bench.unread
    for trial in trials:
        reason = why_no_evidence(trial)
        if reason is not None:
            return _result_of(trial), f"{trial.began.case}: {reason}"
    doubtful = [s for s in bench.symptoms if s.form == form.name and _is_doubtful(s)]
    if doubtful:
        first = doubtful[0]
        unread = first.anomaly is Anomaly.UNVERIFIED
        doubt = "no read that counts began after its save" if unread else bench.doubt
        return Result.ERROR, f"{form.name}.{first.field} {first.anomaly}; {doubt}"
    saves = [s for t in trials for r in t.records if r.form == form.name for s in r.saves]
    if not any(save.state == "acknowledged" for save in saves):
        return Result.ERROR, f"no save of form {form.name} was acknowledged"
    return Result.PASS, ""


def _is_doubtful(symptom: Symptom) -> bool:
    return symptom.severity is Severity.INCONCLUSIVE


def _result_of(trial: Trial) -> Result:
    if trial.ended is None or trial.ended.message.startswith(GIVEN_UP):
        return Result.TIMEOUT
    return Result.SKIPPED if trial.ended.outcome == "skipped" else Result.ERROR


def _seen_after_s(form: Form, key: object, save: Save, reads: Sequence[Observation]) -> list[float]:
    """From the acknowledgement to the end of the first read that showed all of the save."""
    if save.ended_s is None or save.intended.operation not in ("save", "clear"):
        return []
    for read in reads:
        if read.began_s < save.ended_s:
            continue
        for row in read.rows.get(form.name, ()):
            if row.key == key and all(
                same(
                    save.due(name),
                    row.fields.get(name, ABSENT),
                    form.field(name).contract,
                    form.field(name).kind,
                )
                for name in save.intended.values
            ):
                return [read.ended_s - save.ended_s]
    return []
