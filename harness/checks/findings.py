"""Symptoms gathered into findings: what a verdict and its readers speak of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from harness.checks.history import History, Trial
from harness.checks.trigger import find_trigger
from harness.model import Anomaly, Case, Finding, Form, Layer, Severity, Symptom

_GROUPED_BY_SEVERITY = (Severity.BLOCK, Severity.INCONCLUSIVE, Severity.WARN)


def gather(
    symptoms: Sequence[Symptom],
    history: History,
    cases: Sequence[Case],
    forms: Mapping[str, Form],
    baseline: Sequence[Symptom] = (),
) -> tuple[Finding, ...]:
    """One finding per check, anomaly, form and severity, the most severe first.

    baseline are the symptoms of the baseline's own records: a finding that they show as well is
    labelled pre-existing.
    """
    groups: dict[tuple[str, Anomaly, str, Severity], list[Symptom]] = defaultdict(list)
    for symptom in symptoms:
        key = (symptom.check, symptom.anomaly, symptom.form, symptom.severity)
        groups[key].append(symptom)
    by_case = {case.id: case for case in cases}
    found = [
        _finding(group, history, by_case, forms, baseline) for group in groups.values()
    ]
    order = list(Anomaly)
    return tuple(
        sorted(
            found,
            key=lambda f: (_GROUPED_BY_SEVERITY.index(f.severity), order.index(f.anomaly), f.form),
        )
    )


def _finding(
    group: list[Symptom],
    history: History,
    cases: Mapping[str, Case],
    forms: Mapping[str, Form],
    baseline: Sequence[Symptom],
) -> Finding:
    first = group[0]
    names = {symptom.field for symptom in group}
    fields = tuple(f.name for f in forms[first.form].fields if f.name in names)
    failing = {history.trials[s.trial].began.case for s in group if s.trial in history.trials}
    at_stake = [
        trial for trial in history.of_role("candidate") if _at_stake(trial, first.form, names)
    ]
    passing = {trial.began.case for trial in at_stake} - failing
    trigger = find_trigger(_cases(failing, cases), _cases(passing, cases))
    also = any(
        (s.anomaly, s.form) == (first.anomaly, first.form) and s.field in names for s in baseline
    )
    return Finding(
        check=first.check,
        anomaly=first.anomaly,
        form=first.form,
        fields=fields,
        saves_n=len({symptom.save or symptom.record for symptom in group}),
        records_n=len({symptom.record for symptom in group}),
        severity=first.severity,
        layer=_layer(group),
        trigger=trigger,
        preexisting=also,
        evidence=_evidence(group, history),
    )


def _cases(ids: Iterable[str], cases: Mapping[str, Case]) -> list[Case]:
    return sorted((cases[i] for i in ids if i in cases), key=lambda case: case.number)


def _at_stake(trial: Trial, form: str, names: set[str]) -> bool:
    """Whether the trial acknowledged a save that could have shown this: content, in these fields."""
    if trial.ended is None or trial.ended.outcome != "completed":
        return False
    return any(
        save.state == "acknowledged" and any(save.due(n) for n in names & save.intended.values.keys())
        for record in trial.records
        if record.form == form
        for save in record.saves
    )


def _layer(group: Sequence[Symptom]) -> Layer:
    """Where most of them were lost; a body the browser withheld accuses nobody, so it has no vote."""
    votes = Counter(s.layer for s in group if s.layer is not Layer.UNKNOWN)
    return votes.most_common(1)[0][0] if votes else Layer.UNKNOWN


def _evidence(group: Sequence[Symptom], history: History) -> tuple[str, ...]:
    paths: dict[str, None] = {}
    for symptom in group:
        if symptom.observation:
            paths[f"observations/{symptom.observation}.jsonl"] = None
        trial = history.trials.get(symptom.trial)
        for path in trial.ended.evidence if trial and trial.ended else ():
            paths[path] = None
    return tuple(paths)[:20]


def with_known(finding: Finding, name: str) -> Finding:
    """The finding as one that the plan knows: it no longer blocks."""
    return replace(finding, known=name, severity=Severity.WARN)
