"""What faults of ours make of a load: nobody's fault, and no evidence either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.checks.history import Fault
from harness.journal.volume import VolumeSave


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
