"""The oracle: what every acknowledged save owes, against what storage holds, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks import clock
from harness.checks.classify import Home, classify
from harness.checks.decided import Seen, decided
from harness.checks.due import Due, Told, begins, holds, is_right
from harness.checks.elsewhere import are_apart, misplaced_and_doubled
from harness.checks.history import History, Trial
from harness.checks.layers import layer_of_loss, was_sent_to
from harness.checks.mixing import mixed_fields
from harness.checks.reverting import was_sent_back, was_written_after
from harness.checks.rows import Rows, before_rows
from harness.checks.targets import Target, Targets, find_targets
from harness.contracts import LOOSE, canonical, is_nothing, same
from harness.model import (
    ABSENT,
    Anomaly,
    Field,
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
from harness.values import find_traces

CHECK = "storage"
# A read decides, and the one before it confirms.
LAST_N = 2


@dataclass(frozen=True, slots=True)
class Oddity:
    """What is wrong with one field; due and layer where they are not the field's own.

    breach: it stands in a record of somebody else.
    """

    anomaly: Anomaly
    note: str = ""
    due: Value = ABSENT
    layer: Layer | None = None
    breach: bool = False


class Oracle:
    """Judges one deployment's records; forms as its release has them, tag as its run spells it.

    glimpses were caught between its reads: what they show has stood there, and nothing is due yet.
    """

    def __init__(
        self,
        role: Role,
        tag: str,
        forms: Mapping[str, Form],
        history: History,
        observations: Sequence[Observation],
        glimpses: Sequence[Observation] = (),
    ) -> None:
        self.role: Role = role
        self.tag = tag
        self.forms = forms
        self.history = history
        self.trials: Mapping[str, Trial] = history.trials
        self.targets: Targets = find_targets(history, role, forms, before_rows(observations, role))
        self.reads = [Rows(o, tag) for o in observations if o.role == role]
        self.glimpses = [Rows(o, tag) for o in glimpses if o.role == role]

    def judge(self) -> Judgement:
        """Every record of the deployment against the reads that count for it.

        A read counts once it began after the record's last acknowledgement, the settle time and
        any fault of ours. The last one decides; a symptom blocks only where the read before it
        showed it too, and once it can no longer be late; else it is no verdict yet.
        """
        symptoms: list[Symptom] = []
        verified: set[str] = set()
        failed: set[str] = set()
        hidden: set[str] = set()
        fields_read = 0
        for target in self.targets.all:
            valid = self.valid(target)
            seen = [self.look(target, rows) for rows in valid[-LAST_N:]]
            earlier = self._earlier(target, valid)
            found = decided(seen, target, earlier) if seen else self._unread(target)
            saves = {save.id for save in target.due.acknowledged}
            if seen and all(s.severity is Severity.WARN for s in found):
                verified |= saves & seen[-1].shown
                hidden |= saves - seen[-1].shown
            else:
                failed |= saves
            symptoms += found
            fields_read += seen[-1].fields_read if seen else 0
        return Judgement(
            CHECK,
            tuple(self._reverted(symptoms)),
            fields_read,
            frozenset(verified),
            saves_failed=frozenset(failed),
            saves_hidden=frozenset(hidden),
        )

    def valid(self, target: Target) -> list[Rows]:
        """The reads that count for a record."""
        due, form = target.due, target.form
        return [
            rows
            for rows in self.reads
            if rows.reads(form.name)
            and rows.observation.purpose != "before"
            and clock.counts(
                rows.observation.began_s, due.ready_s, form.settle_s_max, target.faults
            )
        ]

    def _earlier(self, target: Target, valid: Sequence[Rows]) -> list[Seen]:
        """What reads before the last two showed, where it is not what the last one shows.

        Records without a key that owe the very same are told apart at the end alone.
        """
        if len(valid) < LAST_N + 1 or target.twins_n > 1:
            return []
        last = self.targets.home(target, valid[-1])
        before = valid[:-LAST_N]
        return [self.look(target, r) for r in before if self.targets.home(target, r) != last]

    def reads_its_own(self) -> bool:
        """Whether this run's own values, or rows that it made, stood in what was ever read.

        A record that was seen once and is gone was lost, and not looked for in the wrong place.
        """
        return any(
            rows.tokens_n
            or any(rows.at(*place) for place in self.targets.owners if self.targets.is_new(*place))
            for rows in reversed(self.reads)
            if rows.observation.purpose != "before"
        )

    def owes_something(self) -> bool:
        """Whether anything at all was acknowledged, so that something has to stand there."""
        return any(target.due.acknowledged for target in self.targets.all)

    def look(self, target: Target, rows: Rows) -> Seen:
        """One record against one observation."""
        home = self.targets.home(target, rows)
        found: list[Symptom] = []
        may_be_gone = target.due.maybe_deleted and not home
        if target.due.deleted_by:
            found += self._deleted(target, home, rows)
        elif not may_be_gone:
            found += self._fields(target, home, rows)
        wrong = {symptom.field for symptom in found}
        for name, anomaly, value, note, key, breach in misplaced_and_doubled(
            self.targets, target, home, rows, wrong
        ):
            odd = Oddity(anomaly, note, layer=self._sender(target, name, key), breach=breach)
            found.append(self.symptom(target, name, value, rows, odd))
        symptoms = _worst_by_field(found)
        if may_be_gone:
            return Seen(rows, symptoms, 0)
        checked_n = sum(place.checked for place in target.due.fields.values())
        fields_read = 1 if target.due.deleted_by else checked_n
        return Seen(rows, symptoms, fields_read, target.due.shown)

    def _sender(self, target: Target, name: str, key: Key) -> Layer | None:
        """The page, where it sent the record's value to another record's address; else None."""
        save = target.due.fields[name].save
        trial = self.trials.get(target.trial_of(save))
        if save is None or trial is None or key == target.key:
            return None
        return Layer.PAGE if was_sent_to(trial, save, name, key) else None

    def _fields(self, target: Target, home: Sequence[Row], rows: Rows) -> Iterator[Symptom]:
        held = {
            name: home[0].fields.get(name, ABSENT) if home else ABSENT for name in target.due.fields
        }
        for name, value in held.items():
            odd = self._field(target, name, value)
            if odd:
                yield self.symptom(target, name, value, rows, odd)
        for name, note in mixed_fields(target, held):
            yield self.symptom(target, name, held[name], rows, Oddity(Anomaly.TORN, note))

    def _field(self, target: Target, name: str, value: Value) -> Oddity | None:
        place, spec = target.due.fields[name], target.form.field(name)
        if place.checked and is_right(place, value, spec):
            return _untold(place, value, spec) or _cut_by_page(place, name)
        told = _not_to_be_there(place, value, spec)
        if told:
            return told
        for text in place.together:
            if not holds(value, text, spec):
                anomaly = self._classify(target, place, spec, text, value)
                return Oddity(anomaly or Anomaly.LOST, "it was to be merged", due=text)
        if place.checked:
            anomaly = self._classify(target, place, spec, place.value, value)
            if anomaly is Anomaly.MISPLACED and self._came_from_another(target, value):
                note = "what stands here belongs to another record"
                return Oddity(anomaly, note, breach=True)
            return Oddity(_if_untouched(place, anomaly, value)) if anomaly else None
        for attempt in place.attempts:
            if is_nothing(value) or is_right(place, value, spec):
                return None
            anomaly = self._classify(target, place, spec, attempt.value, value)
            if anomaly in _MADE_FROM_IT:
                return Oddity(anomaly, "the save's outcome is unknown, and this is none of its")
        return None

    def _classify(
        self, target: Target, place: Due, spec: Field, due: Value, value: Value
    ) -> Anomaly | None:
        form, fields = target.form, target.due.fields

        def elsewhere(found: Value) -> bool:
            here = (target, spec.name)
            return any(spot != here for spot in self.targets.by_value.get(found, ()))

        home = Home(self.tag, target.origins, form.index(spec.name), elsewhere)
        return classify(
            spec,
            due,
            value,
            home=home,
            earlier=place.earlier,
            neighbours=[
                other.value
                for name, other in fields.items()
                if name != spec.name and other.checked and form.field(name).kind == spec.kind
            ],
        )

    def _came_from_another(self, target: Target, value: Value) -> bool:
        """Whether a value that does not belong here was saved of somebody else's record."""
        texts = value if isinstance(value, tuple) else (value,)
        traces = [t for text in texts if isinstance(text, str) for t in find_traces(text)]
        owners = [self.targets.by_origin.get((t.trial, t.form, t.record)) for t in traces]
        if traces:
            return any(
                trace.run != self.tag or owner is None or are_apart(target, owner)
                for trace, owner in zip(traces, owners, strict=True)
            )
        held = [owner for owner, _ in self.targets.by_value.get(value, ())]
        return bool(held) and all(are_apart(target, owner) for owner in held)

    def _deleted(self, target: Target, home: Sequence[Row], rows: Rows) -> Iterator[Symptom]:
        note = "the record is still there although its deletion was acknowledged"
        odd = Oddity(Anomaly.RESURRECTED, note, layer=Layer.UNKNOWN)
        deletion = target.due.deleted_by
        for row in home[:1]:
            names = [f.name for f in target.form.fields]
            held = [n for n in names if not is_nothing(row.fields.get(n, ABSENT))]
            for name in held or names[:1]:
                found = self.symptom(target, name, row.fields.get(name, ABSENT), rows, odd)
                yield replace(found, due=ABSENT, save=deletion.id if deletion else None)

    def symptom(
        self, target: Target, name: str, value: Value, rows: Rows | None, odd: Oddity
    ) -> Symptom:
        """A field of a record that is not as it should be."""
        place, spec = target.due.fields[name], target.form.field(name)
        save = place.save or next((told.save for told in place.attempts), None)
        due = place.value if place.checked or not place.attempts else place.attempts[-1].value
        if odd.due is not ABSENT:
            due = odd.due
        trial = target.trial_of(save)
        mild = odd.anomaly is Anomaly.UNACKNOWLEDGED or (
            odd.anomaly is Anomaly.ALTERED and is_nothing(due) and is_nothing(value)
        )
        layer = odd.layer or layer_of_loss(self.trials.get(trial), save, spec, due, value)
        return Symptom(
            check=CHECK,
            anomaly=odd.anomaly,
            severity=Severity.WARN if mild else Severity.BLOCK,
            form=target.form.name,
            field=name,
            trial=trial,
            record=target.record_of(save),
            save=save.id if save else None,
            observation=rows.observation.id if rows else None,
            layer=layer,
            due=due,
            found=value,
            note=odd.note,
            breach=odd.breach,
        )

    def _unread(self, target: Target) -> list[Symptom]:
        """Acknowledged, and no read that counts: no evidence, neither good nor bad."""
        names = [name for name, place in target.due.fields.items() if place.save is not None]
        if target.due.acknowledged and not names:
            names = list(target.due.fields)[:1]
        odd = Oddity(Anomaly.UNVERIFIED, layer=Layer.UNKNOWN)
        return [
            replace(
                self.symptom(target, name, ABSENT, None, odd),
                severity=Severity.INCONCLUSIVE,
            )
            for name in names
        ]

    # --- lost, or there and gone again ------------------------------------------------------

    def _reverted(self, symptoms: Sequence[Symptom]) -> Iterator[Symptom]:
        """An older value is reverted where the newer one is known to have been replaced.

        It was read before, or the page sent both; or every such loss of the field had another
        write after its acknowledgement: a save that is dropped needs none.
        """
        signs = [self._sign(symptom) for symptom in symptoms]
        dropped = {
            (s.form, s.field) for s, sign in zip(symptoms, signs, strict=True) if sign == "dropped"
        }
        for symptom, sign in zip(symptoms, signs, strict=True):
            after = sign == "written after" and (symptom.form, symptom.field) not in dropped
            if sign == "came back" or after:
                yield replace(symptom, anomaly=Anomaly.REVERTED)
            else:
                yield symptom

    def _sign(self, symptom: Symptom) -> str:
        """What tells of an older value how it came to stand there; "" where there is none."""
        if symptom.anomaly not in (Anomaly.LOST, Anomaly.TRUNCATED):
            return ""
        trial = self.trials.get(symptom.trial)
        save = next((s for s in trial.saves if s.id == symptom.save), None) if trial else None
        if save is None or symptom.found is None or symptom.found is ABSENT:
            return ""
        spec = self.forms[symptom.form].field(symptom.field)
        if was_sent_back(trial, save, symptom.due, symptom.found):
            return "came back"
        if symptom.anomaly is Anomaly.TRUNCATED or is_nothing(symptom.found):
            return ""
        if self._was_read(symptom, spec):
            return "came back"
        return "written after" if was_written_after(trial, save, symptom.due) else "dropped"

    def _was_read(self, symptom: Symptom, spec: Field) -> bool:
        target = next(
            (t for t in self.targets.all if any(h.id == symptom.record for h in t.handles)), None
        )
        if target is None:
            return False
        return any(
            same(symptom.due, row.fields.get(spec.name, ABSENT), spec.contract, spec.kind)
            for rows in (*self.reads, *self.glimpses)
            for row in self.targets.home(target, rows)[:1]
        )


