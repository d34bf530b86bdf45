"""Controls: observed rows damaged on purpose, each of which the oracle must catch.

A run whose controls are not all caught proves nothing, whatever it found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from harness.checks.due import RecordDue, is_right
from harness.checks.oracle import Oracle
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.contracts import is_nothing
from harness.model import Anomaly, Field, FileValue, Form, Severity, Value
from harness.observations import Observation, Row


@dataclass(frozen=True, slots=True)
class Controls:
    """How many damages were planted and caught; missed are sentences.

    forms are those in which a record was damaged in each way; by_anomaly are planted and caught
    of each anomaly; unplanted says of an anomaly why nothing of the run could show it.
    """

    planted: int
    caught: int
    missed: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset()
    by_anomaly: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    unplanted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
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
    anomaly: Anomaly
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


def damaged(oracle: Oracle) -> Iterator[Planted]:
    """One whole record of each form, damaged in every way its fields allow."""
    for form, subject in subjects(oracle).items():
        for anomaly, damage, rows in _damages(oracle.forms[form], subject):
            read = subject.rows.observation
            yield Planted(oracle, subject.target, anomaly, damage, tuple(rows), read)


def subjects(oracle: Oracle) -> dict[str, Subject]:
    """The richest whole record of each form."""
    best: dict[str, tuple[int, Subject]] = {}
    for target in oracle.targets.all:
        names = saved_of(target.form, target.due)
        richness = len({repr(target.due.fields[name].value) for name in names})
        if richness <= best.get(target.form.name, (0, None))[0]:
            continue
        subject = whole(oracle, target)
        if subject:
            best[target.form.name] = (richness, subject)
    return {form: subject for form, (_, subject) in best.items()}


def whole(oracle: Oracle, target: Target) -> Subject | None:
    """The record as a subject, where the last read that counts shows nothing wrong with it."""
    if target.due.deleted_by or target.due.maybe_deleted:
        return None
    for rows in oracle.valid(target)[-1:]:
        home = oracle.targets.home(target, rows)
        symptoms = oracle.look(target, rows).symptoms
        odd = {symptom.field for symptom in symptoms}
        fields = tuple(name for name in saved_of(target.form, target.due) if name not in odd)
        lost = any(symptom.severity is not Severity.WARN for symptom in symptoms)
        if len(home) == 1 and fields and not lost:
            return Subject(target, home[0], rows, fields)
    return None


def saved_of(form: Form, due: RecordDue) -> list[str]:
    """Fields that a save filled, and of which one value is right and no other."""
    return [
        spec.name
        for spec in form.fields
        if (place := due.fields[spec.name]).save is not None
        and place.certain
        and not is_nothing(place.value)
    ]


def _damages(form: Form, subject: Subject) -> Iterator[tuple[Anomaly, str, list[Row]]]:
    """(the anomaly it is, what was done, the rows that stand where the row stood)."""
    row, due = subject.row, subject.target.due
    saved = subject.fields
    yield Anomaly.LOST, "a dropped field", [changed(row, {saved[0]: None})]
    yield Anomaly.LOST, "a dropped row", []
    if subject.target.key is not None or subject.rows.is_traced(row):
        yield Anomaly.DUPLICATED, "a row twice", [row, replace(row)]
    for one, other in pairwise(saved):
        if not is_right(due.fields[one], row.fields[other], form.field(one)):
            swap: dict[str, Value] = {one: row.fields[other], other: row.fields[one]}
            yield Anomaly.MISPLACED, "two fields swapped", [changed(row, swap)]
            break
    cuts: set[Anomaly] = set()
    for name in saved:
        cut = _cut(form.field(name), row.fields[name])
        anomaly = Anomaly.TORN if isinstance(cut, tuple) else Anomaly.TRUNCATED
        if cut is None or anomaly in cuts or is_right(due.fields[name], cut, form.field(name)):
            continue
        cuts.add(anomaly)
        damage = "a list without its end" if anomaly is Anomaly.TORN else "a cut field"
        yield anomaly, damage, [changed(row, {name: cut})]
    for name in saved:
        odd = _altered(row.fields[name])
        if odd is not None and not is_right(due.fields[name], odd, form.field(name)):
            yield Anomaly.ALTERED, "one character altered", [changed(row, {name: odd})]
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


def _altered(value: Value) -> Value:
    """The value with one character of it another one, None where it has none."""
    if isinstance(value, str) and value.strip():
        # Not at an edge, where a contract may forgive it.
        order = (*range(len(value) // 2, len(value)), *range(len(value) // 2))
        at = next(n for n in order if value[n].strip())
        return f"{value[:at]}{'x' if value[at] != 'x' else 'y'}{value[at + 1 :]}"
    if isinstance(value, FileValue):
        return FileValue(value.size_bytes, "0" * 64)
    return None


def changed(row: Row, fields: Mapping[str, Value]) -> Row:
    """The row with other values in these fields."""
    return replace(row, fields={**row.fields, **fields})
