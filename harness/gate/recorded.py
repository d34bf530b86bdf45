"""What a run's folder holds, weighed: offline, at the end of a run or long after it."""

from __future__ import annotations

from pathlib import Path

from harness.checks.grounds import Grounds
from harness.checks.load_owed import LoadRecord
from harness.errors import RecordUnreadable
from harness.journal.reader import read_journal
from harness.journal.volume import ActsFile, find_acts
from harness.judge import weigh
from harness.observations import read_observations
from harness.prints import Prints, find_prints
from harness.promise import BASELINE_LOAD, FAULTS_LOAD, LOAD, Promise, read_promise
from harness.runs import RunFolder


def weigh_run(run: RunFolder, promise: Promise | None = None) -> Grounds:
    """Every check on the folder's record; raises RecordUnreadable."""
    promise = promise or read_promise(run.path / "plan.json")
    promised = [name for name in (LOAD, FAULTS_LOAD) if promise.stages.get(name)]
    if LOAD in promised and promise.save_p95_ratio_max is not None:
        promised.append(BASELINE_LOAD)
    loads = [read_load(run, name) for name in promised]
    return weigh(promise, read_journal(run.journal), read_observations(run.observations), loads)


def read_load(run: RunFolder, name: str = LOAD) -> LoadRecord:
    """What a run's folder holds of a load; what cannot be read is a sentence in it."""
    unreadable: list[str] = []
    files: list[ActsFile] = []
    reads: tuple[Prints | None, Prints | None] = (None, None)
    try:
        files = find_acts(acts_of(run, name))
    except RecordUnreadable as error:
        unreadable.append(str(error))
    try:
        reads = reads_of(run, name)
    except RecordUnreadable as error:
        unreadable.append(str(error))
    before, final = reads
    final = None if unreadable else final
    return LoadRecord(tuple(files), before, final, tuple(unreadable), name)


def acts_of(run: RunFolder, name: str) -> Path:
    """The folder of a load's own journal."""
    return run.journal if name == LOAD else run.journal / name


def reads_of(run: RunFolder, name: str) -> tuple[Prints | None, Prints | None]:
    """The read before a load and the last one after it; raises RecordUnreadable."""
    prints = [found for found in find_prints(run.observations) if found.load == name]
    before = [found for found in prints if found.purpose == "before"]
    final = [found for found in prints if found.purpose == "final"]
    return (before[0] if before else None), (final[-1] if final else None)
