"""Covering arrays: few rows in which factors occur together in every way that is allowed."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

# A row is a level's number per factor, a combination the levels of one group of factors.
Row: TypeAlias = dict[str, int]
Group: TypeAlias = tuple[str, ...]
Combination: TypeAlias = tuple[Group, tuple[int, ...]]
# Whether a row may be, or the factor that has to have a level before that can be said.
Allowed: TypeAlias = Callable[[Mapping[str, int]], bool | str]

# The best of a few candidates makes fewer rows; where there is much to cover, time counts more.
CANDIDATES_MAX = 12
COMBINATIONS_PER_RUN = 12_000


def cover(levels_n: Mapping[str, int], groups: Sequence[Group], allowed: Allowed) -> list[Row]:
    """Rows that hold each group's every combination of levels that some allowed row holds.

    The same call gives the same rows; those that cover most come first.
    """
    search = _Search(levels_n, groups, allowed)
    rows: list[Row] = []
    while search.open:
        row = search.next_row()
        if row is not None:
            rows.append(row)
    return rows


@dataclass(slots=True)
class _Search:
    """What is still open, and how often each level was used: all are to be used alike."""

    levels_n: Mapping[str, int]
    groups: Sequence[Group]
    allowed: Allowed
    open: dict[Combination, None] = field(init=False)
    groups_of: dict[str, list[Group]] = field(init=False)
    candidates_n: int = field(init=False)
    used: Counter[tuple[str, int]] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        # A dict, because a set has no order and rows must be the same in every process.
        self.open = {
            (group, levels): None
            for group in self.groups
            for levels in itertools.product(*(range(self.levels_n[name]) for name in group))
        }
        self.groups_of = {
            name: [group for group in self.groups if name in group] for name in self.levels_n
        }
        affordable_n = COMBINATIONS_PER_RUN // max(len(self.open), 1)
        self.candidates_n = max(1, min(CANDIDATES_MAX, affordable_n))

    def next_row(self) -> Row | None:
        """The best row around the first open combination; None where no allowed row holds it."""
        seed = next(iter(self.open))
        candidates = list(self._candidates(dict(zip(*seed, strict=True))))
        if not candidates:
            del self.open[seed]
            return None
        row = max(candidates, key=lambda row: sum(1 for _ in self._new(row)))
        for combination in list(self._new(row)):
            del self.open[combination]
        self.used.update(row.items())
        return {name: row[name] for name in self.levels_n}

    def _candidates(self, seed: Row) -> Iterator[Row]:
        order = sorted(self.levels_n, key=lambda name: -self.levels_n[name])
        for _ in range(self.candidates_n):
            row = self._completed(seed, order)
            if row is None:
                return
            yield row
            self.chance.shuffle(order)

    def _completed(self, row: Row, order: Sequence[str], sure: bool = False) -> Row | None:
        """A whole allowed row that begins with row; None without one.

        A predicate that is sure of a row without some factor is so whatever level it has.
        """
        verdict = sure or self.allowed(row)
        if verdict is False:
            return None
        left = [name for name in order if name not in row]
        if not left:
            return row
        name = verdict if isinstance(verdict, str) else left[0]
        for level in self._by_gain(row, name):
            found = self._completed({**row, name: level}, order, verdict is True)
            if found is not None:
                return found
        return None

    def _by_gain(self, row: Row, name: str) -> list[int]:
        """The factor's levels, first those that cover most together with what is chosen."""
        closed = [g for g in self.groups_of[name] if all(n == name or n in row for n in g)]

        def gain(level: int) -> int:
            at = {**row, name: level}
            return sum((g, tuple([at[n] for n in g])) in self.open for g in closed)

        levels = range(self.levels_n[name])
        return sorted(levels, key=lambda level: (-gain(level), self.used[name, level]))

    def _new(self, row: Mapping[str, int]) -> Iterator[Combination]:
        for group in self.groups:
            combination = (group, tuple(row[name] for name in group))
            if combination in self.open:
                yield combination
