"""What a record of a load owes, in fingerprints: the oracle's own law on stand-ins for values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeAlias

from harness.checks.due import Due, RecordDue, is_right, record_due
from harness.checks.history import Save
from harness.checks.mixing import mixed_fields
from harness.checks.targets import Target
from harness.contracts import EXACT, fingerprint
from harness.journal import events as ev
from harness.journal.volume import VolumeRecord, VolumeSave
from harness.model import ABSENT, Field, Form, Value

_EMPTY, _NO_ROWS, _NULL, _ABSENT = fingerprint(""), fingerprint(()), "-", "?"
# Fingerprints of nothing, and which nothing it is.
NOTHING: dict[str, Value] = {_EMPTY: "", _NO_ROWS: (), _NULL: None, _ABSENT: ABSENT}

# One row's fingerprints, in the order of its form's fields.
RowPrints: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Owing:
    """One record of storage: every handle of it, in the order of their users.

    before is what it held ahead of the load; None where it was not there.
    """

    form: Form
    handles: list[VolumeRecord]
    before: RowPrints | None = None

    @property
    def saves(self) -> list[VolumeSave]:
        """Every save of every handle."""
        if len(self.handles) == 1:
            return self.handles[0].saves
        return [save for handle in self.handles for save in handle.saves]

    @property
    def acknowledged(self) -> list[VolumeSave]:
        """Those whose user was told "saved"."""
        return [save for save in self.saves if save.state == "acknowledged"]

    @property
    def visible(self) -> list[VolumeSave]:
        """Acknowledged saves that storage can tell from saves that never were.

        Not those that a later one wrote over, nor those that wrote what stood there already.
        """
        saves = _one_by_one(self.saves)
        if saves is None:
            due = _due(self, _on_stand_ins(self.form))
            shown = frozenset() if due.maybe_deleted else due.shown
            return [save for save in self.acknowledged if save.id in shown]
        names = (spec.name for spec in self.form.fields)
        held = dict(zip(names, self.before or (), strict=False))
        shows: dict[str, VolumeSave] = {}
        for save in saves:
            for name, owed in save.fields.items():
                if held.get(name) != owed.fingerprint:
                    held[name], shows[name] = owed.fingerprint, save
        return list({save.id: save for save in shows.values()}.values())

    @property
    def ready_s(self) -> float:
        """When the last save had its outcome."""
        return max((_told_s(save) for save in self.saves), default=0.0)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a record differs from what it owes: in one word, and the fields that are wrong.

    sure is False where fingerprints cannot tell, and only the texts do.
    """

    word: str = ""
    fields: tuple[str, ...] = field(default=())
    sure: bool = True

    def __bool__(self) -> bool:
        return bool(self.word)


WHOLE = Shape()


def shape_of(owing: Owing, found: Sequence[RowPrints]) -> Shape:
    """What is wrong with a record of which these rows were found; false where nothing is."""
    if len(found) > 1:
        return Shape("doubled", _touched(owing), sure=False)
    plain = _plain(owing)
    if plain is not None and found:
        wrong = [
            spec.name
            for spec, due, there in zip(owing.form.fields, plain, found[0], strict=True)
            if due not in (None, there) and not _both_empty(owing, spec.name, due, there)
        ]
        return Shape("differs", tuple(wrong)) if wrong else WHOLE
    return _weigh(owing, found[0] if found else None)


def stand_in(print_: str) -> Value:
    """A value that stands for every value with that fingerprint; nothing stands for itself."""
    return NOTHING.get(print_, print_)


def _plain(owing: Owing) -> list[str | None] | None:
    """What is due of each field where all was acknowledged, one save after the other; else None.

    The oracle's law says the same of such records, and says it more slowly.
    """
    saves = _one_by_one(owing.saves)
    if saves is None:
        return None
    due = {name: owed.fingerprint for save in saves for name, owed in save.fields.items()}
    held = owing.before or (None,) * len(owing.form.fields)
    return [due.get(spec.name, old) for spec, old in zip(owing.form.fields, held, strict=True)]


