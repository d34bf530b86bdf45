"""When saves are due, and who waits for what."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.journal.volume import Schedule
from harness.load.pacing import GATHER_S_MAX, LATE_SHARE_MAX, Pacer


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


def pacer(clock: Clock, users: int = 1, told: list[Schedule] | None = None) -> Pacer:
    kept = [] if told is None else told
    return Pacer(10.0, 2.0, 3.0, users, kept.append, clock.read, clock.sleep)


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0.5, 2000), st.floats(0, 10), st.floats(0.1, 20), st.floats(0, 1e6),
)  # fmt: skip
def test_moments_rise_and_then_stand_evenly(
    rate: float, ramp_s: float, hold_s: float, start_s: float
) -> None:
    """Moments never go back; the rise holds rate * ramp / 2 of them, the hold rate * hold."""
    schedule = Schedule(round(start_s, 6), ramp_s, hold_s, rate)
    due = [schedule.due_s(n) for n in range(min(5000, schedule.rising_n + schedule.held_n))]
    begin_s, end_s = schedule.held_s

    assert due == sorted(due)
    assert schedule.rising_n == int(rate * ramp_s / 2)
    assert abs(schedule.held_n - rate * hold_s) <= 0.5
    assert all(moment <= begin_s for moment in due[: schedule.rising_n])
    assert all(begin_s <= moment <= end_s for moment in due[schedule.rising_n :])


def test_a_whole_number_of_saves_falls_into_the_hold() -> None:
    """500 saves/s for 10 s are 5,000 saves from the first moment of the hold to before its end."""
    schedule = Schedule(12.345678, 2.0, 10.0, 500.0)
    due = [schedule.due_s(n) for n in range(schedule.rising_n + schedule.held_n)]
    begin_s, end_s = schedule.held_s

    assert 5000 == len([moment for moment in due if begin_s <= moment < end_s])
    assert 500 == len([moment for moment in due if moment < begin_s])


def test_the_rate_rises_evenly() -> None:
    """Half of the rise's time holds a quarter of its saves."""
    schedule = Schedule(0.0, 4.0, 1.0, 100.0)

    assert 50 == len([n for n in range(schedule.rising_n) if schedule.due_s(n) < 2.0])


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
