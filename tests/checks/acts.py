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


def move_behind(path: Path, act: str, of: str) -> None:
    """Put the line of this act of a record or save behind all others of its process."""
    lines = [line for line in path.read_text("ascii").splitlines() if not line.startswith("c ")]
    (at,) = (n for n, line in enumerate(lines) if line[0] == act and of in line.split(" "))
    write_lines(path, [*lines[:at], *lines[at + 1 :], lines[at]])


def told(record: VolumeRecord) -> list[str]:
    """The lines of one record."""
    key = UNKNOWN if record.keyed_late else key_word(record.key)
    lines = [f"r {record.opened_s:.6f} {record.id} {quote(record.form)} {key}"]
    lines += [line for save in record.saves for line in begun(save)]
    if record.keyed_late:
        lines.append(f"k {record.opened_s:.6f} {record.id} {key_word(record.key)}")
    return lines + [line for save in record.saves for line in ended(save)]


def begun(save: VolumeSave) -> list[str]:
    """A save's intent."""
    due = UNKNOWN if save.due_s is None else f"{save.due_s:.6f}"
    fields = []
    for name, owed in save.fields.items():
        word = f"{quote(name)}={quote(owed.text_class)}:{owed.fingerprint}"
        if owed.value is not None:
            word += ":" + quote(json.dumps(value_to_json(owed.value[0])), safe="")
        fields.append(word)
    return [" ".join([f"i {save.began_s:.6f} {due} {save.id} {save.operation}", *fields])]


def ended(save: VolumeSave) -> list[str]:
    """Its outcome, where it has one."""
    if save.ended_s is None:
        return []
    line = f"{LETTERS[save.state]} {save.ended_s:.6f} {save.id} {quote(save.told, safe='/')}"
    return [f"{line} {save.fault or UNKNOWN}" if save.state == "unknown" else line]
