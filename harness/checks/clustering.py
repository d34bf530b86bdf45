"""At which faults of ours the lost saves of a load lie, and whether that can be chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import comb
from typing import TypeAlias

from harness.checks.history import Fault

# What was told stored so short a time before a fault began may have been under way in it.
AHEAD_S = 5.0
NO_FAULT = "no fault"
# Faults that more than half of all saves met explain nothing.
SHARE_MAX = 0.5
# How likely it may be that losses which have nothing to do with any fault all lie at the named.
CHANCE_MAX = 0.01
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
    return Counter(
        next((name for name, from_s, to_s in each if from_s < over_s <= to_s), NO_FAULT)
        for over_s in ended_s
    )


def clustered(lost: Mapping[str, int], told: Mapping[str, int]) -> tuple[str, ...]:
    """The faults at which every lost save lies, in the order of told; none where chance may do so.

    lost has the lost saves and told all acknowledged ones, by the fault that they met.
    """
    named = [name for name in told if name != NO_FAULT and lost.get(name)]
    lost_n, told_n = sum(lost.values()), sum(told.values())
    if not named or lost_n > sum(lost[name] for name in named):
        return ()
    share = sum(told[name] for name in named) / told_n
    # Any others of them would have been named as well.
    choices = comb(sum(name != NO_FAULT for name in told), len(named))
    likely = share > SHARE_MAX or choices * share**lost_n > CHANCE_MAX
    return () if likely else tuple(named)


def words_of(lost: Counter[str]) -> str:
    """How many lost saves lie at which fault; "" where there was none at all."""
    return "".join(f", {n:,} at {name!r}" for name, n in lost.most_common())
