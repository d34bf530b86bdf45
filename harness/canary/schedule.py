"""When the next probe is due: on the monotonic clock, never two at once, and how late it began."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Schedule:
    """The times of one target's probes; every time is of the monotonic clock, in seconds.

    Jitter is a share of the interval, so that many canaries do not write at the same moment. A
    time that comes while a probe is still at work is skipped, never made up for.
    """

    interval_s: float
    jitter: float
    began_s: float
    chance: random.Random = field(default_factory=random.Random)
    due_s: float = field(init=False)
    _place: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.due_s = self.began_s

    def wait_s(self, now_s: float) -> float:
        """How long until the next probe; 0 where it is due."""
        return max(0.0, self.due_s - now_s)

    def lag_s(self, now_s: float) -> float:
        """How late a probe is that begins now."""
        return max(0.0, now_s - self.due_s)

    def hurry(self, now_s: float) -> None:
        """Have the next probe at once, for a new release is there; the others follow it."""
        early_s = self.due_s - now_s
        if early_s > 0:
            self.due_s = now_s
            self.began_s -= early_s

    def ended(self, now_s: float) -> int:
        """A probe is over: choose the next time, and say how many had to be skipped for it."""
        missed_n = 0
        while True:
            self._place += 1
            planned_s = self.began_s + self._place * self.interval_s
            if planned_s > now_s - self.interval_s * self.jitter:
                break
            missed_n += 1
        shift_s = self.chance.uniform(-self.jitter, self.jitter) * self.interval_s
        self.due_s = max(planned_s + shift_s, now_s)
        return missed_n
