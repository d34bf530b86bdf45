"""How the clocks of hosts are told apart, and times of one taken to another.

Times are seconds of a host's monotonic clock, which begins when the host does: two hosts have
nothing in common but the wall clock. Every writer notes both now and then, and the middle one of
its notes says how far they are apart, so that a wall clock that was set once does no harm.
"""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# A wall clock that is moved by less is being kept in time, and was not set.
JUMP_S = 1.0


@dataclass(frozen=True, slots=True)
class Clock:
    """A host's monotonic clock: boot names it, "" where nobody wrote it down.

    aheads_s are how far the wall clock was ahead of it, each time that somebody looked.
    """

    boot: str = ""
    aheads_s: tuple[float, ...] = ()

    def is_same(self, other: Clock) -> bool:
        """Whether times of both compare as they are; those of nobody knows where do."""
        return not (self.boot and other.boot) or self.boot == other.boot

    def shift_s(self, to: Clock) -> float:
        """What takes a time of this clock to another: 0 where both are the same."""
        if self.is_same(to) or not (self.aheads_s and to.aheads_s):
            return 0.0
        ahead_s = statistics.median(self.aheads_s) - statistics.median(to.aheads_s)
        return round(ahead_s, 6)

    @property
    def jumped_s(self) -> float:
        """By how much the wall clock was set meanwhile; 0 where it was only kept in time."""
        jumped_s = max(self.aheads_s, default=0.0) - min(self.aheads_s, default=0.0)
        return jumped_s if jumped_s > JUMP_S else 0.0


def clock_of(boot: object, pairs: Sequence[tuple[float, float]]) -> Clock:
    """The clock of a writer by its notes, each of monotonic and of wall time."""
    return Clock(str(boot or ""), tuple(wall_s - at_s for at_s, wall_s in pairs))


@cache
def boot_name() -> str:
    """A name of this host since it was started, which its processes share."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{socket.gethostname()}-{round(time.time() - time.monotonic(), -1):.0f}"
