"""The oracle: what every acknowledged save owes, against what storage holds, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks.classify import classify, is_nothing
from harness.checks.due import Due, RecordDue, record_due
from harness.checks.history import History, Record, Trial
from harness.checks.layers import layer_of_loss
from harness.checks.rows import Rows
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
from harness.values import Trace, find_traces, trial_number

CHECK = "storage"


@dataclass(frozen=True, slots=True)
class Seen:
    """One record against one observation."""

    rows: Rows
    symptoms: tuple[Symptom, ...]
    fields_read: int


@dataclass(frozen=True, slots=True)
class Oracle:
    """Judges one deployment's records; forms as its release has them, tag as its run spells it."""

    role: Role
    tag: str
    forms: Mapping[str, Form]

    def judge(self, history: History, observations: Sequence[Observation]) -> Judgement:
        """Every record of the deployment against the reads that count for it.

        A read counts once it began after the record's last acknowledgement, the settle time and
        any fault of ours. The last one decides; a symptom blocks only where the read before it
        showed it too, or it is still unconfirmed, which is no verdict.
        """
        mine = [Rows(o, self.tag) for o in observations if o.role == self.role]
        before = before_rows(observations, self.role)
        symptoms: list[Symptom] = []
        verified: set[str] = set()
        fields_read = 0
        for trial in history.of_role(self.role):
            for record in trial.records:
                form = self.forms[record.form]
                due = self.due_of(trial, record, before)
                ready_s = max([due.ready_s, *trial.faults_ended_s, *history.faults_ended_s])
                valid = [r for r in mine if r.observation.began_s >= ready_s + form.settle_s_max]
                seen = [self.look(trial, record, due, rows) for rows in valid[-2:]]
                found = _decided(seen, form, ready_s) if seen else self._unread(trial, record, due)
                symptoms += found
                fields_read += seen[-1].fields_read if seen else 0
                if seen and not any(s.severity is not Severity.WARN for s in found):
                    verified |= {save.id for save in due.acknowledged}
        return Judgement(CHECK, tuple(symptoms), fields_read, frozenset(verified))

    def due_of(
        self, trial: Trial, record: Record, before: Mapping[tuple[str, Key], Row]
    ) -> RecordDue:
        """What is due of a record, from what it held before the first trial where that is known."""
        initial = record.opened.initial
        if initial is None and record.key is not None and (record.form, record.key) in before:
            initial = before[record.form, record.key].fields
        return record_due(record, self.forms[record.form], initial)

    def look(self, trial: Trial, record: Record, due: RecordDue, rows: Rows) -> Seen:
        """One record against one observation."""
        form = self.forms[record.form]
        home = self._home(trial, record, rows)
        if due.deleted_by or due.maybe_deleted:
            return Seen(rows, tuple(self._deleted(trial, record, due, home, rows)), 1)
        checked = {name: d for name, d in due.fields.items() if d.checked or d.discarded}
        found: list[Symptom] = []
        for name in checked:
            value = home[0].fields.get(name, ABSENT) if home else ABSENT
            symptom = self._field(trial, record, form, name, due, value, rows)
            if symptom:
                found.append(symptom)
        found += self._elsewhere(trial, record, due, home, rows, {s.field for s in found})
        return Seen(rows, _worst_by_field(found), len(checked))

    def _home(self, trial: Trial, record: Record, rows: Rows) -> list[Row]:
        """The rows that are this record: by its key, else by its traceable values."""
        if record.key is not None:
            return rows.at(record.form, record.key)
        number, form = self._numbers(trial, record)
        places = rows.of_record(number, form, record.opened.ordinal)
        mine = [place.row for _, place in places if place.row.form == record.form]
        unique = {row.key: row for row in mine}
        return list(unique.values())

    def _numbers(self, trial: Trial, record: Record) -> tuple[int, int]:
        began = trial.began
        number = trial_number(self.role, began.number, began.attempt)
        return number, list(self.forms).index(record.form)

    def _field(
        self,
        trial: Trial,
        record: Record,
        form: Form,
        name: str,
        due: RecordDue,
        value: Value,
        rows: Rows,
    ) -> Symptom | None:
        place, spec = due.fields[name], form.field(name)
        if place.checked and any(
            same(right, value, spec.contract, spec.kind) for right in (place.value, *place.allowed)
        ):
            return self._untold(trial, record, name, place, value, rows)
        told = [*place.discarded, *place.refused]
        for save, refused in told:
            if not is_nothing(refused) and same(refused, value, spec.contract, spec.kind):
                discarded = (save, refused) in place.discarded
                anomaly = Anomaly.RESURRECTED if discarded else Anomaly.UNACKNOWLEDGED
                return self._symptom(trial, record, name, place, value, rows, anomaly)
        if not place.checked:
            return None
        neighbours = [d.value for other, d in due.fields.items() if other != name and d.checked]
        anomaly_or_none = classify(
            spec,
            place.value,
            value,
            home=_home_trace(place.value),
            earlier=place.earlier,
            neighbours=[n for n in neighbours if not is_nothing(n)],
        )
        if anomaly_or_none is None:
            return None
        symptom = self._symptom(trial, record, name, place, value, rows, anomaly_or_none)
        return _reverted_if_stored_once(symptom, trial)

    def _untold(
        self, trial: Trial, record: Record, name: str, place: Due, value: Value, rows: Rows
    ) -> Symptom | None:
        """Under "conflict" the loser of two overlapping saves must have been told."""
        for _, lost in place.untold:
            if lost != value:
                note = "two overlapping saves were both acknowledged; the form promises a conflict"
                symptom = self._symptom(
                    trial, record, name, place, value, rows, Anomaly.REVERTED, note
                )
                return replace(symptom, due=lost)
        return None

    def _deleted(
        self, trial: Trial, record: Record, due: RecordDue, home: list[Row], rows: Rows
    ) -> Iterator[Symptom]:
        if not home or due.deleted_by is None:
            return
        name = self.forms[record.form].fields[0].name
        place = Due(value=ABSENT, save=due.deleted_by)
        value = home[0].fields.get(name, ABSENT)
        note = "the record is still there although its deletion was acknowledged"
        yield self._symptom(
            trial, record, name, place, value, rows, Anomaly.RESURRECTED, note
        )

    def _elsewhere(
        self,
        trial: Trial,
        record: Record,
        due: RecordDue,
        home: list[Row],
        rows: Rows,
        wrong: set[str],
    ) -> Iterator[Symptom]:
        """Copies of the record's values where they do not belong, and rows that stand twice."""
        form = self.forms[record.form]
        names = [f.name for f in form.fields]
        touched = [name for name, d in due.fields.items() if d.save is not None]
        if len(home) > 1 and touched:
            note = f"{len(home)} rows hold what was saved once"
            name = touched[0]
            yield self._symptom(
                trial, record, name, due.fields[name], home[1].fields.get(name, ABSENT), rows,
                Anomaly.DUPLICATED, note,
            )
        number, index = self._numbers(trial, record)
        said: set[tuple[str, str, Key, str]] = set()
        for trace, at in rows.of_record(number, index, record.opened.ordinal):
            name = names[trace.field] if trace.field < len(names) else names[0]
            at_home = any(at.row is row for row in home)
            spot = (name, at.row.form, at.row.key, at.field)
            if (at_home and at.field == name) or spot in said or len(home) > 1:
                continue
            said.add(spot)
            if self._owed_there(rows, at.row, at.field, at.value, due, at_home):
                continue
            same_column = at.row.form == record.form and at.field == name and name not in wrong
            anomaly = Anomaly.DUPLICATED if same_column else Anomaly.MISPLACED
            note = f"stands in {at.row.form} {'/'.join(at.row.key)}, field {at.field}"
            yield self._symptom(
                trial, record, name, due.fields[name], at.value, rows, anomaly, note
            )

    def _owed_there(
        self, rows: Rows, row: Row, name: str, value: Value, due: RecordDue, at_home: bool
    ) -> bool:
        """Whether the place itself owes this value, as a field of the same record does."""
        if not at_home or name not in due.fields:
            return False
        spec = self.forms[row.form].field(name)
        place = due.fields[name]
        return place.checked and same(place.value, value, spec.contract, spec.kind)

    def _symptom(
        self,
        trial: Trial,
        record: Record,
        name: str,
        place: Due,
        value: Value,
        rows: Rows | None,
        anomaly: Anomaly,
        note: str = "",
    ) -> Symptom:
        severity = Severity.WARN if anomaly is Anomaly.UNACKNOWLEDGED else Severity.BLOCK
        return Symptom(
            check=CHECK,
            anomaly=anomaly,
            severity=severity,
            form=record.form,
            field=name,
            trial=trial.id,
            record=record.id,
            save=place.save.id if place.save else None,
            observation=rows.observation.id if rows else None,
            layer=layer_of_loss(trial, place.save, name, place.value, value),
            due=place.value,
            found=value,
            note=note,
        )

    def _unread(self, trial: Trial, record: Record, due: RecordDue) -> list[Symptom]:
        """Acknowledged, and no read that counts: no evidence, neither good nor bad."""
        return [
            replace(
                self._symptom(trial, record, name, place, ABSENT, None, Anomaly.UNVERIFIED),
                severity=Severity.INCONCLUSIVE,
                layer=Layer.UNKNOWN,
            )
            for name, place in due.fields.items()
            if place.save is not None
        ]


