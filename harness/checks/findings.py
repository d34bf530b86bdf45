"""Symptoms gathered into findings: what a verdict and its readers speak of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks.history import History, Save, Trial
from harness.checks.proving import proved
from harness.checks.trigger import find_trigger
from harness.contracts import is_nothing
from harness.exhibits import SCRIPT, STEPS
from harness.model import Anomaly, Case, Finding, Form, Layer, Severity, Symptom, Trigger
from harness.orders import ORDER

_BY_SEVERITY = (Severity.BLOCK, Severity.INCONCLUSIVE, Severity.WARN)
_BY_ANOMALY = tuple(Anomaly)
_EVIDENCE_MAX = 20
TRIES_TO_CONFIRM = 3


def gather(
    symptoms: Sequence[Symptom],
    history: History,
    cases: Sequence[Case],
    forms: Mapping[str, Form],
    baseline: Sequence[Symptom] = (),
) -> tuple[Finding, ...]:
    """One finding per check, anomaly, form and severity, with every field that shows it.

    What stands in somebody else's record is a finding of its own.

    Only where one trigger explains nothing, and fields apart have one each, they are two findings.

    baseline are the symptoms of the baseline's own records: a finding that they show as well is
    labelled pre-existing.
    """
    by_id = {case.id: case for case in cases}
    gathering = _Gathering(history, by_id, forms, baseline, symptoms)
    groups: dict[tuple[object, ...], list[Symptom]] = defaultdict(list)
    for symptom in symptoms:
        if symptom.severity is Severity.INCONCLUSIVE and _is_probe(symptom, history):
            # Nobody promised it, so that it owes nothing.
            continue
        key = (symptom.check, symptom.anomaly, symptom.form, symptom.severity, symptom.breach)
        groups[key].append(symptom)
    found = [finding for group in groups.values() for finding in gathering.findings(group)]
    return tuple(sorted(found, key=in_order))


def sides(
    finding: Finding, symptoms: Sequence[Symptom], history: History, cases: Sequence[Case]
) -> tuple[list[Case], list[Case]]:
    """The promised cases in which a finding shows, and those in which it could have and did not."""
    group = [symptom for symptom in symptoms if is_of(symptom, finding)]
    return _Gathering(history, {case.id: case for case in cases}, {}, (), symptoms).sides(group)


def is_of(symptom: Symptom, finding: Finding) -> bool:
    """Whether a symptom is one of those that a finding gathers."""
    kind = (symptom.check, symptom.anomaly, symptom.form, symptom.severity, symptom.breach)
    whole = (finding.check, finding.anomaly, finding.form, finding.severity, finding.breach)
    return kind == whole and symptom.field in finding.fields


def did_the_same(
    trial: Trial, group: Sequence[Symptom], names: Collection[str], history: History
) -> bool:
    """Whether a trial did to these fields what those of the group did, so that it could fail."""
    return _did(trial, group[0].form, names, _operations(group, history))


def in_order(finding: Finding) -> tuple[object, ...]:
    """The most severe first; within that always the same order."""
    return (
        _BY_SEVERITY.index(finding.severity),
        not finding.breach,
        _BY_ANOMALY.index(finding.anomaly),
        -finding.saves_n,
        finding.form,
        finding.fields,
        finding.check,
        finding.trigger.text,
    )


def _is_probe(symptom: Symptom, history: History) -> bool:
    trial = history.trials.get(symptom.trial)
    return trial is not None and bool(trial.began.probe)


@dataclass(frozen=True, slots=True)
class _Gathering:
    """What a finding is made from, beside its symptoms."""

    history: History
    cases: Mapping[str, Case]
    forms: Mapping[str, Form]
    baseline: Sequence[Symptom]
    symptoms: Sequence[Symptom]

    def findings(self, group: Sequence[Symptom]) -> list[Finding]:
        """All as one, or the fields apart where that tells when each goes wrong."""
        whole = self.finding(group)
        apart: dict[str, list[Symptom]] = defaultdict(list)
        if not whole.trigger.conditions:
            for name in whole.fields:
                mine = [symptom for symptom in group if symptom.field == name]
                conditions = self.finding(mine).trigger.conditions
                apart[repr(conditions) if conditions else ""] += mine
        if len(apart) > 1 and "" not in apart:
            return [self.finding(mine) for mine in apart.values()]
        return [whole]

    def finding(self, group: Sequence[Symptom]) -> Finding:
        """One finding of symptoms that go together."""
        first = group[0]
        names = {symptom.field for symptom in group}
        failing, passing = self.sides(group)
        fields = tuple(ordered(names, self.forms[first.form]))
        if not failing and any(_is_probe(symptom, self.history) for symptom in group):
            trigger = Trigger("seen only in cases that were driven to learn when another happens")
        else:
            trigger = find_trigger(failing, passing)
        shown = {
            s.field
            for s in self.baseline
            if (s.anomaly, s.form, s.severity) == (first.anomaly, first.form, first.severity)
            and s.breach == first.breach
        }
        return Finding(
            check=first.check,
            anomaly=first.anomaly,
            form=first.form,
            fields=fields,
            saves_n=len({symptom.save for symptom in group if symptom.save}),
            records_n=len({symptom.record for symptom in group}),
            severity=first.severity,
            layer=voted_layer(group),
            trigger=self._confirmed(
                proved(
                    trigger,
                    (first.anomaly, first.form, fields),
                    self.history,
                    self.symptoms,
                    every=not passing,
                ),
                group,
            ),
            preexisting=names <= shown,
            evidence=evidence_of(group, self.history),
            scenarios=tuple(sorted({case.scenario for case in failing})),
            reproduction=_reproduction(group, self.history),
            breach=first.breach,
        )

    def sides(self, group: Sequence[Symptom]) -> tuple[list[Case], list[Case]]:
        """The promised cases that fail, and those that could have failed and did not."""
        failing = {case for case in map(self._case, group) if case}
        at_stake = self._at_stake(group, {symptom.field for symptom in group})
        return self._cases(failing), self._cases(at_stake - failing)

    def _confirmed(self, trigger: Trigger, group: Sequence[Symptom]) -> Trigger:
        """Confirmed where its very order was tried often enough and always failed."""
        if ORDER not in trigger.conditions:
            return trigger
        failing = {symptom.trial for symptom in group}
        tried = {
            trial.id
            for trial in self.history.of_role("candidate")
            if trial.began.levels.get(ORDER) in trigger.conditions[ORDER]
            and trial.ended is not None
            and trial.ended.outcome == "completed"
        }
        return replace(trigger, confirmed=len(tried) >= TRIES_TO_CONFIRM and tried <= failing)

    def _case(self, symptom: Symptom) -> str:
        trial = self.history.trials.get(symptom.trial)
        return trial.began.case if trial else ""

    def _cases(self, ids: Iterable[str]) -> list[Case]:
        known = (self.cases[i] for i in ids if i in self.cases)
        return sorted(known, key=lambda case: case.number)

    def _at_stake(self, group: Sequence[Symptom], names: Collection[str]) -> set[str]:
        """Cases that did to these fields what the failing ones did, so that they could fail."""
        operations = _operations(group, self.history)
        return {
            trial.began.case
            for trial in self.history.of_role("candidate")
            if trial.ended is not None
            and trial.ended.outcome == "completed"
            and _did(trial, group[0].form, names, operations)
        }


def ordered(names: Iterable[str], form: Form) -> list[str]:
    """Fields in the order of their form."""
    places = {spec.name: place for place, spec in enumerate(form.fields)}
    return sorted(names, key=lambda name: places.get(name, len(places)))


def _operations(group: Sequence[Symptom], history: History) -> set[str]:
    """What the saves of a group were: saves, clears, deletions."""
    return {
        save.intended.operation
        for trial, saved in {(s.trial, s.save) for s in group}
        if trial in history.trials
        for save in history.trials[trial].saves
        if save.id == saved
    }


def _did(trial: Trial, form: str, names: Collection[str], operations: Collection[str]) -> bool:
    """Whether the trial was told of such an act; without operations any save of the form is one."""
    return any(
        save.state == "acknowledged" and (not operations or _touches(save, names, operations))
        for record in trial.records
        if record.form == form
        for save in record.saves
    )


def _touches(save: Save, names: Collection[str], operations: Collection[str]) -> bool:
    operation = save.intended.operation
    if operation not in operations or operation == "delete":
        return operation in operations
    values = save.intended.values
    emptied = operation == "clear"
    return any(n in values and (emptied or not is_nothing(save.due(n))) for n in names)


def voted_layer(group: Sequence[Symptom]) -> Layer:
    """Where most of them were lost; a body the browser withheld accuses nobody: it has no vote."""
    votes = Counter(s.layer for s in group if s.layer is not Layer.UNKNOWN)
    return votes.most_common(1)[0][0] if votes else Layer.UNKNOWN


def _reproduction(group: Sequence[Symptom], history: History) -> str | None:
    """The script of the first trial of which the steps were kept."""
    for symptom in group:
        trial = history.trials.get(symptom.trial)
        for path in trial.ended.evidence if trial and trial.ended else ():
            folder, _, name = path.rpartition("/")
            if name == STEPS:
                return f"{folder}/{SCRIPT}"
    return None


def evidence_of(group: Sequence[Symptom], history: History) -> tuple[str, ...]:
    """The files below the run's folder that show it."""
    paths: dict[str, None] = {}
    for symptom in group:
        if symptom.observation:
            paths[f"observations/{symptom.observation}.jsonl"] = None
        trial = history.trials.get(symptom.trial)
        for path in trial.ended.evidence if trial and trial.ended else ():
            paths[path] = None
    return tuple(paths)[:_EVIDENCE_MAX]


def with_known(finding: Finding, name: str) -> Finding:
    """The finding as one that the plan knows: it no longer blocks."""
    return replace(finding, known=name, severity=Severity.WARN)