_MADE_FROM_IT = frozenset({Anomaly.TRUNCATED, Anomaly.ALTERED, Anomaly.MISPLACED})
_OF_A_SAVE = frozenset({Anomaly.LOST, Anomaly.TORN, Anomaly.TRUNCATED, Anomaly.ALTERED})


def _untold(place: Due, value: Value, spec: Field) -> Oddity | None:
    """Under "conflict" the loser of two overlapping saves must have been told."""
    for told in place.untold:
        if not same(told.value, value, spec.contract, spec.kind):
            note = "two overlapping saves were both acknowledged; the form promises a conflict"
            return Oddity(Anomaly.REVERTED, note, due=told.value)
    return None


def _cut_by_page(place: Due, name: str) -> Oddity | None:
    """What storage holds is what the page held, and that is not all that was typed into it."""
    if place.save is None or not place.save.typed.get(name):
        return None
    whole, held = place.save.intended.values[name], place.value
    if not isinstance(whole, str) or not isinstance(held, str):
        return None
    if not held and canonical(whole, LOOSE).strip():
        note = f"the page held nothing of {len(whole)} characters and said nothing of it"
        return Oddity(Anomaly.LOST, note, due=whole, layer=Layer.PAGE)
    rest = canonical(whole, LOOSE).removeprefix(canonical(held, LOOSE))
    if not held or rest == canonical(whole, LOOSE) or not rest.strip():
        return None
    note = f"the page held {len(held)} of {len(whole)} characters and said nothing of it"
    return Oddity(Anomaly.TRUNCATED, note, due=whole, layer=Layer.PAGE)


