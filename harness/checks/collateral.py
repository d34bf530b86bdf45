"""Data saved before the first trial, changed or gone although nobody worked on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks.history import History
from harness.contracts import same
from harness.model import (
    ABSENT,
    SIGHTS,
    Anomaly,
    Form,
    Judgement,
    Key,
    Layer,
    Role,
    Severity,
    Symptom,
    Value,
)
from harness.observations import TABLE, Observation, Row, columns_of, watching

CHECK = "collateral"
# Columns that no field covers and the plan does not leave unchecked, where nothing names them.
OTHER_COLUMNS = "other columns"
_NOBODY = "nobody worked on this record"
# The read before the candidate took the baseline's storage over.
_TAKEN_OVER = ("upgraded", "before")
_Place: TypeAlias = tuple[str, str, Key]
_Read: TypeAlias = tuple[str, Mapping[Key, Row]]


@dataclass(frozen=True, slots=True)
class CollateralCheck:
    """Compares the rows that stood before the first trial with the last reads of them.

    Every column counts that stood there before, those that no field covers included; one that
    is new is not compared with anything, and one that is gone took its values with it.

    earlier are the forms by which the first read was made, where another release kept them in
    other places: a column that a field has moved from or to is compared as that field. A column
    that the candidate has brought may go with it, in a rollback.
    """

    role: Role
    forms: Mapping[str, Form]
    earlier: Mapping[str, Form] = field(default_factory=dict)

    def judge(self, history: History, observations: Sequence[Observation]) -> Judgement:
        """Every earlier row that no record of the journal names, whole; a column at a time."""
        mine = [o for o in observations if o.role == self.role]
        before = next((o for o in mine if o.purpose == "before"), None)
        later = [o for o in mine if o.purpose != "before"]
        if before is None or not later:
            return Judgement(CHECK, ())
        worked_on = self._worked_on(history)
        brought = self._brought(before, observations)
        symptoms: list[Symptom] = []
        fields_read = 0
        for name, rows in before.rows.items():
            reads = [(o.id, _by_key(o.rows[name])) for o in later if name in o.rows][-2:]
            for row in rows:
                if name in self.forms and reads and self._place(name, row.key) not in worked_on:
                    fields_read += len(row.fields)
                    symptoms += self._compare(row, reads)
        symptoms += self._tables(before, later, _Parts({(s, key) for s, _, key in worked_on}))
        symptoms = [s for s in symptoms if s.found is not ABSENT or s.field not in brought]
        said = {self._column(s) for s in symptoms} | brought
        symptoms += self._vanished(before, later, said)
        return Judgement(CHECK, tuple(symptoms), fields_read)

    def _brought(self, before: Observation, observations: Sequence[Observation]) -> set[str]:
        """Columns that the candidate has added, which are its own to take back."""
        first = next((o for o in observations if (o.role, o.purpose) == _TAKEN_OVER), None)
        if self.role != "rolled-back" or first is None:
            return set()
        new = [
            set(names).difference(first.columns.get(t, ())) for t, names in before.columns.items()
        ]
        names = {spec.name for form in self.forms.values() for spec in form.fields}
        return set().union(*new) - names

    def _worked_on(self, history: History) -> set[_Place]:
        return {
            self._place(record.form, record.key)
            for trial in history.of_role(self.role)
            for record in trial.records
            # Who only looks at a record has not worked on it.
            if record.key is not None and record.form in self.forms and trial.began.case != SIGHTS
        }

    def _place(self, form: str, key: Key) -> _Place:
        """The row, the same for two forms that fill one table."""
        spec = self.forms[form]
        return (spec.storage, spec.table or f"form {form}", key)

    def _column(self, symptom: Symptom) -> str:
        columns = {spec.name: spec.column for spec in self.forms[symptom.form].fields}
        return columns.get(symptom.field, symptom.field)

    def _compare(self, row: Row, reads: Sequence[_Read]) -> Iterator[Symptom]:
        form = self.forms[row.form]
        record = f"{row.form} {'/'.join(row.key)}"
        for spec in form.fields:
            if spec.name not in row.fields:
                continue
            value = row.fields[spec.name]
            found = [_held(rows, row.key, spec.name) for _, rows in reads]
            wrong = [not same(value, f, spec.contract, spec.kind) for f in found]
            if wrong[-1]:
                yield _symptom(form, record, spec.name, (value, found[-1]), wrong, reads[-1][0])
        # A row that is gone has said so in each of its fields.
        rests = [rows[row.key].rest if row.key in rows else row.rest for _, rows in reads]
        moved = self._moved(form)
        for symptom in _changed_columns(form, record, row.rest, rests, reads[-1][0]):
            if symptom.field not in moved:
                yield symptom

    def _moved(self, form: Form) -> set[str]:
        """Columns of the form's fields, now and at the first read, where these differ."""
        before = self.earlier.get(form.name, form)
        if before == form:
            return set()
        return {spec.column for spec in (*before.fields, *form.fields) if spec.column}

    def _tables(
        self, before: Observation, later: Sequence[Observation], worked_on: _Parts
    ) -> Iterator[Symptom]:
        """Rows of tables that queries stand on, where their key says whose they are."""
        for table, form in watching(self.forms, before.columns).items():
            name = f"{TABLE}{table}"
            reads = [(o.id, _by_key(o.rows[name])) for o in later if name in o.rows][-2:]
            for row in before.rows.get(name, ()) if reads else ():
                if worked_on.has(form.storage, row.key):
                    continue
                record = f"{table} {'/'.join(row.key)}"
                gone = [row.key not in rows for _, rows in reads]
                if gone[-1]:
                    values = ("the row", ABSENT)
                    yield _symptom(form, record, f"{table} rows", values, gone, reads[-1][0])
                    continue
                rests = [rows[row.key].rest if row.key in rows else row.rest for _, rows in reads]
                yield from _changed_columns(form, record, row.rest, rests, reads[-1][0])

    def _vanished(
        self, before: Observation, later: Sequence[Observation], said: set[str]
    ) -> Iterator[Symptom]:
        """Columns and tables that were there before, of which no row has said so."""
        last = [o for o in later if o.columns][-2:]
        for form in self.forms.values():
            moved = self._moved(form)
            for table in (form.table,) if form.table else form.tables:
                there = before.columns.get(table, ())
                reads = [o.columns[table] for o in last if table in o.columns]
                if not there or not reads:
                    continue
                for name in there if reads[-1] else (f"table {table}",):
                    wrong = [name not in found if reads[-1] else not found for found in reads]
                    if wrong[-1] and name not in {*said, *form.unchecked, *moved}:
                        said.add(name)
                        note = "the table has lost it" if reads[-1] else "the table is gone"
                        values = (", ".join(there), ", ".join(reads[-1]) or ABSENT)
                        yield _symptom(form, table, name, values, wrong, last[-1].id, note)


