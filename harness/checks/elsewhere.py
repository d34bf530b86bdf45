"""Where a record's values stand that do not belong there, and records that stand twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from harness.checks.due import is_right
from harness.checks.rows import Place, Rows
from harness.checks.targets import Target, Targets
from harness.contracts import is_nothing
from harness.model import ABSENT, Anomaly, Key, Value
from harness.observations import Row

Oddity: TypeAlias = tuple[str, Anomaly, Value, str, Key, bool]


def misplaced_and_doubled(
    targets: Targets,
    target: Target,
    home: Sequence[Row],
    rows: Rows,
    wrong: Collection[str],
) -> Iterator[Oddity]:
    """(field, anomaly, what stands there, note, its row's key, breach) of each value too many.

    breach: it stands in the record of somebody else, whether it is whole at home or not.
    wrong are the fields that are not right at home: a value that stands in their column of
    another row is not doubled but misplaced, and so is one in the row of another record.
    """
    if len(home) > 1 and not target.due.deleted_by:
        yield from _doubled(target, home)
        return
    names = [f.name for f in target.form.fields]
    said = set()
    for origin in sorted(target.origins):
        for trace, at in rows.of_origin(origin):
            name = names[trace.field] if trace.field < len(names) else names[0]
            spot = (name, at.row.form, at.row.key, at.field)
            at_home = any(at.row is row for row in home)
            if spot in said or (at_home and (at.field == name or _owes(target, at))):
                continue
            said.add(spot)
            if not _is_shared(targets, target, name, at):
                breach = not target.due.deleted_by and is_anothers(targets, target, at.row)
                what = _what(targets, target, name, at, wrong)
                anomaly = Anomaly.MISPLACED if breach else what
                yield name, anomaly, at.value, _where(at), at.row.key, breach


def is_anothers(targets: Targets, target: Target, row: Row) -> bool:
    """Whether a row is known to be of another record: another one's, or there before.

    Rows of several forms that one case made, or whose keys begin alike, are parts of one record.
    """
    owner = targets.owners.get((row.form, row.key))
    if owner is not None:
        return are_apart(target, owner)
    stood = (row.form, row.key) in (targets.before or {})
    return stood and (row.form == target.form.name or not _begin_alike(target.key, row.key))


def are_apart(one: Target, other: Target) -> bool:
    """Whether two records have nothing to do with each other."""
    if one is other:
        return False
    if one.form.name == other.form.name:
        return True
    return one.trial != other.trial and not _begin_alike(one.key, other.key)


def _begin_alike(one: Key | None, other: Key | None) -> bool:
    if one is None or other is None:
        return False
    parts_n = min(len(one), len(other))
    return one[:parts_n] == other[:parts_n]


def _doubled(target: Target, home: Sequence[Row]) -> Iterator[Oddity]:
    note = f"{len(home)} rows hold what was saved once"
    for name, place in target.due.fields.items():
        if place.save is not None and not is_nothing(place.value):
            value = home[1].fields.get(name, ABSENT)
            yield name, Anomaly.DUPLICATED, value, note, home[1].key, False


def _owes(target: Target, at: Place) -> bool:
    """Whether the place itself owes this value, as a field of the same record does."""
    place = target.due.fields.get(at.field)
    if place is None or not place.checked:
        return False
    return is_right(place, at.value, target.form.field(at.field))


def _is_shared(targets: Targets, target: Target, name: str, at: Place) -> bool:
    """Whether the place is the very same column of the very same row, as another form sees it."""
    form, other = target.form, targets.forms.get(at.row.form)
    if other is None or other.name == form.name or at.row.key != target.key:
        return False
    if at.field not in {f.name for f in other.fields}:
        return False
    mine = (form.storage, form.table, form.field(name).column)
    return form.table is not None and mine == (
        other.storage,
        other.table,
        other.field(at.field).column,
    )


def _what(
    targets: Targets, target: Target, name: str, at: Place, wrong: Collection[str]
) -> Anomaly:
    if target.due.deleted_by:
        return Anomaly.RESURRECTED
    whole_at_home = at.row.form == target.form.name and at.field == name and name not in wrong
    # A row that another record owns is no second copy: this is somebody else's.
    strange = targets.owners.get((at.row.form, at.row.key)) not in (None, target)
    return Anomaly.DUPLICATED if whole_at_home and not strange else Anomaly.MISPLACED


def _where(at: Place) -> str:
    return f"stands in {at.row.form} {'/'.join(at.row.key)}, field {at.field}"
