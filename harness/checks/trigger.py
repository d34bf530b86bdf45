"""When a finding happens: the factor levels that all failing cases share and no passing one has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from harness.model import Case, Trigger

# Two factors explain three quarters of published field failures, three nine tenths.
FACTORS_MAX = 3


def find_trigger(failing: Sequence[Case], passing: Sequence[Case]) -> Trigger:
    """The fewest factors whose levels hold in every failing case and in no passing one.

    Speaks of the scenario with most failing cases; without factors, or where no combination
    tells them apart, the scenario alone is the condition.
    """
    if not failing:
        return Trigger("whatever was done")
    scenario = Counter(case.scenario for case in failing).most_common(1)[0][0]
    bad = [case for case in failing if case.scenario == scenario]
    good = [case for case in passing if case.scenario == scenario]
    for conditions in _candidates(bad, good):
        if not any(_holds(conditions, case) for case in good):
            return Trigger(_text(conditions, scenario, len(bad), len(good)), conditions)
    return Trigger(f"in {len(bad)} of {len(bad) + len(good)} cases of {scenario}", {})


def _candidates(
    bad: Sequence[Case], good: Sequence[Case]
) -> Iterator[dict[str, tuple[str, ...]]]:
    """Conditions with few factors first, and among those the ones that say most."""
    everywhere: dict[str, set[str]] = {}
    for case in (*bad, *good):
        for factor, level in case.levels.items():
            everywhere.setdefault(factor, set()).add(level)
    shared = {f: tuple(sorted({c.levels.get(f, "") for c in bad})) for f in everywhere}
    telling = [f for f in everywhere if set(shared[f]) < everywhere[f]]
    if not good:
        yield {f: shared[f] for f in telling if len(shared[f]) == 1}
        return
    for size in range(1, min(FACTORS_MAX, len(telling)) + 1):
        sets = [{f: shared[f] for f in chosen} for chosen in combinations(telling, size)]
        yield from sorted(sets, key=lambda s: sum(len(levels) for levels in s.values()))
    yield {f: shared[f] for f in telling}


def _holds(conditions: Mapping[str, Sequence[str]], case: Case) -> bool:
    return all(case.levels.get(factor) in levels for factor, levels in conditions.items())


def _text(
    conditions: Mapping[str, Sequence[str]], scenario: str, bad_n: int, good_n: int
) -> str:
    if not conditions:
        return f"in every one of {bad_n} cases of {scenario}"
    parts = [f"{factor.replace('_', ' ')} is {_or(levels)}" for factor, levels in conditions.items()]
    return f"when {' and '.join(parts)} ({bad_n} of {bad_n + good_n} cases of {scenario})"


def _or(levels: Sequence[str]) -> str:
    return levels[0] if len(levels) == 1 else f"{', '.join(levels[:-1])} or {levels[-1]}"
