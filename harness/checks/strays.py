"""Text where nobody put any: rows and fields of no record, and values without a token in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from harness.checks.classify import is_telling
from harness.checks.decided import unconfirmed
from harness.checks.due import is_right
from harness.checks.elsewhere import is_anothers
from harness.checks.layers import places_of
from harness.checks.oracle import Oddity, Oracle
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.contracts import is_nothing, same
from harness.model import (
    ABSENT,
    Anomaly,
    Field,
    Form,
    Judgement,
    Key,
    Layer,
    Severity,
    Symptom,
    Value,
)
from harness.observations import Row
from harness.values import find_traces

CHECK = "strays"
Spot: TypeAlias = tuple[str, Key, str]


@dataclass(frozen=True, slots=True)
class StrayCheck:
    """Looks at what no record owes. It speaks only where it can be certain.

    Rows that stood there before are not new, a record without a key may own any new row, what a
    page sent was attempted by somebody, and what every record holds is the application's own.
    """

    oracle: Oracle

    def judge(self) -> Judgement:
        """Each form against the last two reads that count for all of its records."""
        symptoms: list[Symptom] = []
        for form in self.oracle.forms.values():
            reads = self._valid(form)[-2:]
            seen = [dict(self._look(form, rows)) for rows in reads]
            for spot, symptom in (seen[-1] if seen else {}).items():
                confirmed = len(seen) > 1 and spot in seen[0]
                symptoms.append(symptom if confirmed else unconfirmed(symptom))
        return Judgement(CHECK, tuple(symptoms))

    def _valid(self, form: Form) -> list[Rows]:
        valid = [self.oracle.valid(t) for t in self.oracle.targets.all if t.form == form]
        return [
            rows
            for rows in self.oracle.reads
            if valid and all(any(rows is read for read in reads) for reads in valid)
        ]

    def _look(self, form: Form, rows: Rows) -> Iterator[tuple[Spot, Symptom]]:
        targets = self.oracle.targets
        for row in sorted(rows.of_form(form.name), key=lambda row: row.key):
            owner = targets.owners.get((form.name, row.key))
            for spec in form.fields:
                value = row.fields.get(spec.name, ABSENT)
                if not self._is_stray(spec, row, value, owner):
                    continue
                symptom = self._misplaced(spec, row, value, rows) or self._phantom(
                    form, spec, row, value, rows, owner
                )
                if symptom:
                    yield (form.name, row.key, spec.name), symptom

    def _is_stray(self, spec: Field, row: Row, value: Value, owner: Target | None) -> bool:
        """Whether nobody owes this place, and it holds something that it did not hold before."""
        if is_nothing(value) or _has_token(value):
            return False
        if owner is not None:
            place = owner.due.fields[spec.name]
            touched = place.checked or place.attempts or place.refused or place.discarded
            if touched or owner.due.deleted_by or any(h.opened.initial for h in owner.handles):
                return False
        before = (self.oracle.targets.before or {}).get((row.form, row.key))
        return before is None or not same(before.fields.get(spec.name, ABSENT), value)

    def _misplaced(self, spec: Field, row: Row, value: Value, rows: Rows) -> Symptom | None:
        """A value without a token that a record with a key owes in another place."""
        if spec.kind != "text" or not is_telling(value):
            return None
        for target, name in self.oracle.targets.by_value.get(value, ()):
            if target.key is None:
                return None
            home = self.oracle.targets.home(target, rows)
            place = target.due.fields[name]
            held = home[0].fields.get(name, ABSENT) if home else ABSENT
            whole = is_right(place, held, target.form.field(name))
            same_column = (target.form.name, name) == (row.form, spec.name)
            breach = is_anothers(self.oracle.targets, target, row)
            doubled = same_column and whole and not breach
            anomaly = Anomaly.DUPLICATED if doubled else Anomaly.MISPLACED
            note = f"stands in {row.form} {'/'.join(row.key)}, field {spec.name}"
            odd = Oddity(anomaly, note, breach=breach)
            return self.oracle.symptom(target, name, value, rows, odd)
        return None

    def _phantom(
        self,
        form: Form,
        spec: Field,
        row: Row,
        value: Value,
        rows: Rows,
        owner: Target | None,
    ) -> Symptom | None:
        targets = self.oracle.targets
        certain = (
            spec.kind == "text"
            and targets.is_new(form.name, row.key)
            and not targets.keyless(form.name)
            and not self._was_sent(value)
        )
        if not certain or (owner and not self._is_elsewhere_empty(form, spec, rows, owner)):
            return None
        return Symptom(
            check=CHECK,
            anomaly=Anomaly.PHANTOM,
            # A row that no record names may be what a scenario set up without journaling it.
            severity=Severity.BLOCK if owner else Severity.WARN,
            form=form.name,
            field=spec.name,
            trial=owner.trial if owner else "",
            record=owner.record if owner else f"{form.name} {'/'.join(row.key)}",
            save=None,
            observation=rows.observation.id,
            layer=Layer.UNKNOWN,
            due=ABSENT,
            found=value,
            note="nobody attempted to store it",
        )

    def _is_elsewhere_empty(self, form: Form, spec: Field, rows: Rows, owner: Target) -> bool:
        """Whether another new record that left the field alone holds nothing in it."""
        targets = self.oracle.targets
        return any(
            is_nothing(row.fields.get(spec.name, ABSENT))
            for other in targets.all
            if other is not owner and other.form == form and other.key is not None
            if targets.is_new(form.name, other.key) and not other.due.fields[spec.name].checked
            for row in targets.home(other, rows)
        )

    def _was_sent(self, value: Value) -> bool:
        texts = value if isinstance(value, tuple) else (value,)
        return any(
            places_of(request, text)
            for text in texts
            for trial in self.oracle.history.of_role(self.oracle.role)
            for request in trial.requests
        )


def _has_token(value: Value) -> bool:
    texts = value if isinstance(value, tuple) else (value,)
    return any(isinstance(text, str) and bool(find_traces(text)) for text in texts)
