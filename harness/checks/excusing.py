"""What faults of ours make of a load: nobody's fault, and no evidence either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.checks.history import Fault
from harness.checks.pace import start_of
from harness.journal.volume import Volume, VolumeSave

# What was told stored so short a time before a fault began may have been under way in it.
AHEAD_S = 5.0


def faults_within(volume: Volume, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults that began while a load went on."""
    if not volume.schedules:
        return ()
    from_s = start_of(volume)
    to_s = max(schedule.end_s for schedule in volume.schedules)
    return tuple(fault for fault in faults if from_s <= fault.began_s <= to_s)


def excuse(saves: Iterable[VolumeSave], faults: Sequence[Fault]) -> int:
    """Saves that a fault overlaps and that were not acknowledged are unknown, by that fault.

    What stands in front of an application, or one that lost its storage, may tell that a save
    failed which is stored all the same. Returns how many saves there are of the kind.
    """
    excused_n = 0
    for save in saves if faults else ():
        if save.state == "acknowledged":
            continue
        over_s = save.began_s if save.ended_s is None else save.ended_s
        fault = next((f for f in faults if f.began_s <= over_s and save.began_s <= f.ended_s), None)
        if fault is not None:
            save.state, save.fault = "unknown", fault.name
            excused_n += 1
    return excused_n


def where_they_fall(ended_s: Iterable[float], faults: Sequence[Fault]) -> str:
    """By the fault that each save ended in, or shortly before, how many there are."""
    if not faults:
        return ""
    counts: Counter[str] = Counter()
    for over_s in ended_s:
        met = (f.name for f in faults if f.began_s - AHEAD_S <= over_s <= f.ended_s)
        counts[next(met, "no fault")] += 1
    return "".join(f", {n:,} at {name!r}" for name, n in counts.most_common())
