"""Case by field: a square for each, for reports that show where in a scenario it happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from harness.checks.history import History, Trial
from harness.checks.journeys import Journeys
from harness.exhibits import Grid, GridRow, Mark, Square
from harness.model import Case, Form, Severity, Symptom

_Place = tuple[str, str]


def grids(
    cases: Sequence[Case],
    history: History,
    symptoms: Sequence[Symptom],
    journeys: Journeys,
    forms: Mapping[str, Form],
) -> tuple[Grid, ...]:
    """A grid for each scenario, in the order of the promise."""
    by_case: dict[str, list[Trial]] = {}
    for trial in history.of_role("candidate"):
        by_case.setdefault(trial.began.case, []).append(trial)
    told = _worst(symptoms, history)
    scenarios = dict.fromkeys(case.scenario for case in cases)
    return tuple(
        _grid([case for case in cases if case.scenario == scenario], by_case, told, journeys, forms)
        for scenario in scenarios
    )


def _worst(symptoms: Iterable[Symptom], history: History) -> dict[str, dict[_Place, Symptom]]:
    """The first symptom of each case and field; one that blocks goes before one that may not."""
    found: dict[str, dict[_Place, Symptom]] = {}
    for symptom in symptoms:
        if symptom.severity is Severity.WARN or symptom.trial not in history.trials:
            continue
        of_case = found.setdefault(history.trials[symptom.trial].began.case, {})
        place = (symptom.form, symptom.field)
        if place not in of_case or symptom.severity is Severity.BLOCK:
            of_case.setdefault(place, symptom)
            if of_case[place].severity is not Severity.BLOCK:
                of_case[place] = symptom
    return found


def _grid(
    cases: Sequence[Case],
    by_case: Mapping[str, Sequence[Trial]],
    told: Mapping[str, Mapping[_Place, Symptom]],
    journeys: Journeys,
    forms: Mapping[str, Form],
) -> Grid:
    touched = {case.id: set(_touched(by_case.get(case.id, ()))) for case in cases}
    wrong = {place for case in cases for place in told.get(case.id, {})}
    anywhere = wrong.union(*touched.values())
    places = [
        (form.name, spec.name)
        for form in forms.values()
        for spec in form.fields
        if (form.name, spec.name) in anywhere
    ]
    rows = tuple(
        _row(case, places, touched[case.id], told.get(case.id, {}), _why_owed(case, journeys))
        for case in cases
    )
    return Grid(cases[0].scenario, tuple(f"{form}.{name}" for form, name in places), rows)


def _touched(trials: Iterable[Trial]) -> Iterator[_Place]:
    for trial in trials:
        for record in trial.records:
            for save in record.saves:
                yield from ((record.form, name) for name in save.intended.values)


def _row(
    case: Case,
    places: Sequence[_Place],
    touched: set[_Place],
    told: Mapping[_Place, Symptom],
    owed: str | None,
) -> GridRow:
    squares = []
    for place in places:
        symptom = told.get(place)
        if symptom is not None:
            sure = symptom.severity is Severity.BLOCK
            squares.append(Square(Mark.WRONG if sure else Mark.UNSURE, str(symptom.anomaly)))
        elif owed is not None:
            squares.append(Square(Mark.OWED, "owed"))
        else:
            squares.append(Square(Mark.WHOLE if place in touched else Mark.UNTOUCHED))
    return GridRow(case.id, case.levels, tuple(squares), owed)


def _why_owed(case: Case, journeys: Journeys) -> str | None:
    """Why the case has no evidence; every case that was not measured has a reason."""
    if case.number in journeys.measured:
        return None
    if case.number in journeys.broken:
        return f"journey broken: {journeys.broken[case.number]}"
    return journeys.owed.get(case.number, "not measured")
