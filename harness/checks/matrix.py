"""Scenario by field: what the cases of each say, for reports that show a line per pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.checks.history import History
from harness.checks.journeys import Journeys
from harness.model import Anomaly, Case, Form, Severity, Symptom
from harness.verdict import Cell


def matrix(
    cases: Sequence[Case],
    history: History,
    symptoms: Sequence[Symptom],
    journeys: Journeys,
    forms: Mapping[str, Form],
) -> tuple[Cell, ...]:
    """A cell for each field that a scenario's saves touched, in the order of the promise."""
    scenarios = dict.fromkeys(case.scenario for case in cases)
    return tuple(
        cell
        for scenario in scenarios
        for cell in _of_scenario(
            [case for case in cases if case.scenario == scenario],
            history,
            symptoms,
            journeys,
            forms,
        )
    )


def _of_scenario(
    cases: Sequence[Case],
    history: History,
    symptoms: Sequence[Symptom],
    journeys: Journeys,
    forms: Mapping[str, Form],
) -> Iterator[Cell]:
    first = cases[0]
    ids = {case.id for case in cases}
    trials = {t.id: t for t in history.of_role("candidate") if t.began.case in ids}
    touched = {
        (record.form, name)
        for trial in trials.values()
        for record in trial.records
        for save in record.saves
        for name in save.intended.values
    }
    why = _why_missing(cases, journeys)
    if not touched:
        yield Cell(
            first.scenario,
            first.file,
            first.line,
            "",
            "",
            len(cases),
            0,
            missing=why or "no field was saved",
        )
    mine = [s for s in symptoms if s.trial in trials and s.severity is not Severity.WARN]
    for form in forms.values():
        for spec in form.fields:
            if (form.name, spec.name) in touched:
                here = [s for s in mine if (s.form, s.field) == (form.name, spec.name)]
                failed_n = len({trials[symptom.trial].began.case for symptom in here})
                counts = (len(cases), failed_n)
                yield _cell(first, (form.name, spec.name), counts, here, why)


def _cell(
    case: Case,
    place: tuple[str, str],
    counts: tuple[int, int],
    symptoms: Sequence[Symptom],
    why: str | None,
) -> Cell:
    (form, field), (cases_n, failed_n) = place, counts
    blocking = [s for s in symptoms if s.severity is Severity.BLOCK]
    if blocking:
        first = blocking[0]
        text = f"{form}.{field} {first.anomaly} in {failed_n} of {cases_n} cases"
        return Cell(
            case.scenario,
            case.file,
            case.line,
            form,
            field,
            cases_n,
            failed_n,
            anomaly=str(first.anomaly),
            failure=text,
        )
    missing = _unproved(symptoms[0]) if symptoms else why
    return Cell(
        case.scenario, case.file, case.line, form, field, cases_n, failed_n, missing=missing
    )


def _unproved(symptom: Symptom) -> str:
    if symptom.anomaly is Anomaly.UNVERIFIED:
        return "unverified: no read that counts began after it"
    return f"{symptom.anomaly}: not confirmed by a second read"


def _why_missing(cases: Sequence[Case], journeys: Journeys) -> str | None:
    for case in cases:
        if case.number in journeys.broken:
            return f"journey broken: {journeys.broken[case.number]}"
        if case.number in journeys.owed:
            return journeys.owed[case.number]
    return None
