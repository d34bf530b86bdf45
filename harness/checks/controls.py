"""Controls: observed rows damaged on purpose, each of which the oracle must catch.

A run whose controls are not all caught proves nothing, whatever it found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.checks.due import RecordDue, is_right
from harness.checks.oracle import Oracle
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.contracts import is_nothing
from harness.model import Field, FileValue, Form, Severity, Value
from harness.observations import Observation, Row


@dataclass(frozen=True, slots=True)
class Controls:
    """How many damages were planted and caught; missed are sentences.

    forms are those in which one was planted.
    """

    planted: int
    caught: int
    missed: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Subject:
    """A record that lost nothing in the last read that counts for it, its row, and that read.

    fields are those that can be damaged; a field that only warrants a warning is none of them.
    """

    target: Target
    row: Row
    rows: Rows
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """One damage: what was done to a record, and the rows that stand in place of its own."""

    oracle: Oracle
    target: Target
    damage: str
    rows: tuple[Row, ...]
    observation: Observation

    @property
    def form(self) -> str:
        """The form's name."""
        return self.target.form.name

    def is_caught(self) -> bool:
        """Whether the oracle says something that blocks of a read in which these rows stand."""
        read = self.observation
        copy = replace(read, rows={**read.rows, self.form: self.rows})
        seen = self.oracle.look(self.target, Rows(copy, self.oracle.tag, only=self.form))
        return any(symptom.severity is Severity.BLOCK for symptom in seen.symptoms)


def plant_controls(oracle: Oracle) -> Controls:
    """Damage one whole record of each form in every way its fields allow, and judge each copy."""
    caught = 0
    missed: list[str] = []
    planted = list(damaged(oracle))
    for control in planted:
        if control.is_caught():
            caught += 1
        else:
            missed.append(f"{control.damage} in form {control.form} was not caught")
    forms = frozenset(control.form for control in planted)
    return Controls(len(planted), caught, tuple(missed), forms)


def damaged(oracle: Oracle) -> Iterator[Planted]:
    """One whole record of each form, damaged in every way its fields allow."""
    for form, subject in _subjects(oracle).items():
        for damage, rows in _damages(oracle.forms[form], subject):
            yield Planted(oracle, subject.target, damage, tuple(rows), subject.rows.observation)


def _subjects(oracle: Oracle) -> dict[str, _Subject]:
    """The richest whole record of each form."""
    best: dict[str, tuple[int, _Subject]] = {}
    for target in oracle.targets.all:
        richness = len({repr(target.due.fields[n].value) for n in _saved(target.form, target.due)})
        if richness <= best.get(target.form.name, (0, None))[0]:
            continue
        subject = _whole(oracle, target)
        if subject:
            best[target.form.name] = (richness, subject)
    return {form: subject for form, (_, subject) in best.items()}


def _whole(oracle: Oracle, target: Target) -> _Subject | None:
    if target.due.deleted_by or target.due.maybe_deleted:
        return None
    for rows in oracle.valid(target)[-1:]:
        home = oracle.targets.home(target, rows)
        symptoms = oracle.look(target, rows).symptoms
        odd = {symptom.field for symptom in symptoms}
        fields = tuple(name for name in _saved(target.form, target.due) if name not in odd)
        lost = any(symptom.severity is not Severity.WARN for symptom in symptoms)
        if len(home) == 1 and fields and not lost:
            return _Subject(target, home[0], rows, fields)
    return None


def _saved(form: Form, due: RecordDue) -> list[str]:
    """Fields that a save filled, and of which one value is right and no other."""
    return [
        spec.name
        for spec in form.fields
        if (place := due.fields[spec.name]).save is not None
        and place.certain
        and not is_nothing(place.value)
    ]


def _damages(form: Form, subject: _Subject) -> Iterator[tuple[str, list[Row]]]:
    """(what was done, the rows that stand where the row stood)."""
    row, due = subject.row, subject.target.due
    saved = subject.fields
    yield "a dropped field", [_changed(row, {saved[0]: None})]
    yield "a dropped row", []
    if subject.target.key is not None or subject.rows.is_traced(row):
        yield "a row twice", [row, replace(row)]
    for one, other in pairwise(saved):
        if not is_right(due.fields[one], row.fields[other], form.field(one)):
            swap: dict[str, Value] = {one: row.fields[other], other: row.fields[one]}
            yield "two fields swapped", [_changed(row, swap)]
            break
    for name in saved:
        cut = _cut(form.field(name), row.fields[name])
        if cut is not None and not is_right(due.fields[name], cut, form.field(name)):
            yield "a cut field", [_changed(row, {name: cut})]
            break


def _cut(spec: Field, value: Value) -> Value:
    """A proper part of the value, None where there is none."""
    if isinstance(value, str) and spec.kind == "text" and len(value.rstrip()) > 1:
        return value[: len(value.rstrip()) // 2]
    if isinstance(value, FileValue) and value.size_bytes > 1:
        return FileValue(value.size_bytes // 2, "0" * 64)
    if isinstance(value, tuple) and len(value) > 1:
        return value[:-1]
    return None


def _changed(row: Row, fields: Mapping[str, Value]) -> Row:
    return replace(row, fields={**row.fields, **fields})