class _Parts:
    """Keys of records, to ask whether a row may be a part of one: its key begins as theirs."""

    def __init__(self, keys: set[tuple[str, Key]]) -> None:
        self._keys = keys
        self._begun = {(storage, key[:n]) for storage, key in keys for n in range(1, len(key))}

    def has(self, storage: str, key: Key) -> bool:
        """Whether a record's key begins as this one does, or this one as a record's."""
        begun = (storage, key) in self._begun
        return begun or any((storage, key[:n]) in self._keys for n in range(1, len(key) + 1))


def has_other_columns_changed(rest: str, later: str) -> bool:
    """Whether a column that no field covers is not what it was, or is not there any longer."""
    found = _columns(later)
    return rest != later and any(found.get(n) != value for n, value in _columns(rest).items())


def _changed_columns(
    form: Form, record: str, rest: str, rests: Sequence[str], observation: str
) -> Iterator[Symptom]:
    """Each column of a row that is not what it was, or is not there any longer."""
    found = [_columns(told) for told in rests]
    for name, value in _columns(rest).items():
        wrong = [columns.get(name, ABSENT) != value for columns in found]
        if wrong[-1]:
            values = (value, found[-1].get(name, ABSENT))
            yield _symptom(form, record, name, values, wrong, observation)


def _columns(rest: str) -> dict[str, str]:
    """The digests of a row's other columns by their names; runs of old have one for them all."""
    if "=" not in rest:
        return {OTHER_COLUMNS: rest} if rest else {}
    return columns_of(rest)


def _severity(wrong: Sequence[bool]) -> Severity:
    """What the last read shows blocks where the one before it showed it as well."""
    return Severity.BLOCK if len(wrong) > 1 and all(wrong) else Severity.INCONCLUSIVE


def _by_key(rows: Sequence[Row]) -> dict[Key, Row]:
    return {row.key: row for row in rows}


def _held(rows: Mapping[Key, Row], key: Key, name: str) -> Value:
    return rows[key].fields.get(name, ABSENT) if key in rows else ABSENT


def _symptom(
    form: Form,
    record: str,
    name: str,
    values: tuple[Value, Value],
    wrong: Sequence[bool],
    observation: str,
    note: str = _NOBODY,
) -> Symptom:
    """Values are what was there and what is; wrong says it of the last reads, in their order."""
    return Symptom(
        check=CHECK,
        anomaly=Anomaly.COLLATERAL,
        severity=_severity(wrong),
        form=form.name,
        field=name,
        trial="",
        record=record,
        save=None,
        observation=observation,
        layer=Layer.UNKNOWN,
        due=values[0],
        found=values[1],
        note=note,
    )
