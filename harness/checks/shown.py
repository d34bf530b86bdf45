"""What a fresh reader was shown, against what was due: stored, but not shown, is the read path."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks.due import RecordDue
from harness.checks.history import History, Record, Trial
from harness.checks.oracle import Oracle, before_rows
from harness.contracts import same
from harness.journal.events import Shown
from harness.model import (
    Anomaly,
    Form,
    Judgement,
    Layer,
    Role,
    Severity,
    Symptom,
    Value,
)
from harness.observations import Observation

CHECK = "shown"


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """Judges what readers saw; stored_wrong are (record, field) the storage check already has."""

    role: Role
    tag: str
    forms: Mapping[str, Form]
    stored_wrong: Collection[tuple[str, str]] = ()

    def judge(self, history: History, observations: Sequence[Observation]) -> Judgement:
        """The last view of each record; a reader that failed is part of the journey, not of this.

        A view that shows the right value counts whenever it was taken; one that does not counts
        only where it began after the acknowledgement and the settle time.
        """
        oracle = Oracle(self.role, self.tag, self.forms)
        before = before_rows(observations, self.role)
        symptoms: list[Symptom] = []
        fields_read = 0
        for trial in history.of_role(self.role):
            for record in trial.records:
                views = [view for view in record.shown if view.error is None]
                if views:
                    due = oracle.due_of(trial, record, before)
                    fields_read += len(views[-1].values)
                    symptoms += self._compare(trial, record, due, views[-1])
        return Judgement(CHECK, tuple(symptoms), fields_read)

    def _compare(
        self, trial: Trial, record: Record, due: RecordDue, view: Shown
    ) -> Iterator[Symptom]:
        form = self.forms[record.form]
        counts = view.began_s >= due.ready_s + form.settle_s_max
        for name, value in view.values.items():
            place = due.fields.get(name)
            if place is None or not place.checked or (record.id, name) in self.stored_wrong:
                continue
            spec = form.field(name)
            loose = replace(spec.contract, newline="any")
            if any(same(right, value, loose, spec.kind) for right in (place.value, *place.allowed)):
                continue
            if counts and due.deleted_by is None:
                yield self._symptom(trial, record, name, place.value, value, view)

    def _symptom(
        self, trial: Trial, record: Record, name: str, due: Value, value: Value, view: Shown
    ) -> Symptom:
        return Symptom(
            check=CHECK,
            anomaly=Anomaly.STALE,
            severity=Severity.BLOCK,
            form=record.form,
            field=name,
            trial=trial.id,
            record=record.id,
            save=record.saves[-1].id if record.saves else None,
            observation=None,
            layer=Layer.READ,
            due=due,
            found=value,
            note=f"storage holds it, {view.reader} is shown something else",
        )
