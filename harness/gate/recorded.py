"""What a run's folder holds, weighed: offline, at the end of a run or long after it."""

from __future__ import annotations

from harness.checks.grounds import Grounds
from harness.checks.load_owed import LoadRecord
from harness.errors import RecordUnreadable
from harness.journal.reader import read_journal
from harness.journal.volume import ActsFile, Volume, find_acts, read_volume
from harness.judge import LOAD, weigh
from harness.observations import read_observations
from harness.prints import find_prints
from harness.promise import Promise, read_promise
from harness.runs import RunFolder

STAGE = LOAD


def weigh_run(run: RunFolder, promise: Promise | None = None) -> Grounds:
    """Every check on the folder's record; raises RecordUnreadable."""
    promise = promise or read_promise(run.path / "plan.json")
    load = read_load(run) if promise.stages.get(STAGE) else None
    return weigh(promise, read_journal(run.journal), read_observations(run.observations), load)


def read_load(run: RunFolder) -> LoadRecord:
    """What a run's folder holds of its load; what cannot be read is a sentence in it."""
    unreadable: list[str] = []
    volume, prints = Volume(), []
    files: list[ActsFile] = []
    try:
        volume, files = read_volume(run.journal), find_acts(run.journal)
    except RecordUnreadable as error:
        unreadable.append(str(error))
    try:
        prints = find_prints(run.observations)
    except RecordUnreadable as error:
        unreadable.append(str(error))
    before = [p for p in prints if p.purpose == "before"]
    final = [p for p in prints if p.purpose == "final"]
    return LoadRecord(
        volume,
        tuple(files),
        before[0] if before else None,
        final[-1] if final and not unreadable else None,
        tuple(unreadable),
    )
