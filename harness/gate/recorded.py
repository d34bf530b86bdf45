"""What a run's folder holds, weighed: offline, at the end of a run or long after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.checks.grounds import Grounds
from harness.checks.load_owed import LoadRecord
from harness.errors import RecordUnreadable
from harness.journal.acts_files import ActsFile, find_acts
from harness.journal.clocks import Clock, clock_of
from harness.journal.events import Event, Opened
from harness.journal.reader import read_journal
from harness.judge import weigh
from harness.observations import read_observations
from harness.prints import Prints, find_prints
from harness.promise import BASELINE_LOAD, FAULTS_LOAD, LOAD, Promise, read_promise
from harness.runs import RunFolder


def weigh_run(run: RunFolder, promise: Promise | None = None) -> Grounds:
    """Every check on the folder's record; raises RecordUnreadable."""
    promise = promise or read_promise(run.path / "plan.json")
    events = read_journal(run.journal)
    clock = clock_of_run(events)
    records = [read_load(run, name, clock) for name in promised_loads(promise)]
    return weigh_record(run, promise, events, records)


def weigh_record(
    run: RunFolder, promise: Promise, events: Sequence[Event], loads: Sequence[LoadRecord]
) -> Grounds:
    """Every check on the folder's record and these loads; raises RecordUnreadable."""
    records = list(loads)
    if promise.stages.get(LOAD) and promise.save_p95_ratio_max is not None:
        records.append(read_load(run, BASELINE_LOAD, clock_of_run(events)))
    return weigh(promise, events, read_observations(run.observations), records)


def promised_loads(promise: Promise) -> list[str]:
    """The loads whose saves are compared with storage, by their names."""
    return [name for name in (LOAD, FAULTS_LOAD) if promise.stages.get(name)]


def read_load(run: RunFolder, name: str = LOAD, clock: Clock | None = None) -> LoadRecord:
    """What a run's folder holds of a load, by the clock of whoever read storage.

    What cannot be read is a sentence in it.
    """
    unreadable: list[str] = []
    files: list[ActsFile] = []
    reads: tuple[Prints | None, Prints | None] = (None, None)
    try:
        files = find_acts(acts_of(run, name), clock)
    except RecordUnreadable as error:
        unreadable.append(str(error))
    try:
        reads = reads_of(run, name)
    except RecordUnreadable as error:
        unreadable.append(str(error))
    before, final = reads
    final = None if unreadable else final
    return LoadRecord(tuple(files), before, final, tuple(unreadable), name)


def clock_of_run(events: Sequence[Event]) -> Clock | None:
    """The clock by which a run's own journal was written; None where it does not say."""
    opened = (event for event in events if isinstance(event, Opened))
    first = next(opened, None)
    return None if first is None else clock_of(first.boot, [(first.at_s, first.wall_s)])


def acts_of(run: RunFolder, name: str) -> Path:
    """The folder of a load's own journal."""
    return run.journal if name == LOAD else run.journal / name


def reads_of(run: RunFolder, name: str) -> tuple[Prints | None, Prints | None]:
    """The read before a load and the last one after it; raises RecordUnreadable."""
    prints = [found for found in find_prints(run.observations) if found.load == name]
    before = [found for found in prints if found.purpose == "before"]
    final = [found for found in prints if found.purpose == "final"]
    return (before[0] if before else None), (final[-1] if final else None)
