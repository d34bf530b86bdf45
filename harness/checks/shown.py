"""What a fresh reader was shown, against what was due: stored, but not shown, is the read path."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from harness.checks import clock
from harness.checks.decided import unconfirmed
from harness.checks.due import Due, is_right
from harness.checks.oracle import Oracle
from harness.checks.targets import Target
from harness.contracts import is_nothing
from harness.journal.events import Shown
from harness.model import ABSENT, Anomaly, Judgement, Layer, Severity, Symptom, Value

CHECK = "shown"


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """Judges what readers saw; stored_wrong are (record, field) the storage check already has."""

    oracle: Oracle
    stored_wrong: Collection[tuple[str, str]] = ()

    def judge(self) -> Judgement:
        """The last views of each reader; one that failed is part of the journey, not of this.

        What the last view lacks blocks where the view before it lacked it as well.
        A view that shows the right value counts whenever it was taken; one that does not counts
        only where it began after the acknowledgement, the settle time and what may be late: before
        that it is no loss, and no evidence either while nobody has looked again.
        """
        symptoms: list[Symptom] = []
        fields_read = 0
        for target in self.oracle.targets.all:
            views = [v for handle in target.handles for v in handle.shown if v.error is None]
            for reader in dict.fromkeys(view.reader for view in views):
                *earlier, last = [view for view in views if view.reader == reader]
                fields_read += len(last.values)
                counting = [view for view in earlier[-1:] if self._counts(target, view)]
                before = {s.field for view in counting for s in self._compare(target, view)}
                counts = self._counts(target, last)
                symptoms += [
                    symptom if counts and symptom.field in before else unconfirmed(symptom)
                    for symptom in self._compare(target, last)
                ]
        return Judgement(CHECK, tuple(symptoms), fields_read)

    def _counts(self, target: Target, view: Shown) -> bool:
        limit_s = target.form.settle_s_max + target.form.late_s_max
        return clock.counts(view.began_s, target.due.ready_s, limit_s, target.faults)

    def _compare(self, target: Target, view: Shown) -> Iterator[Symptom]:
        form, due = target.form, target.due
        if view.began_s < due.ready_s:  # of what a later save has replaced it says nothing
            return
        for name, value in view.values.items():
            place = due.fields.get(name)
            if place is None or (target.record_of(place.save), name) in self.stored_wrong:
                continue
            if due.deleted_by:
                if not is_nothing(value):
                    yield self._symptom(target, name, Due(ABSENT, due.deleted_by), value, view)
            elif place.checked and not due.maybe_deleted:
                spec = form.field(name)
                shown = replace(spec, contract=replace(spec.contract, newline="any"))
                # No page can show NULL: the empty text is how it looks there.
                blank = is_nothing(place.value) and is_nothing(value)
                if not blank and not is_right(place, value, shown):
                    yield self._symptom(target, name, place, value, view)

    def _symptom(self, target: Target, name: str, place: Due, value: Value, view: Shown) -> Symptom:
        return Symptom(
            check=CHECK,
            anomaly=Anomaly.STALE,
            severity=Severity.BLOCK,
            form=target.form.name,
            field=name,
            trial=target.trial_of(place.save),
            record=target.record_of(place.save),
            save=place.save.id if place.save else None,
            observation=None,
            layer=Layer.READ,
            due=place.value,
            found=value,
            note=f"storage is right, {view.reader} is shown something else",
        )
