"""Data saved before the first trial, changed or gone although nobody worked on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from harness.checks.history import History
from harness.contracts import same
from harness.model import (
    ABSENT,
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
from harness.observations import Observation, Row

CHECK = "collateral"
# What no field covers and the plan does not leave unchecked, as a finding speaks of it.
OTHER_COLUMNS = "other columns"
_Place: TypeAlias = tuple[str, str, Key]


@dataclass(frozen=True, slots=True)
class CollateralCheck:
    """Compares the rows that stood before the first trial with the last reads of them."""

    role: Role
    forms: Mapping[str, Form]

    def judge(self, history: History, observations: Sequence[Observation]) -> Judgement:
        """Every earlier row that no record of the journal names, whole; a field at a time."""
        mine = [o for o in observations if o.role == self.role]
        before = next((o for o in mine if o.purpose == "before"), None)
        later = [o for o in mine if o.purpose != "before"]
        if before is None or not later:
            return Judgement(CHECK, ())
        worked_on = self._worked_on(history)
        symptoms: list[Symptom] = []
        fields_read = 0
        for form, rows in before.rows.items():
            reads = [(o.id, _by_key(o.rows[form])) for o in later if form in o.rows][-2:]
            for row in rows:
                if form in self.forms and reads and self._place(form, row.key) not in worked_on:
                    fields_read += len(row.fields)
                    symptoms += self._compare(row, reads)
        return Judgement(CHECK, tuple(symptoms), fields_read)

    def _worked_on(self, history: History) -> set[_Place]:
        return {
            self._place(record.form, record.key)
            for trial in history.of_role(self.role)
            for record in trial.records
            if record.key is not None and record.form in self.forms
        }

    def _place(self, form: str, key: Key) -> _Place:
        """The row, the same for two forms that fill one table."""
        spec = self.forms[form]
        return (spec.storage, spec.table or f"form {form}", key)

    def _compare(
        self, row: Row, reads: Sequence[tuple[str, Mapping[Key, Row]]]
    ) -> Iterator[Symptom]:
        form = self.forms[row.form]
        for spec in form.fields:
            if spec.name not in row.fields:
                continue
            value = row.fields[spec.name]
            found = [_held(rows, row.key, spec.name) for _, rows in reads]
            wrong = [not same(value, f, spec.contract, spec.kind) for f in found]
            if wrong[-1]:
                yield _symptom(row, spec.name, value, found[-1], _severity(wrong), reads[-1][0])
        rests = [rows[row.key].rest if row.key in rows else row.rest for _, rows in reads]
        changed = [bool(row.rest) and rest != row.rest for rest in rests]
        if changed[-1]:
            severity = _severity(changed)
            yield _symptom(row, OTHER_COLUMNS, row.rest, rests[-1], severity, reads[-1][0])


def _severity(wrong: Sequence[bool]) -> Severity:
    """What the last read shows blocks where the one before it showed it as well."""
    return Severity.BLOCK if len(wrong) > 1 and all(wrong) else Severity.INCONCLUSIVE


def _by_key(rows: Sequence[Row]) -> dict[Key, Row]:
    return {row.key: row for row in rows}


def _held(rows: Mapping[Key, Row], key: Key, name: str) -> Value:
    return rows[key].fields.get(name, ABSENT) if key in rows else ABSENT


def _symptom(
    row: Row, name: str, due: Value, found: Value, severity: Severity, observation: str
) -> Symptom:
    return Symptom(
        check=CHECK,
        anomaly=Anomaly.COLLATERAL,
        severity=severity,
        form=row.form,
        field=name,
        trial="",
        record=f"{row.form} {'/'.join(row.key)}",
        save=None,
        observation=observation,
        layer=Layer.UNKNOWN,
        due=due,
        found=found,
        note="nobody worked on this record",
    )
