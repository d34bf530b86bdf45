"""At which faults of ours the lost saves of a load lie, and whether that can be chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import comb, prod
from typing import TypeAlias

from harness.checks.history import Fault

# What was told stored so short a time before a fault began may have been under way in it.
AHEAD_S = 5.0
NO_FAULT = "no fault"
# Faults that more than half of all saves met explain nothing.
SHARE_MAX = 0.5
# How likely it may be that losses which have nothing to do with any fault all lie at the named.
CHANCE_MAX = 0.01
# Lost saves that were told stored no farther apart than this were lost in one moment.
MOMENT_S = 1.0
# What one moment lost may be there for any reason.
MOMENTS_MIN = 2
# Losses are compared with the saves of all the load, which has to be there to be looked at.
HIDDEN_SHARE_MAX = 0.1

# A fault's name, and after when and until when a save that was told stored is one that met it.
Reach: TypeAlias = tuple[str, float, float]


def reaches(faults: Sequence[Fault]) -> list[Reach]:
    """When a save met which fault: at its end or shortly before, and each only one of them."""
    found: list[Reach] = []
    from_s = float("-inf")
    for fault in sorted(faults, key=lambda fault: fault.began_s):
        found.append((fault.name, max(from_s, fault.began_s - AHEAD_S), fault.ended_s))
        from_s = max(from_s, fault.ended_s)
    return found


def met(ended_s: Iterable[float], faults: Sequence[Fault]) -> Counter[str]:
    """How many saves that had their outcome then met each fault, and how many none."""
    each = reaches(faults)
    at = (_which(over_s, each) for over_s in ended_s)
    return Counter(NO_FAULT if n is None else each[n][0] for n in at)


def clustered(
    lost_s: Iterable[float], told: Mapping[str, int], faults: Sequence[Fault]
) -> tuple[str, ...]:
    """The faults at which every lost save lies, in the order of told; none where chance may do so.

    lost_s is when each lost save was told stored; told counts all that were, by the fault that
    they met. Saves that one moment lost are no evidence of each other: moments are counted, at
    most one each time that a fault came.
    """
    each, over_s = reaches(faults), sorted(lost_s)
    at = [n for s in over_s if (n := _which(s, each)) is not None]
    hit = {each[n][0] for n in at}
    # A fault at which nothing was told stored has nothing to lose: these saves are not those.
    if len(at) < len(over_s) or not all(told.get(name) for name in hit):
        return ()
    moments_n = _moments_n(over_s, at)
    if moments_n < MOMENTS_MIN:
        return ()
    share = sum(told[name] for name in hit) / sum(told.values())
    came_n = sum(name in hit for name, _, _ in each)
    # So many moments, each at another of the times that these faults came.
    chance = prod(share * (1 - n / came_n) for n in range(moments_n))
    # Any others of them would have been named as well.
    choices = comb(len({name for name, _, _ in each}), len(hit))
    likely = share > SHARE_MAX or choices * chance > CHANCE_MAX
    return () if likely else tuple(name for name in told if name in hit)


def _which(over_s: float, each: Sequence[Reach]) -> int | None:
    """Which of the faults, by its place, a save met that had its outcome then."""
    return next((n for n, (_, from_s, to_s) in enumerate(each) if from_s < over_s <= to_s), None)


def _moments_n(over_s: Sequence[float], at: Sequence[int]) -> int:
    """How many moments lost something: none goes on after a pause and at another fault."""
    pairs = zip(pairwise(over_s), pairwise(at), strict=True)
    return min(1, len(at)) + sum(b - a > MOMENT_S and m != n for (a, b), (m, n) in pairs)


def words_of(lost: Counter[str]) -> str:
    """How many lost saves lie at which fault; "" where there was none at all."""
    return "".join(f", {n:,} at {name!r}" for name, n in lost.most_common())
