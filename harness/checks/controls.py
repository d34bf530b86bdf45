"""Controls: observed rows damaged on purpose, each of which the oracle must catch.

A run whose controls are not all caught proves nothing, whatever it found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks.due import RecordDue
from harness.checks.history import History, Record, Trial
from harness.checks.oracle import Oracle, before_rows
from harness.checks.rows import Rows
from harness.model import FileValue, Form, Value
from harness.observations import Observation, Row


@dataclass(frozen=True, slots=True)
class Controls:
    """How many damages were planted and caught; missed are sentences."""

    planted: int
    caught: int
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Subject:
    """A record that is whole in the last read, and its row."""

    trial: Trial
    record: Record
    due: RecordDue
    row: Row


def plant_controls(
    oracle: Oracle, history: History, observations: Sequence[Observation]
) -> Controls:
    """Damage one whole record of each form in every way its fields allow, and judge each copy."""
    mine = [o for o in observations if o.role == oracle.role and o.purpose != "before"]
    if not mine:
        return Controls(0, 0)
    last = mine[-1]
    planted, caught, missed = 0, 0, []
    for form, subject in _subjects(oracle, history, observations, last).items():
        for damage, rows in _damages(oracle.forms[form], subject):
            planted += 1
            copy = _with_rows(last, form, subject.row, rows)
            seen = oracle.look(subject.trial, subject.record, subject.due, Rows(copy, oracle.tag))
            caught += bool(seen.symptoms)
            if not seen.symptoms:
                missed.append(f"{damage} in form {form} was not caught")
    return Controls(planted, caught, tuple(missed))


def _subjects(
    oracle: Oracle, history: History, observations: Sequence[Observation], last: Observation
) -> dict[str, _Subject]:
    """The richest whole record of each form."""
    rows = Rows(last, oracle.tag)
    before = before_rows(observations, oracle.role)
    best: dict[str, tuple[int, _Subject]] = {}
    for trial in history.of_role(oracle.role):
        for record in trial.records:
            due = oracle.due_of(trial, record, before)
            home = rows.at(record.form, record.key) if record.key else []
            saved = [d for d in due.fields.values() if d.save is not None and d.value]
            whole = len(home) == 1 and not oracle.look(trial, record, due, rows).symptoms
            stale = last.began_s < due.ready_s + oracle.forms[record.form].settle_s_max
            if not saved or not whole or stale or due.deleted_by or due.maybe_deleted:
                continue
            richness = len({repr(d.value) for d in saved})
            if richness > best.get(record.form, (0, None))[0]:
                best[record.form] = (richness, _Subject(trial, record, due, home[0]))
    return {form: subject for form, (_, subject) in best.items()}


def _damages(form: Form, subject: _Subject) -> Iterator[tuple[str, list[Row]]]:
    """(what was done, the rows that stand where the row stood)."""
    row, dues = subject.row, subject.due.fields
    saved = [
        f.name
        for f in form.fields
        if dues[f.name].save is not None and dues[f.name].value and not dues[f.name].allowed
    ]
    if saved:
        yield "a dropped field", [_changed(row, {saved[0]: None})]
        yield "a dropped row", []
        yield "a row twice", [row, row]
    for one, other in zip(saved, saved[1:], strict=False):
        if row.fields[one] != row.fields[other]:
            swap: dict[str, Value] = {one: row.fields[other], other: row.fields[one]}
            yield "two fields swapped", [_changed(row, swap)]
            break
    for name in saved:
        cut = _cut(row.fields[name])
        if cut is not None:
            yield "a cut field", [_changed(row, {name: cut})]
            break


def _cut(value: Value) -> Value:
    """A proper part of the value, None where there is none."""
    if isinstance(value, str) and len(value.rstrip()) > 1:
        return value[: len(value.rstrip()) // 2]
    if isinstance(value, FileValue) and value.size_bytes > 1:
        return FileValue(value.size_bytes // 2, "0" * 64)
    if isinstance(value, tuple) and len(value) > 1:
        return value[:-1]
    return None


def _changed(row: Row, fields: Mapping[str, Value]) -> Row:
    return replace(row, fields={**row.fields, **fields})


def _with_rows(observation: Observation, form: str, row: Row, rows: list[Row]) -> Observation:
    kept = [r for r in observation.rows[form] if r is not row]
    return replace(observation, rows={**observation.rows, form: (*kept, *rows)})
