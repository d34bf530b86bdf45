"""Which factors a failing case cannot do without, against a passing one: by halving."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeAlias

# So many hybrids share a round, because starting one costs as much as driving it.
WIDTH = 3
# With so many factors a cause of two is found in eleven runs, three to a round; else one by one.
FACTORS_WIDE_MAX = 12

Reduction: TypeAlias = Generator[list[frozenset[str]], Sequence[bool], frozenset[str]]


def reduction(factors: Sequence[str]) -> Reduction:
    """Yields rounds of hybrids, each the factors it takes from the failing case, for what became.

    Sent back is for each whether it fails. Ends with the factors that make the passing case fail,
    none of which can be left out where more of them never make a failing hybrid pass.
    """
    width = WIDTH if len(factors) <= FACTORS_WIDE_MAX else 1
    needed: list[str] = []
    left = list(factors)
    while left:
        # How many of those left have to stand beside the needed ones: all of them are enough.
        low, high = (0 if needed else 1), len(left)
        while low < high:
            alone = low == 0 and len(needed) > 1
            asked = [0] if alone else _spread(low, high, width)
            fails = yield [frozenset([*needed, *left[:n]]) for n in asked]
            high = min([n for n, bad in zip(asked, fails, strict=True) if bad], default=high)
            whole = [n for n, bad in zip(asked, fails, strict=True) if not bad and n < high]
            low = max(whole, default=low - 1) + 1
        if high == 0:
            break
        needed.append(left[high - 1])
        del left[high - 1 :]
    return frozenset(needed)


def _spread(low: int, high: int, width: int) -> list[int]:
    """At most width numbers from low on and below high that part them evenly."""
    options_n = high - low + 1
    cuts = (low + (at + 1) * options_n // (width + 1) - 1 for at in range(width))
    return sorted({cut for cut in cuts if low <= cut < high})
