"""When saves begin: at fixed moments, whoever is free, however long the ones before them take.

Users that wait for their own answers before they act again send less the slower the application
is, and so hide how slow it is. Here moments are given out, not turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.journal.schedule import Schedule
from harness.model import Leg

# Users sign in first, and the schedule starts when all have; it does not wait for one that cannot.
GATHER_S_MAX = 10.0
GATHER_POLL_S = 0.05
# What is left when all is over is begun for so much of the held time longer: who is further behind
# did not hold the rate, and must not look as if.
LATE_SHARE_MAX = 0.05


def _sleep(wait_s: float) -> None:
    # Looked up when it is called: Locust replaces it, and may be imported after this.
    time.sleep(wait_s)


@dataclass(slots=True)
class Pacer:
    """Hands the moments of one process's schedule to its users.

    peak and legs are the whole load's, nth and of_n this process's place among those that drive
    it; users are its own. begin says when the schedule starts, None while not all who share it
    are there. on_start is told the schedule once it is known; over says that the load is over, also
    where moments are left.
    """

    peak: float
    legs: tuple[Leg, ...]
    users: int
    on_start: Callable[[Schedule], None]
    nth: int = 0
    of_n: int = 1
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = _sleep
    begin: Callable[[], float | None] | None = None
    over: Callable[[], bool] = lambda: False
    schedule: Schedule | None = field(init=False, default=None)
    _given_n: int = 0
    _late_s: float = 0.0
    _gathering_since_s: float | None = None
    _gathered: set[int] = field(default_factory=set)

    def next_s(self, user: int) -> float | None:
        """Wait until the next save may begin and say when that was to be; None when all is over."""
        schedule = self.schedule or self._gather(user)
        number, now_s = self._given_n, self.clock()
        if number >= schedule.moments_n or now_s > self._late_s or self.over():
            return None
        self._given_n += 1
        due_s = schedule.moment_s(number)
        if due_s > now_s:
            self.sleep(due_s - now_s)
        return due_s

    def _gather(self, user: int) -> Schedule:
        """Wait until every user has come so far, and let the schedule start."""
        self._gathered.add(user)
        if self._gathering_since_s is None:
            self._gathering_since_s = self.clock()
        while self.schedule is None:
            waited_s = self.clock() - self._gathering_since_s
            gathered = len(self._gathered) >= self.users or waited_s >= GATHER_S_MAX
            start_s = self._start_s() if gathered else None
            if start_s is not None:
                schedule = Schedule(start_s, self.peak, self.legs, self.nth, self.of_n)
                self._late_s = schedule.end_s + LATE_SHARE_MAX * schedule.hold_s
                self.schedule = schedule
                self.on_start(schedule)
            else:
                self.sleep(GATHER_POLL_S)
        return self.schedule

    def _start_s(self) -> float | None:
        return round(self.clock() + GATHER_POLL_S, 6) if self.begin is None else self.begin()
