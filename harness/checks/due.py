"""What storage owes a record after all its saves: a field at a time.

An acknowledged save makes its values due; fields it did not touch stay due as they were. After
an unknown save the old value, the new one, or what had been typed by then is right. Two saves
that overlap in time are settled by the form's ``concurrent``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.checks.history import Record, Save
from harness.model import Form, Value


@dataclass(slots=True)
class Due:
    """What one field may hold: value is what it should, allowed what else is right.

    save is the acknowledged save that made it due (None: it is due unchanged from the start);
    earlier are values that were due before; refused are values the user was told are not stored;
    untold are acknowledged values that another acknowledged save replaced although the form promises
    a conflict.
    checked is False while nothing is known of the field, so nothing is due.
    """

    value: Value = None
    save: Save | None = None
    checked: bool = False
    allowed: list[Value] = field(default_factory=list)
    earlier: list[Value] = field(default_factory=list)
    refused: list[tuple[Save, Value]] = field(default_factory=list)
    discarded: list[tuple[Save, Value]] = field(default_factory=list)
    untold: list[tuple[Save, Value]] = field(default_factory=list)


@dataclass(slots=True)
class RecordDue:
    """What is due of a whole record; deleted_by is the acknowledged deletion, if one stands.

    maybe_deleted: an unknown deletion, so that the row may be there or not.
    """

    fields: dict[str, Due]
    deleted_by: Save | None = None
    maybe_deleted: bool = False
    ready_s: float = 0.0
    acknowledged: list[Save] = field(default_factory=list)


def record_due(record: Record, form: Form, initial: Mapping[str, Value] | None) -> RecordDue:
    """What storage owes this record; initial is what it held before its first save, if known."""
    due = RecordDue({f.name: Due() for f in form.fields})
    for name, value in (initial or {}).items():
        if name in due.fields:
            due.fields[name] = Due(value=value, checked=True)
    for save in sorted(record.saves, key=lambda s: (s.ended_s or float("inf"), s.began_s)):
        due.ready_s = max(due.ready_s, save.ended_s or save.began_s)
        overlapping = [other for other in record.saves if other is not save and _overlap(save, other)]
        _apply(due, form, save, overlapping)
    return due


def _overlap(one: Save, other: Save) -> bool:
    forever = float("inf")
    return one.began_s < (other.ended_s or forever) and other.began_s < (one.ended_s or forever)


def _apply(due: RecordDue, form: Form, save: Save, overlapping: list[Save]) -> None:
    operation = save.intended.operation
    if save.state == "acknowledged":
        due.acknowledged.append(save)
    if operation == "delete":
        _delete(due, save)
        return
    if save.state == "acknowledged" and operation != "discard":
        due.deleted_by = None
    for name in save.intended.values:
        place = due.fields[name]
        if operation == "discard":
            place.discarded.append((save, save.due(name)))
        elif save.state == "acknowledged":
            _acknowledge(place, form, save, name, overlapping)
        elif save.state == "unknown":
            typed = [event.value for event in save.typed.get(name, [])]
            place.allowed += [save.intended.values[name], *typed, *_prefixes_allowed(save, name)]
        else:
            place.refused.append((save, save.due(name)))


def _delete(due: RecordDue, save: Save) -> None:
    if save.state == "acknowledged":
        due.deleted_by = save
    elif save.state == "unknown":
        due.maybe_deleted = True


def _acknowledge(
    place: Due, form: Form, save: Save, name: str, overlapping: list[Save]
) -> None:
    rivals = [
        other
        for other in overlapping
        if name in other.intended.values and other.state == "acknowledged"
    ]
    if place.checked:
        place.earlier.append(place.value)
    if form.concurrent == "conflict":
        earlier = [other for other in rivals if (other.ended_s or 0) < (save.ended_s or 0)]
        place.untold += [(other, other.due(name)) for other in earlier]
        place.allowed.clear()
    else:
        place.allowed[:] = [other.due(name) for other in rivals]
    place.value, place.save, place.checked = save.due(name), save, True
    if save.intended.operation == "clear":
        place.allowed.append(None)


def _prefixes_allowed(save: Save, name: str) -> list[Value]:
    """What an autosave may have caught of a text that was typed key by key: any beginning."""
    hows = [event.how for event in save.typed.get(name, [])]
    value = save.intended.values[name]
    if "typing" not in hows or not isinstance(value, str):
        return []
    return [value[:n] for n in range(1, len(value))]
