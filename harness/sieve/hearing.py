"""What journals say of a load: read into entries here, or in a process beside this one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from harness.errors import EnvironmentBroken, HarnessError
from harness.journal.acts_files import ActsFile
from harness.journal.volume import Volume, take
from harness.sieve.acts import form_hashes, scan
from harness.sieve.join import Joined, Spots, join_records
from harness.sieve.spill import Spill

# To take a turn is to add one to a number.
TURN_S_MAX = 30.0


@dataclass(slots=True)
class Heard:
    """What the journals alone say; cut_n files end in the middle of a line."""

    volume: Volume
    lines: Spill
    cut_n: int = 0
    start_s: float = 0.0

    def join(self, forms: Sequence[str], into: Spots, partitions: Iterable[int]) -> Joined:
        """Put together what lines of some partitions say of their records.

        Raises EnvironmentBroken.
        """
        return join_records(self.lines, form_hashes(forms), into, self.start_s, partitions)


def hear(files: Sequence[ActsFile], lines: Spill) -> Heard:
    """Read journals into entries of their lines; raises RecordUnreadable, EnvironmentBroken."""
    heard = Heard(Volume(), lines)
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
    lines.flush()
    # When its first save was due, or was begun where nobody set a pace.
    due_s = (schedule.start_s for schedule in volume.schedules)
    heard.start_s = min(due_s, default=0.0 if first_s == inf else first_s)
    return heard


class Turns:
    """Partitions, each to whoever comes first of those that have these turns.

    Iterating raises EnvironmentBroken where one of them died with its turn half taken.
    """

    def __init__(self, partitions_n: int, next_: Synchronized[int]) -> None:
        self._partitions_n = partitions_n
        self._next = next_

    def __iter__(self) -> Iterator[int]:
        lock = self._next.get_lock()
        while True:
            if not lock.acquire(timeout=TURN_S_MAX):
                raise EnvironmentBroken(
                    "one of the processes that judge a load has died while it took its turn; was "
                    "there memory enough?"
                )
            mine, self._next.value = self._next.value, self._next.value + 1
            lock.release()
            if mine >= self._partitions_n:
                return
            yield mine


class Here:
    """Journals that are heard by a thread, which puts all of them together."""

    def __init__(
        self, files: Sequence[ActsFile], forms: Sequence[str], lines: Spill, spots: Spots
    ) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._told = self._thread.submit(self._hear, files, forms, lines, spots)

    def heard(self, _: Spots) -> tuple[Heard, list[Joined]]:
        """What it heard and put together; raises RecordUnreadable, EnvironmentBroken."""
        return self._told.result()

    def close(self) -> None:
        """Wait for its end."""
        self._thread.shutdown()

    @staticmethod
    def _hear(
        files: Sequence[ActsFile], forms: Sequence[str], lines: Spill, spots: Spots
    ) -> tuple[Heard, list[Joined]]:
        heard = hear(files, lines)
        return heard, [heard.join(forms, spots, range(lines.partitions_n))]


class Beside:
    """A process that hears journals meanwhile; it ends with whoever began it, at any moment.

    What it heard is put together by both, a partition each by turns.
    """

    def __init__(
        self, files: Sequence[ActsFile], forms: Sequence[str], lines: Spill, spots: Spots
    ) -> None:
        self._forms, self._lines, self._spots = forms, lines, spots
        # What forks here would inherit the threads of whoever calls.
        context = get_context("spawn")
        self._told, telling = context.Pipe(duplex=False)
        self._turns = Turns(lines.partitions_n, context.Value("q", 0))
        self._process = context.Process(
            target=_tell, args=(telling, files, forms, lines, spots, self._turns), daemon=True
        )
        self._process.start()
        telling.close()

    def heard(self, mine: Spots) -> tuple[Heard, list[Joined]]:
        """What it heard, and what came of it there and here; mine is where the latter is kept.

        Raises RecordUnreadable, EnvironmentBroken.
        """
        heard: Heard = self._next()
        self._lines.follow(heard.lines)
        heard.lines = self._lines
        here = heard.join(self._forms, mine, self._turns)
        there, spots = self._next()
        for ours, theirs in zip(self._spots.all, spots.all, strict=True):
            ours.follow(theirs)
        return heard, [here, there]

    def close(self) -> None:
        """End it, wherever it is."""
        self._process.kill()
        self._process.join()
        self._told.close()

    def _next(self) -> Any:
        try:
            told = self._told.recv()
        except EOFError as error:
            self._process.join()
            raise EnvironmentBroken(
                "the process that read the load's journals has died with code "
                f"{self._process.exitcode}; was there memory and disk enough?"
            ) from error
        if isinstance(told, HarnessError):
            raise told
        return told


def _tell(
    telling: Connection,
    files: Sequence[ActsFile],
    forms: Sequence[str],
    lines: Spill,
    spots: Spots,
    turns: Turns,
) -> None:
    # Ctrl-C is for whoever began this, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(BrokenPipeError):
        try:
            heard = hear(files, lines)
            telling.send(heard)
            telling.send((heard.join(forms, spots, turns), spots))
        except HarnessError as error:
            telling.send(error)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)
