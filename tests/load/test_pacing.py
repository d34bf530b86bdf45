"""When saves are due, and who waits for what."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.journal.schedule import Schedule
from harness.load.pacing import GATHER_S_MAX, LATE_SHARE_MAX, Pacer
from harness.model import Leg


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now_s: float = 100.0
    slept_s: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now_s

    def sleep(self, wait_s: float) -> None:
        self.slept_s.append(wait_s)
        self.now_s += wait_s


RISE = (Leg(1.0, 2.0), Leg(1.0, 3.0))


def pacer(clock: Clock, users: int = 1, told: list[Schedule] | None = None) -> Pacer:
    kept = [] if told is None else told
    return Pacer(10.0, RISE, users, kept.append, clock=clock.read, sleep=clock.sleep)


def test_a_user_waits_for_its_moment_and_no_longer() -> None:
    """Whoever comes early sleeps until the moment; whoever comes late begins at once."""
    clock = Clock()
    told: list[Schedule] = []
    paced = pacer(clock, told=told)
    first = paced.next_s(1)
    assert clock.now_s == first == told[0].start_s

    second = paced.next_s(1)
    assert clock.now_s == second
    clock.now_s += 1.0
    slept_n = len(clock.slept_s)
    third = paced.next_s(1)

    assert third is not None
    assert third < clock.now_s
    assert slept_n == len(clock.slept_s)


def test_every_moment_is_given_once_and_then_all_is_over() -> None:
    """A schedule of 10 and 30 saves gives 40 moments, and after them nothing."""
    paced = pacer(Clock())
    given_s = [paced.next_s(1) for _ in range(42)]

    assert 40 == len({moment for moment in given_s if moment is not None})
    assert [None, None] == given_s[40:]


def test_what_is_far_too_late_is_not_begun() -> None:
    """An application that stands still leaves moments that nobody takes any more."""
    clock = Clock()
    paced = pacer(clock)
    paced.next_s(1)
    clock.now_s += 5.0 + 3.0 * LATE_SHARE_MAX - 0.01
    assert paced.next_s(1) is not None
    clock.now_s += 0.02

    assert paced.next_s(1) is None


def test_the_schedule_waits_for_its_users_but_not_for_ever() -> None:
    """It starts when the last user has come, or when the first has waited long enough."""
    clock = Clock()
    paced = pacer(clock, users=2)
    paced.next_s(1)

    assert paced.schedule is not None
    assert GATHER_S_MAX <= paced.schedule.start_s - 100.0 <= GATHER_S_MAX + 0.2
