"""The row of a scenario that is nearest to given levels: how a case is asked for by its levels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from harness.factors import Levelled, Levels, Scenario, level_text, narrow
from harness.model import Probe

# Enough for three factors of a dozen to give way; beyond it a row is too far to compare.
ROWS_TRIED_MAX = 50_000


def nearest(
    scenario: Scenario, probe: Probe, *, release: str = "", texts: Sequence[str] | None = None
) -> Levelled | None:
    """The row that scenario and release allow and that differs least from what is preferred.

    None where no row holds what the probe wants, or none near enough does.
    """
    levels = narrow(scenario, release, texts)
    unknown = [f for f in (*probe.wanted, *probe.unwanted, *probe.preferred) if f not in levels]
    if unknown:
        return None
    allowed = {name: _turned(_allowed(name, of, probe), probe.nth) for name, of in levels.items()}
    for row in itertools.islice(_by_distance(allowed, probe), ROWS_TRIED_MAX):
        if scenario.where is None or scenario.where(row):
            return row
    return None


def _allowed(name: str, levels: Levels, probe: Probe) -> list[object]:
    wanted, unwanted = probe.wanted.get(name), probe.unwanted.get(name, ())
    texts = [(level, level_text(level)) for level in levels]
    return [
        level
        for level, text in texts
        if text not in unwanted and (wanted is None or text in wanted)
    ]


def _turned(levels: list[object], nth: int) -> list[object]:
    at = nth % len(levels) if levels else 0
    return levels[at:] + levels[:at]


def _by_distance(allowed: dict[str, list[object]], probe: Probe) -> Iterator[Levelled]:
    """Every row, those first in which fewest factors differ from what is preferred."""
    fixed: dict[str, object] = {}
    others: dict[str, list[object]] = {}
    for name, levels in allowed.items():
        kept = [level for level in levels if level_text(level) == probe.preferred.get(name)]
        fixed |= dict.fromkeys([name], kept[0]) if kept else {}
        others[name] = [level for level in levels if level not in kept]
    free = [name for name in allowed if name not in fixed]
    for far in range(len(fixed) + 1):
        for moved in itertools.combinations(reversed(fixed), far):
            names = [*free, *moved]
            for chosen in itertools.product(*(others[name] for name in names)):
                row = {**fixed, **dict(zip(names, chosen, strict=True))}
                yield Levelled({name: row[name] for name in allowed})
