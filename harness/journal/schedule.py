"""When the saves of a load are due: a rate that goes from leg to leg, and its integral's inverse.

Moments are numbers of saves: the one numbered n is due when n saves have become due before it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from harness.model import Leg

# A stretch whose end is this near to a whole number of saves ends with it.
NEAR = 1e-6
HELD = 1.0


class _Stretch(NamedTuple):
    """A leg on the clock: rates in saves/s, and how many saves are due before it."""

    begin_s: float
    over_s: float
    from_rate: float
    to_rate: float
    before_n: float

    def after_s(self, saves_n: float) -> float:
        """How long after its begin so many of its saves are due."""
        if saves_n <= 0:
            return 0.0
        if self.from_rate == self.to_rate:
            return min(self.over_s, saves_n / self.from_rate)
        rise = (self.to_rate - self.from_rate) / self.over_s
        root = math.sqrt(max(0.0, self.from_rate**2 + 2 * rise * saves_n))
        return min(self.over_s, 2 * saves_n / (self.from_rate + root))


@dataclass(frozen=True)
class Schedule:
    """When saves are due: from start_s on, in legs that are shares of peak, in saves/s.

    Of of_n processes that drive one load, each takes every of_n-th moment of the same schedule
    from its own on, which is nth, from 0.
    """

    start_s: float
    peak: float
    legs: tuple[Leg, ...]
    nth: int = 0
    of_n: int = 1

    @property
    def rate(self) -> float:
        """What this process does of the peak, in saves/s."""
        return self.peak / self.of_n

    @cached_property
    def moments_n(self) -> int:
        """How many saves of this process are due."""
        return len(range(self.nth, self._all_n, self.of_n))

    @cached_property
    def end_s(self) -> float:
        """When the last leg is over, as exact as times are written."""
        return round(self.start_s + lasts_s(self.legs), 6)

    @cached_property
    def held_s(self) -> tuple[tuple[float, float], ...]:
        """When the peak begins and ends, each time it is held, as exact as times are written."""
        return tuple(
            (round(self.start_s + from_s, 6), round(self.start_s + to_s, 6))
            for from_s, to_s in held(self.legs)
        )

    @cached_property
    def hold_s(self) -> float:
        """How long the peak is held, all in all."""
        return hold_s(self.legs)

    def due_s(self, number: int) -> float:
        """When a save of this process is due; they count from 0."""
        return round(self.moment_s(number), 6)

    def moment_s(self, number: int) -> float:
        """The same, more exact than times are written."""
        moment = self.nth + number * self.of_n
        stretch = self._stretches[bisect_right(self._ends_n, moment + NEAR)]
        return stretch.begin_s + stretch.after_s(moment - stretch.before_n)

    @cached_property
    def _stretches(self) -> tuple[_Stretch, ...]:
        """Every leg in which a save is due."""
        found, before_n = [], 0.0
        for from_, leg, after_s in _walk(self.legs):
            from_rate, to_rate = self.peak * from_, self.peak * leg.to
            saves_n = (from_rate + to_rate) / 2 * leg.over_s
            if saves_n:
                begin_s = round(self.start_s + after_s, 6)
                found.append(_Stretch(begin_s, leg.over_s, from_rate, to_rate, before_n))
            before_n += saves_n
        return (*found, _Stretch(self.end_s, 0.0, 0.0, 0.0, before_n))

    @cached_property
    def _ends_n(self) -> list[float]:
        return [after.before_n for _, after in pairwise(self._stretches)]

    @property
    def _all_n(self) -> int:
        return math.ceil(self._stretches[-1].before_n - NEAR)


def lasts_s(legs: Sequence[Leg]) -> float:
    """How long all legs take."""
    return math.fsum(leg.over_s for leg in legs)


def hold_s(legs: Sequence[Leg]) -> float:
    """How long the peak is held, all in all."""
    return round(math.fsum(to_s - from_s for from_s, to_s in held(legs)), 6)


def held(legs: Sequence[Leg]) -> list[tuple[float, float]]:
    """When the peak is held, each time, in seconds from the start."""
    spans: list[tuple[float, float]] = []
    for from_, leg, after_s in _walk(legs):
        if from_ == leg.to == HELD and leg.over_s:
            goes_on = bool(spans) and spans[-1][1] == after_s
            begin_s = spans.pop()[0] if goes_on else after_s
            spans.append((begin_s, after_s + leg.over_s))
    return spans


def _walk(legs: Sequence[Leg]) -> Iterator[tuple[float, Leg, float]]:
    """Each leg with the share at which it begins, and when."""
    from_, after_s = 0.0, 0.0
    for leg in legs:
        yield from_, leg, after_s
        from_, after_s = leg.to, after_s + leg.over_s
