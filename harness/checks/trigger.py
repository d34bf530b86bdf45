"""When a finding happens: the factor levels that all failing cases share and no passing one has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from harness.model import Case, Trigger

# Two factors explain three quarters of published field failures, three nine tenths.
FACTORS_MAX = 3
_NAMED_MAX = 3


def find_trigger(failing: Sequence[Case], passing: Sequence[Case]) -> Trigger:
    """The fewest factors whose levels hold in every failing case and in no passing one.

    Passing cases of scenarios that never failed tell nothing. Without factors, or where no
    combination tells them apart, the scenarios alone are the condition.
    """
    if not failing:
        return Trigger("whatever was done")
    scenarios = list(dict.fromkeys(case.scenario for case in failing))
    good = [case for case in passing if case.scenario in scenarios]
    where = f"of {_and(scenarios)}"
    if not good:
        every = f"every one of {len(failing)} cases" if len(failing) > 1 else "the one case"
        return Trigger(f"in {every} {where}")
    for conditions in _candidates(failing, good):
        if not any(_holds(conditions, case) for case in good):
            return Trigger(_when(conditions, len(failing), len(good), where), conditions)
    return Trigger(f"in {len(failing)} of {len(failing) + len(good)} cases {where}")


def _candidates(bad: Sequence[Case], good: Sequence[Case]) -> Iterator[dict[str, tuple[str, ...]]]:
    """Conditions with few factors first, and among those the ones that say most."""
    everywhere: dict[str, set[str]] = {}
    for case in (*bad, *good):
        for factor, level in case.levels.items():
            everywhere.setdefault(factor, set()).add(level)
    shared = {
        factor: tuple(sorted({case.levels[factor] for case in bad}, key=_natural))
        for factor in everywhere
        if all(factor in case.levels for case in bad)
    }
    telling = [f for f in shared if set(shared[f]) < everywhere[f]]
    for size in range(1, min(FACTORS_MAX, len(telling)) + 1):
        sets = [{f: shared[f] for f in chosen} for chosen in combinations(telling, size)]
        yield from sorted(sets, key=lambda s: sum(len(levels) for levels in s.values()))
    if len(telling) > FACTORS_MAX:
        yield {factor: shared[factor] for factor in telling}


def _natural(level: str) -> tuple[bool, float, str]:
    """Numbers by their size, ahead of words."""
    try:
        return False, float(level), level
    except ValueError:
        return True, 0.0, level


def _holds(conditions: Mapping[str, Sequence[str]], case: Case) -> bool:
    return all(case.levels.get(factor) in levels for factor, levels in conditions.items())


def _when(conditions: Mapping[str, Sequence[str]], bad_n: int, good_n: int, where: str) -> str:
    parts = [f"{f.replace('_', ' ')} is {_or(levels)}" for f, levels in conditions.items()]
    cases = f"all {bad_n} such cases" if bad_n > 1 else "the one such case"
    others = f"none of {good_n} others" if good_n > 1 else "not in the one other"
    return f"when {' and '.join(parts)} ({cases} {where}, {others})"


def _and(names: Sequence[str]) -> str:
    named = list(names[:_NAMED_MAX])
    if len(names) > _NAMED_MAX:
        named.append(f"{len(names) - _NAMED_MAX} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _or(levels: Sequence[str]) -> str:
    return levels[0] if len(levels) == 1 else f"{', '.join(levels[:-1])} or {levels[-1]}"
