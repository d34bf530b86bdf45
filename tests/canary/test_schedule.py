"""When probes are due: jitter within bounds, no two at once, lateness told, never made up for."""

from __future__ import annotations

import random

import pytest

from harness.canary.schedule import Schedule

INTERVAL_S = 30.0
BEGAN_S = 1_000.0


def schedule(jitter: float = 0.1, seed: int = 7) -> Schedule:
    return Schedule(INTERVAL_S, jitter, BEGAN_S, random.Random(seed))


def test_the_first_probe_is_due_at_once() -> None:
    """A canary that starts does not wait an interval to look."""
    assert 0.0 == schedule().wait_s(BEGAN_S)


def test_jitter_stays_within_its_share() -> None:
    """Of a thousand probes each is due within a tenth of the interval around its place."""
    one = schedule()
    off_s = []
    for place in range(1, 1_001):
        one.ended(BEGAN_S + (place - 1) * INTERVAL_S + 5)
        off_s.append(one.due_s - BEGAN_S - place * INTERVAL_S)

    assert max(map(abs, off_s)) <= INTERVAL_S * 0.1
    assert len({round(shift_s, 6) for shift_s in off_s}) > 900


def test_the_mean_interval_is_what_was_asked_for() -> None:
    """Jitter does not add up: after a thousand probes the schedule has not drifted."""
    one = schedule()
    for place in range(1_000):
        one.ended(BEGAN_S + place * INTERVAL_S + 5)

    assert BEGAN_S + 1_000 * INTERVAL_S == pytest.approx(one.due_s, abs=INTERVAL_S * 0.1)


@pytest.mark.parametrize(("took_s", "missed_n"), [(5, 0), (29, 0), (45, 1), (100, 3)])
def test_times_that_passed_meanwhile_are_skipped(took_s: float, missed_n: int) -> None:
    """A probe that takes longer than the interval costs the times it took, and no more."""
    one = schedule()

    assert missed_n == one.ended(BEGAN_S + took_s)
    assert one.due_s >= BEGAN_S + took_s
    assert one.due_s <= BEGAN_S + took_s + INTERVAL_S * 1.1


def test_probes_never_follow_each_other_back_to_back_for_long() -> None:
    """Probes that each outlast the interval are not made up for, however long that goes on."""
    one, now_s, begun = schedule(), BEGAN_S, 0
    while now_s < BEGAN_S + 100 * INTERVAL_S:
        now_s += one.wait_s(now_s)
        begun += 1
        now_s += INTERVAL_S * 1.5
        one.ended(now_s)

    assert begun <= 67


def test_a_new_release_is_probed_at_once_and_the_next_an_interval_later() -> None:
    """Hurry moves the whole schedule: what follows is no shorter and no longer than usual."""
    one = schedule(jitter=0)
    one.ended(BEGAN_S + 5)
    one.hurry(BEGAN_S + 12)

    assert BEGAN_S + 12 == one.due_s
    assert 0 == one.ended(BEGAN_S + 17)
    assert BEGAN_S + 12 + INTERVAL_S == one.due_s


def test_hurry_makes_nothing_later() -> None:
    """A probe that is due already stays due."""
    one = schedule(jitter=0)
    one.hurry(BEGAN_S + 3)

    assert 3.0 == one.lag_s(BEGAN_S + 3)


def test_lateness_is_measured() -> None:
    """A probe that begins after its time says by how much."""
    assert 4.5 == schedule().lag_s(BEGAN_S + 4.5)
    assert 0.0 == schedule().lag_s(BEGAN_S - 1)
