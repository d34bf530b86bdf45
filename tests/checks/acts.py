"""A load's journal as its processes would have written it."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from urllib.parse import quote

from harness.journal.volume import (
    SCHEMA,
    UNKNOWN,
    Volume,
    VolumeRecord,
    VolumeSave,
    first_save,
    key_word,
    schedule_words,
)
from harness.model import value_to_json

LETTERS = {"acknowledged": "a", "refused": "x", "unknown": "u"}


def write_acts(folder: Path, volume: Volume, files_n: int = 1) -> None:
    """Write what a volume holds, the records of each user in one of so many files."""
    for path in folder.glob("load-*.acts"):
        path.unlink()
    heads = [json.dumps({"kind": "opened", "schema": SCHEMA, "pid": n}) for n in range(files_n)]
    lines = [[head] for head in heads]
    for schedule in volume.schedules:
        lines[0].append(f"p 1.000000 {schedule_words(schedule)}")
    for message, count in volume.troubles.items():
        lines[0] += [f"e 1.000000 {quote(message)}"] * count
    lines[0] += ["a 1.000000 load/0/1/r9999/s1 of%20nobody"] * volume.orphans_n
    for record in volume.records.values():
        user = int(record.id.split("/")[1])
        lines[user % files_n] += told(record)
    for n, each in enumerate(lines):
        write_lines(folder / f"load-{n}.acts", each)


def write_lines(path: Path, lines: list[str]) -> None:
    """Write the lines of one process, its head first, and their sum."""
    data = "".join(f"{line}\n" for line in lines[1:]).encode("ascii")
    said = f"c 1.000000 1.000000 {zlib.crc32(data):08x}"
    sums = [f"{said} {len(lines) - 1}", f"{said} 0"]
    path.write_text("".join(f"{line}\n" for line in [*lines, *sums]), "ascii")


def read_lines(path: Path) -> list[str]:
    """The lines of one process, its head first, without their sums."""
    return [line for line in path.read_text("ascii").splitlines() if not line.startswith("c ")]


def take_apart(path: Path) -> None:
    """Have each record and its first save told by two lines, as those that do not go together."""
    write_lines(path, [each for line in read_lines(path) for each in apart(line)])


def apart(line: str) -> list[str]:
    """A line, or what it says of a record and of its first save."""
    if not line.startswith("n "):
        return [line]
    _, at_s, due, record, form, key, *saved = line.split(" ")
    intent = " ".join(["i", at_s, due, first_save(record), *saved])
    return [f"r {at_s} {record} {form} {key}", intent]


def move_behind(path: Path, act: str, of: str) -> None:
    """Put the line of this act of a record or save behind all others of its process."""
    lines = read_lines(path)
    (at,) = (n for n, line in enumerate(lines) if line[0] == act and of in line.split(" "))
    write_lines(path, [*lines[:at], *lines[at + 1 :], lines[at]])


def told(record: VolumeRecord) -> list[str]:
    """The lines of one record."""
    key = UNKNOWN if record.keyed_late else key_word(record.key)
    of = f"{record.id} {quote(record.form)} {key}"
    saves = list(record.saves)
    if saves and saves[0].id == first_save(record.id):
        first = saves.pop(0)
        lines = [" ".join([f"n {first.began_s:.6f} {_due(first)} {of}", *_owed(first)])]
    else:
        lines = [f"r {record.opened_s:.6f} {of}"]
    lines += map(begun, saves)
    if record.keyed_late:
        lines.append(f"k {record.opened_s:.6f} {record.id} {key_word(record.key)}")
    return lines + [line for save in record.saves for line in ended(save)]


def begun(save: VolumeSave) -> str:
    """A save's intent."""
    return " ".join([f"i {save.began_s:.6f} {_due(save)} {save.id}", *_owed(save)])


def _due(save: VolumeSave) -> str:
    return UNKNOWN if save.due_s is None else f"{save.due_s:.6f}"


def _owed(save: VolumeSave) -> list[str]:
    words: list[str] = [save.operation]
    for name, owed in save.fields.items():
        word = f"{quote(name)}={quote(owed.text_class)}:{owed.fingerprint}"
        if owed.value is not None:
            word += ":" + quote(json.dumps(value_to_json(owed.value[0])), safe="")
        words.append(word)
    return words


def ended(save: VolumeSave) -> list[str]:
    """Its outcome, where it has one."""
    if save.ended_s is None:
        return []
    line = f"{LETTERS[save.state]} {save.ended_s:.6f} {save.id} {quote(save.told, safe='/')}"
    return [f"{line} {save.fault or UNKNOWN}" if save.state == "unknown" else line]
