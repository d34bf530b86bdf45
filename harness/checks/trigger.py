"""When a finding happens: the factor levels that all failing cases share and no passing one has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from harness.checks.orders import order_trigger
from harness.model import Case, Trigger
from harness.orders import ORDER

# Two factors explain three quarters of published field failures, three nine tenths.
FACTORS_MAX = 3
_NAMED_MAX = 3
# A race that spares one case in four still has a condition worth naming.
PASSING_SHARE_MAX = 0.25


def find_trigger(failing: Sequence[Case], passing: Sequence[Case]) -> Trigger:
    """The fewest factors whose levels hold in every failing case and in no passing one.

    Speaks of all failing scenarios where they share the telling factors, else of the one with
    most failing cases, and names the others beside it. Passing cases of scenarios that never
    failed tell nothing. Where races blur the edge, a condition that most such cases fail under
    is taken, and the counts say so; where nothing tells them apart, the scenarios alone do.
    """
    if not failing:
        return Trigger("whatever was done")
    counted = Counter(case.scenario for case in failing)
    asked = ([*counted], [counted.most_common(1)[0][0]])
    for most_passing in (0.0, PASSING_SHARE_MAX):
        for scenarios in asked:
            bad = [case for case in failing if case.scenario in scenarios]
            good = [case for case in passing if case.scenario in scenarios]
            conditions = _conditions(bad, good, most_passing)
            if conditions:
                text = _when(conditions, bad, good, scenarios)
                also = _also(len(failing) - len(bad), counted, scenarios)
                return Trigger(f"{text}{also}", conditions)
    ordered = order_trigger(failing, [case for case in passing if case.scenario in counted])
    if ordered is not None:
        with_order = [case for case in failing if ORDER in case.levels]
        speaks_of = list(dict.fromkeys(case.scenario for case in with_order))
        also = _also(len(failing) - len(with_order), counted, speaks_of)
        return Trigger(f"{ordered.text}{also}", ordered.conditions)
    good_n = sum(case.scenario in counted for case in passing)
    where = f"of {_and(list(counted))}"
    if not good_n:
        every = f"every one of {len(failing)} cases" if len(failing) > 1 else "the one case"
        return Trigger(f"in {every} {where}")
    return Trigger(f"in {len(failing)} of {len(failing) + good_n} cases {where}")


def _conditions(
    bad: Sequence[Case], good: Sequence[Case], most_passing: float
) -> dict[str, tuple[str, ...]]:
    """What tells the failing from the passing; nothing where there is none to tell them from.

    most_passing is the largest share of passing cases among those the condition holds for; a
    blurred condition also has to leave most passing cases out.
    """
    best: tuple[int, dict[str, tuple[str, ...]]] = (len(good) // 2 + 1, {})
    for conditions in _candidates(bad, good) if good else ():
        held_n = sum(_holds(conditions, case) for case in good)
        if held_n == 0:
            return conditions
        if held_n <= most_passing * (held_n + len(bad)) and held_n < best[0]:
            best = (held_n, conditions)
    return best[1]


def _also(cases_n: int, counted: Mapping[str, int], scenarios: Sequence[str]) -> str:
    others = [name for name in counted if name not in scenarios]
    noun = "case" if cases_n == 1 else "cases"
    return f", and in {cases_n} {noun} of {_and(others)}" if others else ""


def _candidates(bad: Sequence[Case], good: Sequence[Case]) -> Iterator[dict[str, tuple[str, ...]]]:
    """Conditions with few factors first, and among those the ones that say most."""
    everywhere: dict[str, set[str]] = {}
    for case in (*bad, *good):
        for factor, level in case.levels.items():
            if factor == ORDER:
                # No two cases share one: it would tell all failing from all passing cases.
                continue
            everywhere.setdefault(factor, set()).add(level)
    shared = {
        factor: tuple(sorted({case.levels[factor] for case in bad}, key=by_size))
        for factor in everywhere
        if all(factor in case.levels for case in bad)
    }
    telling = [f for f in shared if set(shared[f]) < everywhere[f]]
    for size in range(1, min(FACTORS_MAX, len(telling)) + 1):
        sets = [{f: shared[f] for f in chosen} for chosen in combinations(telling, size)]
        yield from sorted(sets, key=lambda s: sum(len(levels) for levels in s.values()))
    if len(telling) > FACTORS_MAX:
        yield {factor: shared[factor] for factor in telling}


def by_size(level: str) -> tuple[bool, float, str]:
    """Numbers by their size, ahead of words."""
    try:
        return False, float(level), level
    except ValueError:
        return True, 0.0, level


def _holds(conditions: Mapping[str, Sequence[str]], case: Case) -> bool:
    return all(case.levels.get(factor) in levels for factor, levels in conditions.items())


def _when(
    conditions: Mapping[str, Sequence[str]],
    bad: Sequence[Case],
    good: Sequence[Case],
    scenarios: Sequence[str],
) -> str:
    held_n = sum(_holds(conditions, case) for case in good)
    bad_n, others_n = len(bad), len(good) - held_n
    cases = f"all {bad_n} such cases" if bad_n > 1 else "the one such case"
    if held_n:
        cases = f"{bad_n} of {bad_n + held_n} such cases"
    others = f"none of {others_n} others" if others_n > 1 else "not in the one other"
    return f"when {spell(conditions)} ({cases} of {_and(scenarios)}, {others})"


def spell(conditions: Mapping[str, Sequence[str]]) -> str:
    """Conditions as a clause: ``shares is 1 or 2 and moment is before``."""
    return " and ".join(f"{f.replace('_', ' ')} is {_or(some)}" for f, some in conditions.items())


def _and(names: Sequence[str]) -> str:
    named = list(names[:_NAMED_MAX])
    if len(names) > _NAMED_MAX:
        named.append(f"{len(names) - _NAMED_MAX} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _or(levels: Sequence[str]) -> str:
    return levels[0] if len(levels) == 1 else f"{', '.join(levels[:-1])} or {levels[-1]}"
