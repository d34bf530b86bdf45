"""What faults of ours make of a load: nobody's fault, and no evidence either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.checks.history import Fault
from harness.journal.volume import VolumeSave

# What was told stored so short a time before a fault began may have been under way in it.
AHEAD_S = 5.0


def excuse(saves: Iterable[VolumeSave], faults: Sequence[Fault]) -> None:
    """Saves that a fault overlaps and that were not acknowledged are unknown, by that fault.

    What stands in front of an application, or one that lost its storage, may tell that a save
    failed which is stored all the same.
    """
    for save in saves if faults else ():
        if save.state == "acknowledged":
            continue
        over_s = save.began_s if save.ended_s is None else save.ended_s
        fault = next((f for f in faults if f.began_s <= over_s and save.began_s <= f.ended_s), None)
        if fault is not None:
            save.state, save.fault = "unknown", fault.name


def where_they_fall(ended_s: Iterable[float], faults: Sequence[Fault]) -> str:
    """By the fault that each save ended in, or shortly before, how many there are."""
    if not faults:
        return ""
    counts: Counter[str] = Counter()
    for over_s in ended_s:
        met = (f.name for f in faults if f.began_s - AHEAD_S <= over_s <= f.ended_s)
        counts[next(met, "no fault")] += 1
    return "".join(f", {n:,} at {name!r}" for name, n in counts.most_common())
