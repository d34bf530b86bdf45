"""What journals say of a load: read into entries here, or in a process beside this one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait

from harness.errors import EnvironmentBroken, HarnessError
from harness.journal.acts_files import ActsFile
from harness.journal.volume import Volume, take
from harness.sieve.acts import ACT, form_hashes, scan
from harness.sieve.join import WENT, Joined, join_records
from harness.sieve.rows import SPOT
from harness.sieve.spill import Spill


class Spills:
    """Where entries are kept: of lines, of what is to stand in storage, and of saves as they went.

    keyless are lines of records that never got a key. Raises EnvironmentBroken.
    """

    def __init__(self, partitions_n: int) -> None:
        self.lines = Spill(ACT, partitions_n, by="rec")
        self.spots = Spill(SPOT, partitions_n, by="key")
        self.keyless = Spill(SPOT, partitions_n, by="key")
        self.went = Spill(WENT, partitions_n, by="slot")

    @property
    def all(self) -> tuple[Spill, ...]:
        """Each of them."""
        return self.lines, self.spots, self.keyless, self.went

    def close(self) -> None:
        """Give their room back; a second call does nothing."""
        for spill in self.all:
            spill.close()


@dataclass(slots=True)
class Heard:
    """What the journals alone say; cut_n files end in the middle of a line."""

    volume: Volume
    joined: Joined
    spills: Spills
    cut_n: int = 0
    start_s: float = 0.0


def hear(files: Sequence[ActsFile], forms: Sequence[str], spills: Spills) -> Heard:
    """Read journals into entries; raises RecordUnreadable, EnvironmentBroken."""
    heard = Heard(Volume(), Joined(), spills)
    volume, first_s = heard.volume, inf
    for number, file in enumerate(files):
        told = Volume()
        scanned = scan(number, file, spills.lines, partial(take, volume=told, saves={}))
        heard.cut_n += scanned.is_cut
        first_s = min(first_s, scanned.first_s)
        volume.schedules += [
            replace(schedule, start_s=schedule.start_s + file.shift_s)
            for schedule in told.schedules
        ]
        for message, count in told.troubles.items():
            volume.troubles[message] = volume.troubles.get(message, 0) + count
    # When its first save was due, or was begun where nobody set a pace.
    due_s = (schedule.start_s for schedule in volume.schedules)
    heard.start_s = min(due_s, default=0.0 if first_s == inf else first_s)
    heard.joined = join_records(
        spills.lines, form_hashes(forms), spills.spots, spills.keyless, spills.went, heard.start_s
    )
    for spill in spills.all:
        spill.flush()
    return heard


class Beside:
    """A process that hears journals meanwhile; it ends with whoever began it, at any moment."""

    def __init__(self, files: Sequence[ActsFile], forms: Sequence[str], spills: Spills) -> None:
        self._spills = spills
        # What forks here would inherit the threads of whoever calls.
        context = get_context("spawn")
        self._told, telling = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_tell, args=(telling, files, forms, spills), daemon=True
        )
        self._process.start()
        telling.close()

    def heard(self) -> Heard:
        """What it heard, once it is done; raises RecordUnreadable, EnvironmentBroken."""
        try:
            told: Heard | HarnessError = self._told.recv()
        except EOFError as error:
            self._process.join()
            raise EnvironmentBroken(
                "the process that read the load's journals has died with code "
                f"{self._process.exitcode}; was there memory and disk enough?"
            ) from error
        if isinstance(told, HarnessError):
            raise told
        for mine, theirs in zip(self._spills.all, told.spills.all, strict=True):
            mine.follow(theirs)
        told.spills = self._spills
        return told

    def close(self) -> None:
        """End it, wherever it is."""
        self._process.kill()
        self._process.join()
        self._told.close()


def _tell(
    telling: Connection, files: Sequence[ActsFile], forms: Sequence[str], spills: Spills
) -> None:
    # Ctrl-C is for whoever began this, and ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    told: Heard | HarnessError
    try:
        told = hear(files, forms, spills)
    except HarnessError as error:
        told = error
    with suppress(BrokenPipeError):
        telling.send(told)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)