def _one_by_one(saves: list[VolumeSave]) -> list[VolumeSave] | None:
    """The saves in order, where each was acknowledged before the next began; else None."""
    if any(s.state != "acknowledged" or s.operation not in ("save", "clear") for s in saves):
        return None
    if len(saves) < 2:
        return saves
    in_order = sorted(saves, key=lambda save: save.began_s)
    if any(one.ended_s is None or one.ended_s > other.began_s for one, other in pairwise(in_order)):
        return None
    return in_order


def _both_empty(owing: Owing, name: str, due: str | None, there: str) -> bool:
    """A save that left nothing may be NULL as well as empty."""
    if due not in NOTHING or there not in (_EMPTY, _NULL, _NO_ROWS):
        return False
    return any(name in save.fields for save in owing.saves)


def _weigh(owing: Owing, found: RowPrints | None) -> Shape:
    """The law as the oracle has it, on stand-ins."""
    form = _on_stand_ins(owing.form)
    due = _due(owing, form)
    if found is None:
        return _missing(due)
    if due.deleted_by:
        return Shape("undeleted", tuple(due.fields))
    held = dict(zip(due.fields, map(stand_in, found), strict=True))
    wrong, unsure = [], False
    for name, value in held.items():
        place = due.fields[name]
        if not _is_fine(place, value, form.field(name)):
            wrong.append(name)
            unsure = unsure or bool(place.begun or place.together or not place.checked)
    mixed = mixed_fields(Target(form, [], frozenset(), due), held)
    wrong += [name for name, _ in mixed if name not in wrong]
    return Shape("differs", tuple(wrong), sure=not unsure) if wrong else WHOLE


def _missing(due: RecordDue) -> Shape:
    if due.deleted_by or due.maybe_deleted or not any(p.checked for p in due.fields.values()):
        return WHOLE
    names = [name for name, place in due.fields.items() if place.checked and place.value]
    return Shape("missing", tuple(names or due.fields))


def _is_fine(place: Due, value: Value, spec: Field) -> bool:
    if place.checked:
        told = any(rival.value != value for rival in place.untold)
        return is_right(place, value, spec) and not told
    banned = [told.value for told in (*place.refused, *place.discarded)]
    if not (banned or place.attempts) or value in (None, "", ABSENT, ()):
        return True
    return value not in banned and is_right(place, value, spec)


def _due(owing: Owing, form: Form) -> RecordDue:
    """What is due of a record, every value in it a stand-in."""
    names = [spec.name for spec in form.fields]
    initial = None
    if owing.before is not None:
        initial = dict(zip(names, map(stand_in, owing.before), strict=True))
    saves = [_retold(save, handle) for handle in owing.handles for save in handle.saves]
    return record_due(saves, form, initial)


def _on_stand_ins(form: Form) -> Form:
    """The form as fingerprints have it."""
    return replace(form, fields=tuple(map(_exact, form.fields)))


def _exact(spec: Field) -> Field:
    """The field as fingerprints have it: what the contract forgives is gone from them."""
    return Field(spec.name, spec.column, contract=EXACT)


def _retold(save: VolumeSave, handle: VolumeRecord) -> Save:
    values = {name: stand_in(owed.fingerprint) for name, owed in save.fields.items()}
    intended = ev.SaveIntended(
        at_s=save.began_s,
        save=save.id,
        record=handle.id,
        revision=0,
        operation=save.operation,
        values=values,
        classes={},
    )
    return Save(intended, "", state=save.state, ended_s=save.ended_s, fault=save.fault)


def _touched(owing: Owing) -> tuple[str, ...]:
    touched = {name for save in owing.saves for name in save.fields}
    return tuple(spec.name for spec in owing.form.fields if spec.name in touched)


def _told_s(save: VolumeSave) -> float:
    return save.began_s if save.ended_s is None else save.ended_s
