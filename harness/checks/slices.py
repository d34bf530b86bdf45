"""What was found in one slice of a load, kept so that several hosts may share the work.

A slice is every spot whose key falls into one of so many equal parts. What one found is what a
sieve holds of it, ahead of what only all of them can say together.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.checks.owing import Owing, Shape
from harness.checks.sifted import Crowd, First, Rank, Suspect
from harness.checks.sifting import Sieve
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.journal.volume import Owed, VolumeRecord, VolumeSave
from harness.model import Form, value_from_json, value_to_json
from harness.prints import PrintRow

SCHEMA = "harness.slice/4"
_COUNTS = ("acknowledged_n", "verified_n", "unread_n", "hidden_n", "fields_read", "orphans_n")


def write_slice(path: Path, sieve: Sieve, of: Mapping[str, object]) -> None:
    """Write what a sieve holds; of says of which load and which slice. Raises EnvironmentBroken."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.write_text(json.dumps({"schema": SCHEMA, "of": of, **_told(sieve)}), "ascii")
        part.replace(path)
    except OSError as error:
        raise EnvironmentBroken(f"the slice {path} cannot be written: {error}") from error


def add_slice(path: Path, sieve: Sieve, of: Mapping[str, object]) -> None:
    """Have a sieve know what another found; raises RecordUnreadable where it is of another load."""
    try:
        data = json.loads(path.read_text("ascii"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"written as {data['schema']!r}, this harness reads {SCHEMA!r}")
        if data["of"] != dict(of):
            raise ValueError(f"it is of {data['of']}, and {dict(of)} is judged")
        _add(sieve, data)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise RecordUnreadable(
            f"the slice {path} cannot be read: {error!r}; judge it again, or remove it"
        ) from error


def _told(sieve: Sieve) -> dict[str, object]:
    sifted = sieve.sifted
    return {
        "counts": {name: getattr(sifted, name) for name in _COUNTS},
        "suspects": [
            [list(rank), _owing_to(suspect.owing), _shape_to(suspect.shape)]
            for kept in sieve.suspects.values()
            for rank, suspect in kept.items()
        ],
        "crowds": [
            [form, _shape_to(shape), _crowd_to(crowd)]
            for (form, shape), crowd in sieve.all_crowds().items()
        ],
        "strays_n": sieve.strays.count,
        "strays": [[list(rank), list(row)] for rank, row in sieve.strays.items()],
        "changed_n": sieve.changed.count,
        "changed": [[list(rank), list(row)] for rank, row in sieve.changed.items()],
        "whole": [
            [list(rank), _owing_to(owing), list(row)]
            for kept in sieve.whole.values()
            for rank, (owing, row) in kept.items()
        ],
        "keyless": [
            [number, *row] for number, owing in enumerate(sieve.keyless)
            for row in sieve.rows_of[id(owing)]
        ],
        "foreign": sorted(sieve.foreign),
        "foreign_rows_n": sieve.foreign_rows_n,
    }  # fmt: skip


def _add(sieve: Sieve, data: Mapping[str, Any]) -> None:
    for name in _COUNTS:
        setattr(sieve.sifted, name, getattr(sieve.sifted, name) + int(data["counts"][name]))
    for rank, told, shape in data["suspects"]:
        suspect = Suspect(_owing_of(told, sieve.forms), _shape_of(shape))
        sieve.keep(suspect, _rank(rank))
    for form, shape, crowd in data["crowds"]:
        look = (str(form), _shape_of(shape))
        sieve.crowds.setdefault(look, Crowd()).join(_crowd_of(crowd))
    _add_first(sieve.strays, data["strays_n"], [(r, _row_of(row)) for r, row in data["strays"]])
    changed = [(r, _row_of(row)) for r, row in data["changed"]]
    _add_first(sieve.changed, data["changed_n"], changed)
    for rank, told, row in data["whole"]:
        owing = _owing_of(told, sieve.forms)
        sieve.offer(owing, tuple(row), _rank(rank))
    for number, at, prints in data["keyless"]:
        sieve.rows_of[id(sieve.keyless[number])].append((int(at), tuple(prints)))
    sieve.foreign.update((str(form), str(print_)) for form, print_ in data["foreign"])
    sieve.foreign_rows_n += int(data["foreign_rows_n"])


def _add_first(into: First[Any], count: int, found: Sequence[tuple[list[int], Any]]) -> None:
    for rank, item in found:
        into.add(_rank(rank), item)
    into.count += int(count) - len(found)


def _rank(rank: Sequence[int]) -> Rank:
    return tuple(int(each) for each in rank)


def _row_of(row: Sequence[Any]) -> PrintRow:
    form, key, prints, rest = row
    return PrintRow(str(form), str(key), tuple(prints), str(rest))


def _shape_to(shape: Shape) -> list[object]:
    return [shape.word, list(shape.fields), shape.sure]


def _shape_of(data: Sequence[Any]) -> Shape:
    word, fields, sure = data
    return Shape(str(word), tuple(fields), bool(sure))


def _crowd_to(crowd: Crowd) -> list[object]:
    spread = [crowd.first_s, crowd.last_s] if crowd.saves_n else None
    return [crowd.records_n, crowd.told_n, crowd.saves_n, spread, list(crowd.ended_s.items())]


def _crowd_of(data: Sequence[Any]) -> Crowd:
    records_n, told_n, saves_n, spread, ended_s = data
    first_s, last_s = spread or (float("inf"), float("-inf"))
    told = Counter({float(at_s): int(count) for at_s, count in ended_s})
    return Crowd(int(records_n), int(told_n), int(saves_n), first_s, last_s, told)


def _owing_to(owing: Owing) -> list[object]:
    before = None if owing.before is None else list(owing.before)
    return [owing.form.name, [_record_to(handle) for handle in owing.handles], before]


def _owing_of(data: Sequence[Any], forms: Mapping[str, Form]) -> Owing:
    form, handles, before = data
    records = [_record_of(handle) for handle in handles]
    return Owing(forms[form], records, None if before is None else tuple(before))


def _record_to(record: VolumeRecord) -> list[object]:
    key = None if record.key is None else list(record.key)
    saves = [_save_to(save) for save in record.saves]
    return [record.id, record.form, record.opened_s, key, record.keyed_late, saves]


def _record_of(data: Sequence[Any]) -> VolumeRecord:
    id_, form, opened_s, key, keyed_late, saves = data
    made = [_save_of(save) for save in saves]
    return VolumeRecord(id_, form, opened_s, None if key is None else tuple(key), keyed_late, made)


def _save_to(save: VolumeSave) -> list[object]:
    fields = [
        [name, o.text_class, o.fingerprint, *(value_to_json(value) for value in o.value or ())]
        for name, o in save.fields.items()
    ]
    return [
        save.id, save.operation, save.due_s, save.began_s, fields, save.state, save.ended_s,
        save.told, save.fault,
    ]  # fmt: skip


def _save_of(data: Sequence[Any]) -> VolumeSave:
    id_, operation, due_s, began_s, fields, *rest = data
    owed = {
        name: Owed(text_class, print_, (value_from_json(value[0]),) if value else None)
        for name, text_class, print_, *value in fields
    }
    return VolumeSave(id_, operation, due_s, began_s, owed, *rest)