def _worst_by_field(symptoms: Sequence[Symptom]) -> tuple[Symptom, ...]:
    """One save gets the most severe anomaly per field; Anomaly lists the most severe first."""
    order = list(Anomaly)
    worst: dict[str, Symptom] = {}
    for symptom in symptoms:
        kept = worst.setdefault(symptom.field, symptom)
        if order.index(symptom.anomaly) < order.index(kept.anomaly):
            worst[symptom.field] = symptom
    return tuple(worst.values())


def before_rows(observations: Sequence[Observation], role: Role) -> dict[tuple[str, Key], Row]:
    first = next((o for o in observations if o.role == role and o.purpose == "before"), None)
    if first is None:
        return {}
    return {(form, row.key): row for form, rows in first.rows.items() for row in rows}


def _home_trace(due: Value) -> Trace | None:
    traces = find_traces(due) if isinstance(due, str) else ()
    return traces[0] if traces else None


def _decided(seen: Sequence[Seen], form: Form, ready_s: float) -> list[Symptom]:
    """What the last read says, confirmed by the one before it; what healed between was late."""
    last, previous = seen[-1], seen[0] if len(seen) > 1 else None
    if previous is None:
        return [_unconfirmed(symptom) for symptom in last.symptoms]
    was_wrong = {symptom.field for symptom in previous.symptoms}
    is_wrong = {symptom.field for symptom in last.symptoms}
    decided = [s if s.field in was_wrong else _unconfirmed(s) for s in last.symptoms]
    late_s = last.rows.observation.began_s - ready_s - form.settle_s_max
    for symptom in previous.symptoms:
        if symptom.field in is_wrong or symptom.severity is Severity.WARN:
            continue
        severity = Severity.BLOCK if late_s > form.late_s_max else Severity.WARN
        note = f"{symptom.anomaly} at the first read that counts, there {late_s:.1f} s later"
        decided.append(replace(symptom, anomaly=Anomaly.LATE, severity=severity, note=note))
    return decided


def _unconfirmed(symptom: Symptom) -> Symptom:
    if symptom.severity is not Severity.BLOCK:
        return symptom
    note = f"{symptom.note}; " if symptom.note else ""
    return replace(
        symptom, severity=Severity.INCONCLUSIVE, note=f"{note}no second read has confirmed it"
    )


def _reverted_if_stored_once(symptom: Symptom, trial: Trial) -> Symptom:
    """An older value that was sent again after the newer one replaced it: reverted, not lost."""
    if symptom.anomaly is not Anomaly.LOST or is_nothing(symptom.found):
        return symptom
    sent_again = symptom.layer is Layer.PAGE and any(
        save.id == symptom.save and save.state == "acknowledged" for save in trial.saves
    )
    carried = sent_again and _was_sent(trial, symptom.due)
    return replace(symptom, anomaly=Anomaly.REVERTED) if carried else symptom


def _was_sent(trial: Trial, due: Value) -> bool:
    return any(text == due for request in trial.requests for _, text in request.leaves)
