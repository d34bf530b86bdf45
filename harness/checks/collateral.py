"""Data saved before the first trial, changed or gone although nobody worked on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class CollateralCheck:
    """Compares the rows that stood before the first trial with the last read of them."""

    role: Role
    forms: Mapping[str, Form]

    def judge(self, history: History, observations: Sequence[Observation]) -> Judgement:
        """Every earlier row that no record of the journal names; a field at a time."""
        mine = [o for o in observations if o.role == self.role]
        before = next((o for o in mine if o.purpose == "before"), None)
        if before is None or mine[-1] is before:
            return Judgement(CHECK, ())
        worked_on = {
            (record.form, record.key)
            for trial in history.of_role(self.role)
            for record in trial.records
        }
        after = [_by_key(o) for o in mine[-2:] if o is not before]
        symptoms: list[Symptom] = []
        fields_read = 0
        for form, rows in before.rows.items():
            for row in rows:
                if (form, row.key) not in worked_on:
                    fields_read += len(row.fields)
                    symptoms += self._compare(row, after, mine[-1].id)
        return Judgement(CHECK, tuple(symptoms), fields_read)

    def _compare(
        self, row: Row, after: list[dict[tuple[str, Key], Row]], observation: str
    ) -> Iterator[Symptom]:
        for name, value in row.fields.items():
            spec = self.forms[row.form].field(name)
            found = [self._found(rows, row, name) for rows in after]
            wrong = [not same(value, f, spec.contract, spec.kind) for f in found]
            if wrong[-1]:
                confirmed = len(wrong) > 1 and all(wrong)
                severity = Severity.BLOCK if confirmed else Severity.INCONCLUSIVE
                yield _symptom(row, name, value, found[-1], severity, observation)

    def _found(self, rows: dict[tuple[str, Key], Row], row: Row, name: str) -> Value:
        there = rows.get((row.form, row.key))
        return there.fields.get(name, ABSENT) if there else ABSENT


def _by_key(observation: Observation) -> dict[tuple[str, Key], Row]:
    return {(form, row.key): row for form, rows in observation.rows.items() for row in rows}


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
