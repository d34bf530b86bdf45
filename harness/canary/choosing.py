"""Which cases a tick holds: every level of what is always asked, and the rest in turn."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model import Case


def cases_of_tick(cases: Sequence[Case], always: Sequence[str], tick: int) -> tuple[Case, ...]:
    """One case of each scenario for each of its levels of the factors that are always asked.

    Which one is next in turn: after as many ticks as there are cases each has been driven.
    """
    groups: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        levels = [case.levels.get(factor, "") for factor in always]
        groups.setdefault((case.scenario, *levels), []).append(case)
    return tuple(group[tick % len(group)] for group in groups.values())


def never_asked(cases: Sequence[Case], always: Sequence[str]) -> list[str]:
    """The factors that are always to be asked and that no case has."""
    return [factor for factor in always if not any(factor in case.levels for case in cases)]
