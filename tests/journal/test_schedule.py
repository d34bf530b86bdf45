"""When saves are due, for any legs: by their integral, and by what each shape is meant to be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.journal.schedule import Schedule, held, hold_s, lasts_s
from harness.journal.volume import schedule_of, schedule_words
from harness.model import Leg
from harness.plan.shapes import CALM, SOAK, SPIKES_N, shaped

SHARES = st.one_of(st.just(1.0), st.floats(0, 1))
LEGS = st.lists(
    st.builds(Leg, SHARES, st.one_of(st.just(0.0), st.floats(0.01, 20))), min_size=1, max_size=6
).map(tuple)


def moments(schedule: Schedule, most: int = 3000) -> list[float]:
    return [schedule.due_s(n) for n in range(min(most, schedule.moments_n))]


def expected_n(legs: tuple[Leg, ...], peak: float, until_s: float) -> float:
    """How many saves are due until then: the rate summed up in small steps of each leg."""
    due_n, from_, passed_s = 0.0, 0.0, 0.0
    for leg in legs:
        lasted_s = min(leg.over_s, max(0.0, until_s - passed_s))
        there = from_ + (leg.to - from_) * lasted_s / leg.over_s if leg.over_s else leg.to
        due_n += peak * (from_ + there) / 2 * lasted_s
        from_, passed_s = leg.to, passed_s + leg.over_s
    return due_n


@settings(max_examples=200, deadline=None)
@given(LEGS, st.floats(0.5, 500), st.floats(0, 1e6))
def test_each_moment_is_where_as_many_saves_are_due_before_it(
    legs: tuple[Leg, ...], peak: float, start_s: float
) -> None:
    """Moments never go back, and the integral of the rate up to one is its number."""
    schedule = Schedule(round(start_s, 6), peak, legs)
    due = moments(schedule)

    assert due == sorted(due)
    assert all(schedule.start_s <= moment <= schedule.end_s for moment in due)
    assert abs(schedule.moments_n - expected_n(legs, peak, lasts_s(legs))) <= 1
    for number, moment in enumerate(due):
        # A moment is written to a microsecond, in which at most peak / 1e6 saves are due.
        before_n = expected_n(legs, peak, moment - schedule.start_s)
        assert before_n == pytest.approx(number, abs=0.01 + peak * 2e-6)


@settings(max_examples=100, deadline=None)
@given(LEGS, st.floats(0.5, 200), st.integers(1, 5))
def test_processes_share_the_moments_of_one_schedule(
    legs: tuple[Leg, ...], peak: float, of_n: int
) -> None:
    """Each moment belongs to one process, none to two, and none is left out."""
    whole = Schedule(5.0, peak, legs)
    assume(whole.moments_n <= 3000)
    shares = [Schedule(5.0, peak, legs, nth, of_n) for nth in range(of_n)]

    assert moments(whole) == sorted(moment for share in shares for moment in moments(share))
    assert sum(share.rate for share in shares) == pytest.approx(peak)


def test_a_whole_number_of_saves_falls_into_the_hold() -> None:
    """500 saves/s for 10 s are 5,000 saves from the first moment of the hold to before its end."""
    schedule = Schedule(12.345678, 500.0, (Leg(1.0, 2.0), Leg(1.0, 10.0)))
    due = moments(schedule, 10_000)
    ((begin_s, end_s),) = schedule.held_s

    assert 5000 == len([moment for moment in due if begin_s <= moment < end_s])
    assert 500 == len([moment for moment in due if moment < begin_s])
    assert 5500 == len(due)


def test_the_rate_rises_evenly() -> None:
    """Half of the rise's time holds a quarter of its saves."""
    schedule = Schedule(0.0, 100.0, (Leg(1.0, 4.0), Leg(1.0, 1.0)))

    assert 50 == len([moment for moment in moments(schedule) if moment < 2.0])


def test_the_peak_is_held_where_a_leg_stays_at_it() -> None:
    """Rising to the peak and falling from it is not holding it; two legs at it are one time."""
    legs = (
        Leg(1.0, 2.0),
        Leg(1.0, 3.0),
        Leg(1.0, 1.0),
        Leg(0.5, 2.0),
        Leg(1.0, 0.0),
        Leg(1.0, 4.0),
    )

    assert [(2.0, 6.0), (8.0, 12.0)] == held(legs)
    assert (8.0, 12.0) == (hold_s(legs), lasts_s(legs))
    assert () == Schedule(0.0, 10.0, (Leg(0.9, 2.0), Leg(0.9, 5.0))).held_s


@pytest.mark.parametrize(("shape", "spans_n"), [("hold", 1), ("spike", SPIKES_N), ("soak", 1)])
@pytest.mark.parametrize("load_s", [0.3, 10.0, 60.0])
def test_each_shape_holds_the_peak_for_the_profiles_time(
    shape: object, spans_n: int, load_s: float
) -> None:
    """However often a shape comes to the peak, it is there as long as the profile says."""
    legs = shaped(shape, load_s)  # type: ignore[arg-type]

    assert load_s == pytest.approx(hold_s(legs))
    assert spans_n == len(held(legs))
    assert () == shaped(shape, 0.0)  # type: ignore[arg-type]


def test_a_spike_comes_at_once_and_a_soak_lasts() -> None:
    """A spike has no rise to the peak; a soak is far longer below the peak than at it."""
    spike, soak = shaped("spike", 30.0), shaped("soak", 30.0)

    assert all(leg.over_s == 0 or before.to == leg.to for before, leg in pairwise(spike))
    assert {1.0, CALM} == {leg.to for leg in spike}
    assert [120.0] == [leg.over_s for at, leg in enumerate(soak) if at and leg.to == SOAK]


@settings(max_examples=100, deadline=None)
@given(LEGS, st.floats(0.5, 500), st.floats(0, 1e6), st.integers(1, 9))
def test_a_schedule_is_read_back_as_it_was_written(
    legs: tuple[Leg, ...], peak: float, start_s: float, of_n: int
) -> None:
    """What the journal has of a schedule is all of it."""
    schedule = Schedule(start_s, peak, legs, of_n - 1, of_n)

    assert schedule == schedule_of(["p", "1.0", *schedule_words(schedule).split(" ")])