def _not_to_be_there(place: Due, value: Value, spec: Field) -> Oddity | None:
    """What was given up, or refused, and stands there all the same."""
    for told in place.discarded:
        if _is_of(told, value, spec):
            note = "it was typed and given up, which was acknowledged"
            return Oddity(Anomaly.RESURRECTED, note)
    for told in place.refused:
        if _is_of(told, value, spec):
            # Nothing was lost on its way: what was wrong is the answer, of whoever gave it.
            note = "the user was told that it failed"
            return Oddity(Anomaly.UNACKNOWLEDGED, note, layer=Layer.UNKNOWN)
    return None


def _if_untouched(place: Due, anomaly: Anomaly, value: Value) -> Anomaly:
    """A field that no save of the run touched did not lose a save: it lost older data."""
    mild = is_nothing(place.value) and is_nothing(value)
    older = place.save is None and anomaly in _OF_A_SAVE and not mild
    return Anomaly.COLLATERAL if older else anomaly


def _is_of(told: Told, value: Value, spec: Field) -> bool:
    """Whether a value is what one save typed, or its beginning as an autosave catches it."""
    if is_nothing(value) or is_nothing(told.value):
        return False
    if same(told.value, value, spec.contract, spec.kind):
        return True
    if not isinstance(value, str) or not isinstance(told.value, str):
        return False
    mine = set(find_traces(told.value))
    return begins(value, told.value, spec) and bool(mine & set(find_traces(value)))


def _worst_by_field(symptoms: Sequence[Symptom]) -> tuple[Symptom, ...]:
    """One save gets the most severe anomaly per field; Anomaly lists the most severe first."""
    order = list(Anomaly)
    worst: dict[str, Symptom] = {}
    for symptom in symptoms:
        kept = worst.setdefault(symptom.field, symptom)
        rank = (order.index(symptom.anomaly), not symptom.breach)
        if rank < (order.index(kept.anomaly), not kept.breach):
            worst[symptom.field] = symptom
    return tuple(worst.values())
