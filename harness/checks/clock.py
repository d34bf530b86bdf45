"""When a read counts: after the settle time, which faults of ours stop."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.history import Fault


def still_s(ready_s: float, faults: Iterable[Fault], read_s: float) -> float:
    """From when settle time runs, for a read at read_s: no fault that began before it lasts."""
    return max([ready_s, *(fault.ended_s for fault in faults if fault.began_s <= read_s)])


def counts(read_s: float, ready_s: float, settle_s_max: float, faults: Iterable[Fault]) -> bool:
    """Whether a read that began at read_s says anything of a save that was over at ready_s."""
    return read_s >= still_s(ready_s, faults, read_s) + settle_s_max
