"""What storage owes a record after all its saves: a field at a time.

An acknowledged save makes its values due; fields it did not touch stay due as they were. After
an unknown save the old value, the new one, or what had been typed by then is right. Two saves
that overlap in time are settled by the form's ``concurrent``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.checks.history import Save
from harness.contracts import canonical, is_nothing, same
from harness.model import ABSENT, Field, Form, Value

# Input methods that fill a field bit by bit, so that an autosave may catch a beginning.
_GRADUAL = frozenset({"typing", "composition"})


@dataclass(frozen=True, slots=True)
class Told:
    """A value and the save it belongs to."""

    save: Save
    value: Value


@dataclass(slots=True)
class Due:
    """What one field may hold: value is what it should, allowed what else is right.

    save is the acknowledged save that made it due (None: it is due unchanged from the start);
    shows are the saves that would be missed if they were not there: not one that a later save
    wrote over, nor one that wrote what was due already;
    begun are texts of which any beginning is right; together are texts that have to stand in it
    side by side; earlier are values that were due before; rivals are acknowledged at the same
    time as save; untold are acknowledged values that save replaced although the form promises a
    conflict; refused and discarded are values nobody was told are stored; attempts are unknown
    saves of a field of which nothing else is known. checked is False while nothing is due.
    """

    value: Value = None
    save: Save | None = None
    shows: list[Save] = field(default_factory=list)
    checked: bool = False
    allowed: list[Value] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    together: list[str] = field(default_factory=list)
    earlier: list[Value] = field(default_factory=list)
    rivals: list[Told] = field(default_factory=list)
    untold: list[Told] = field(default_factory=list)
    refused: list[Told] = field(default_factory=list)
    discarded: list[Told] = field(default_factory=list)
    attempts: list[Told] = field(default_factory=list)

    @property
    def certain(self) -> bool:
        """Whether one value is right and no other."""
        return self.checked and not (self.allowed or self.begun or self.together)


@dataclass(slots=True)
class RecordDue:
    """What is due of a whole record; deleted_by is the acknowledged deletion, if one stands.

    maybe_deleted: an unknown deletion, so that the row may be there or not. ready_s is when the
    last save had its outcome. stood: the row was there before, or was told stored.
    """

    fields: dict[str, Due]
    deleted_by: Save | None = None
    maybe_deleted: bool = False
    ready_s: float = 0.0
    acknowledged: list[Save] = field(default_factory=list)
    stood: bool = False

    @property
    def shown(self) -> frozenset[str]:
        """The acknowledged saves that storage would tell from saves that never were."""
        if self.deleted_by:
            return frozenset({self.deleted_by.id} if self.stood else ())
        given_up = (told.save for place in self.fields.values() for told in place.discarded)
        written = (save for place in self.fields.values() for save in place.shows)
        return frozenset(save.id for save in (*written, *given_up))


def record_due(
    saves: Iterable[Save], form: Form, initial: Mapping[str, Value] | None = None
) -> RecordDue:
    """What storage owes a record; initial is what it held before its first save, if known."""
    due = RecordDue({f.name: Due() for f in form.fields}, stood=initial is not None)
    for name, value in (initial or {}).items():
        if name in due.fields:
            due.fields[name] = Due(value=value, checked=True)
    in_order = sorted(saves, key=lambda save: (save.over_s, save.began_s))
    for save in in_order:
        due.ready_s = max(due.ready_s, save.began_s if save.ended_s is None else save.ended_s)
        _apply(due, form, save, [other for other in in_order if _overlap(save, other)])
    return due


def is_right(place: Due, found: Value, spec: Field) -> bool:
    """Whether a field that is checked holds what it may hold."""
    if place.together:
        return all(holds(found, text, spec) for text in place.together)
    if any(same(v, found, spec.contract, spec.kind) for v in (place.value, *place.allowed)):
        return True
    if is_emptied(place, spec) and found is not ABSENT and is_nothing(found):
        return True
    return any(begins(found, text, spec) for text in place.begun)


def is_emptied(place: Due, spec: Field) -> bool:
    """Whether a save left nothing in it: then NULL and the empty text say the same."""
    value = place.value
    bare = canonical(value, spec.contract, spec.kind) if isinstance(value, str) else value
    return place.save is not None and is_nothing(bare)


def begins(found: Value, whole: str, spec: Field) -> bool:
    """Whether found is a beginning of a text, and not nothing."""
    if not isinstance(found, str) or not found:
        return False
    start = canonical(found, spec.contract, spec.kind)
    return canonical(whole, spec.contract, spec.kind).startswith(start)


def holds(found: Value, text: str, spec: Field) -> bool:
    """Whether a text stands somewhere in what was found."""
    if not isinstance(found, str):
        return False
    return canonical(text, spec.contract) in canonical(found, spec.contract)


def _overlap(one: Save, other: Save) -> bool:
    return one is not other and one.began_s < other.over_s and other.began_s < one.over_s


def _apply(due: RecordDue, form: Form, save: Save, overlapping: Sequence[Save]) -> None:
    operation = save.intended.operation
    if save.state == "acknowledged":
        due.acknowledged.append(save)
    if operation == "delete":
        _delete(due, save)
        return
    if operation != "discard":
        _stands(due, save)
        due.stood = due.stood or save.state == "acknowledged"
    for name in save.intended.values:
        place = due.fields[name]
        if operation == "discard" and save.state == "acknowledged":
            place.discarded.append(Told(save, save.due(name)))
        elif save.state == "acknowledged":
            _acknowledge(place, form, save, name, overlapping)
        elif save.state == "unknown" or operation == "discard":
            _allow(place, save, name)
            if not place.checked:
                place.attempts.append(Told(save, save.due(name)))
        elif not _has_rival(place, save):
            place.refused.append(Told(save, save.due(name)))


def _delete(due: RecordDue, save: Save) -> None:
    if save.state == "acknowledged":
        due.deleted_by = save
        due.maybe_deleted = False
    elif save.state == "unknown":
        due.maybe_deleted = True


def _stands(due: RecordDue, save: Save) -> None:
    """A save after a deletion brings the record back; an unknown one may have."""
    if save.state == "acknowledged":
        due.deleted_by, due.maybe_deleted = None, False
    elif save.state == "unknown" and due.deleted_by is not None:
        due.deleted_by, due.maybe_deleted = None, True


def _has_rival(place: Due, refused: Save) -> bool:
    """Whether somebody else was told "saved" meanwhile: then storing it loses their text."""
    return place.save is not None and _overlap(place.save, refused)


def _acknowledge(
    place: Due, form: Form, save: Save, name: str, overlapping: Sequence[Save]
) -> None:
    if place.checked:
        place.earlier.append(place.value)
    place.earlier += [told.value for told in place.refused]
    for forgotten in (place.refused, place.allowed, place.begun, place.together, place.rivals):
        forgotten.clear()
    at_once = [
        other
        for other in overlapping
        if name in other.intended.values and other.intended.operation != "discard"
    ]
    rivals = [Told(s, s.due(name)) for s in at_once if s.state == "acknowledged"]
    value, spec = save.due(name), form.field(name)
    if not place.checked or not same(place.value, value, spec.contract, spec.kind):
        place.shows = [save]
    place.value, place.save, place.checked = value, save, True
    if form.concurrent == "conflict":
        place.untold += [told for told in rivals if told.save.over_s < save.over_s]
        place.shows += [told.save for told in place.untold]
        return
    for other in at_once:
        if other.state == "unknown":
            _allow(place, other, name)
    place.rivals = rivals
    texts = [told.value for told in rivals if isinstance(told.value, str) and told.value]
    if form.concurrent == "merge" and texts and isinstance(place.value, str):
        place.together = [place.value, *texts]
        place.shows += [told.save for told in rivals if told.value in texts]
    else:
        place.allowed += [told.value for told in rivals]


def _allow(place: Due, save: Save, name: str) -> None:
    """What a save without an outcome may have left: all of it, or what an autosave caught."""
    typed = save.typed.get(name, [])
    place.allowed += [save.intended.values[name], *(event.value for event in typed)]
    if is_nothing(save.intended.values[name]):
        place.allowed += [None, ""]
    whole = save.intended.values[name]
    if isinstance(whole, str) and (not typed or any(e.how in _GRADUAL for e in typed)):
        place.begun.append(whole)
