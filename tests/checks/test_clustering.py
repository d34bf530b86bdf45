"""A fault is named by what many moments lost, and hardly ever by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from harness.checks.clustering import NO_FAULT, clustered, met
from harness.checks.history import Fault
from harness.plan.profiles import BUILT_IN

TRIALS_N = 3000
# Three kinds in two minutes, three times each.
FAULTS = [
    Fault(name, at_s + more_s, at_s + more_s + 1.0)
    for more_s in (0.0, 40.0, 80.0)
    for name, at_s in (("app killed", 8.0), ("connections cut", 18.0), ("app paused", 28.0))
]


def in_turn(rounds_n: int, kinds_n: int = 8, each_s: float = 3.2) -> list[Fault]:
    """One right after the other, as they come under load, and then once more."""
    starts_s = (2.0 + each_s * n for n in range(rounds_n * kinds_n))
    return [Fault(f"f{n % kinds_n}", at_s, at_s + 1.1) for n, at_s in enumerate(starts_s)]


def told_at(faults: Sequence[Fault], lasts_s: float = 120.0) -> Mapping[str, int]:
    """The saves of a load, a hundred each second."""
    return met((n / 100 for n in range(int(lasts_s * 100))), faults)


TOLD = told_at(FAULTS)


def burst(began_s: float, saves_n: int = 30) -> list[float]:
    """Saves that were all lost within a second."""
    return [began_s + n / saves_n for n in range(saves_n)]


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault(f"f{n}", 10.0 + 18 * n, 12.0 + 18 * n) for n in range(3)], id="once"),
        pytest.param(in_turn(2), id="twice"),
        pytest.param(
            [Fault(f"f{n % 8}", 1 + 2.4 * n, 3 + 2.4 * n) for n in range(24)], id="thrice"
        ),
    ],
)
@pytest.mark.parametrize("bursts_n", [1, 2, 3, 4])
def test_chance_hardly_names_a_fault(faults: Sequence[Fault], bursts_n: int) -> None:
    """Bursts of losses that nothing of ours brought name a fault in fewer than 1 of 100 loads."""
    random = Random("the same loads each time")
    told, named_n = told_at(faults, 60.0), 0
    for _ in range(TRIALS_N):
        lost_s = [s for _ in range(bursts_n) for s in burst(random.uniform(0.0, 59.0), 5)]
        named_n += bool(clustered(lost_s, told, faults))

    assert named_n < TRIALS_N / 100


def test_a_fault_that_loses_each_time_is_named() -> None:
    """Three bursts, one each time that it comes, are more than chance; two of them are not."""
    twice = [*burst(7.0), *burst(47.5)]

    assert ("app killed",) == clustered([*twice, *burst(86.0)], TOLD, FAULTS)
    assert () == clustered(twice, TOLD, FAULTS)


@pytest.mark.parametrize(
    ("profile", "losing", "named"),
    [
        ("release", {"f0"}, ()),
        ("release", {"f0", "f1"}, ("f0", "f1")),
        ("nightly", {"f0"}, ("f0",)),
    ],
)
def test_what_loses_each_time_is_named_in_the_profiles_that_say_so(
    profile: str, losing: set[str], named: tuple[str, ...]
) -> None:
    """Where each fault comes twice it takes two that lose, where it comes three times only one."""
    faults = in_turn(BUILT_IN[profile].load_faults)
    lost_s = [s for f in faults if f.name in losing for s in burst(f.began_s - 0.5, 5)]

    assert named == clustered(lost_s, told_at(faults, faults[-1].ended_s + 2.0), faults)


def test_what_is_lost_all_along_a_fault_is_one_moment() -> None:
    """Losses with pauses between them are counted once for each time that a fault comes."""
    assert () == clustered([4.0, 5.5, 7.0, 8.5], TOLD, FAULTS)


def test_a_burst_that_two_faults_share_is_one_moment() -> None:
    """One burst that begins at a fault and goes on at the next one names neither."""
    faults = [Fault("app killed", 10.0, 11.0), Fault("app paused", 12.0, 13.0)]
    told = Counter({"app killed": 100, "app paused": 100, NO_FAULT: 1_000_000})

    assert () == clustered(burst(10.5), told, faults)
    assert ("app killed", "app paused") == clustered([*burst(9.5), *burst(11.6)], told, faults)


def test_one_save_names_no_fault() -> None:
    """However few saves a fault has met, one that is lost there may be lost for any reason."""
    told = {"app killed": 50, NO_FAULT: 20000}

    assert () == clustered([9.0], told, [Fault("app killed", 10.0, 11.0)])


@pytest.mark.parametrize(
    "told", [{}, {"app killed": 0, NO_FAULT: 0}, {"app killed": 0, NO_FAULT: 20000}]
)
def test_a_fault_that_met_nothing_is_not_named(told: Mapping[str, int]) -> None:
    """Where nothing was told stored at a fault, it has lost nothing that was."""
    assert () == clustered([*burst(7.0), *burst(47.5), *burst(86.0)], told, FAULTS)


def test_no_loss_names_no_fault() -> None:
    """Nothing lies nowhere."""
    assert () == clustered([], TOLD, FAULTS)
