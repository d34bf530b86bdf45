"""What journals say of a load, read into entries and put together, by one process or by two."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np

from harness.journal.acts_files import ActsFile
from harness.journal.volume import Volume, take
from harness.sieve.acts import form_hashes, scan
from harness.sieve.join import Joined, Spots, join_records
from harness.sieve.pairs import Acts
from harness.sieve.spill import no_room

_TURN = np.dtype("<u4")


@dataclass(slots=True)
class Heard:
    """What the journals alone say; cut_n files end in the middle of a line."""

    volume: Volume
    cut_n: int = 0
    start_s: float = 0.0


def hear(files: Sequence[ActsFile], lines: Acts) -> Heard:
    """Read journals into entries of their lines; raises RecordUnreadable, EnvironmentBroken."""
    heard = Heard(Volume())
    volume, first_s = heard.volume, inf
    for number, file in enumerate(files):
        told = Volume()
        scanned = scan(number, file, lines, partial(take, volume=told, saves={}))
        heard.cut_n += scanned.is_cut
        first_s = min(first_s, scanned.first_s)
        volume.schedules += [
            replace(schedule, start_s=schedule.start_s + file.shift_s)
            for schedule in told.schedules
        ]
        for message, count in told.troubles.items():
            volume.troubles[message] = volume.troubles.get(message, 0) + count
    for spill in lines.all:
        spill.flush()
    # When its first save was due, or was begun where nobody set a pace.
    due_s = (schedule.start_s for schedule in volume.schedules)
    heard.start_s = min(due_s, default=0.0 if first_s == inf else first_s)
    return heard


class Turns:
    """Partitions, each to whoever comes first of the processes that have these turns.

    A file without a name is read by all of them from one place in it, which moves with each read.
    Raises EnvironmentBroken where it cannot be made or read.
    """

    def __init__(self, partitions_n: int) -> None:
        try:
            with TemporaryFile(prefix="harness-load-") as file:
                file.write(np.arange(partitions_n, dtype=_TURN).data)
                file.seek(0)
                self.fd = os.dup(file.fileno())
        except OSError as error:
            raise no_room(error) from error

    def __iter__(self) -> Iterator[int]:
        try:
            while word := os.read(self.fd, _TURN.itemsize):
                yield int.from_bytes(word, "little")
        except OSError as error:
            raise no_room(error) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)


class Task(NamedTuple):
    """What a process beside this one is asked; it has the files that spills and turns stand on."""

    files: Sequence[ActsFile]
    forms: Sequence[str]
    lines: Acts
    there: Spots
    here: Spots
    turns: Turns

    def join(self, heard: Heard, into: Spots, partitions: Iterable[int]) -> Joined:
        """Put together what lines of some partitions say of their records."""
        return join_records(self.lines, form_hashes(self.forms), into, heard.start_s, partitions)
