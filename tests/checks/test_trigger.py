"""When a finding happens, as few words as tell it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness.checks.trigger import find_trigger
from harness.model import Case


def cases(*levels: Mapping[str, str], scenario: str = "test_note") -> list[Case]:
    """Cases of a scenario with these levels."""
    return [
        Case(f"{scenario}[{n}]", n, scenario, "test_x.py", 1, each) for n, each in enumerate(levels)
    ]


def grid(**factors: str) -> list[Mapping[str, str]]:
    """Every combination of the levels, each written as one character."""
    lines: list[dict[str, str]] = [{}]
    for factor, levels in factors.items():
        lines = [{**line, factor: level} for line in lines for level in levels]
    return list(lines)


def test_the_levels_that_all_failing_cases_share_and_no_passing_one_has() -> None:
    """Shares of 1, 2 or 5 fail, whatever else is varied."""
    every = cases(*grid(shares="0125", moment="abc"))
    failing = [case for case in every if case.levels["shares"] != "0"]
    passing = [case for case in every if case.levels["shares"] == "0"]
    trigger = find_trigger(failing, passing)

    assert {"shares": ("1", "2", "5")} == trigger.conditions
    assert (
        "when shares is 1, 2 or 5 (all 9 such cases of test_note, none of 3 others)" == trigger.text
    )


def test_two_factors_where_one_alone_does_not_tell() -> None:
    """The fewest factors are named, and no fewer than it takes."""
    every = cases(*grid(shares="01", moment="ab", text="xy"))
    failing = [c for c in every if (c.levels["shares"], c.levels["moment"]) == ("1", "b")]
    passing = [c for c in every if c not in failing]

    assert {"shares": ("1",), "moment": ("b",)} == find_trigger(failing, passing).conditions


def test_three_factors_are_told_as_well() -> None:
    """Three factors explain nine tenths of what is published."""
    every = cases(*grid(a="01", b="01", c="01"))
    failing = [case for case in every if set(case.levels.values()) == {"1"}]
    passing = [case for case in every if case not in failing]

    assert {"a": ("1",), "b": ("1",), "c": ("1",)} == find_trigger(failing, passing).conditions


def test_what_cannot_be_told_apart_is_counted() -> None:
    """Where levels explain nothing the count of the scenario's cases says so."""
    every = cases(*grid(shares="01", moment="ab"))
    failing, passing = [every[0], every[3]], [every[1], every[2]]
    trigger = find_trigger(failing, passing)

    assert {} == trigger.conditions
    assert "in 2 of 4 cases of test_note" == trigger.text


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "in the one case of test_note"), (3, "in every one of 3 cases of test_note")],
)
def test_where_nothing_passes_no_level_is_a_condition(count: int, text: str) -> None:
    """A level that all cases share tells nothing of what would spare them."""
    trigger = find_trigger(cases(*[{"shares": "1"}] * count), [])

    assert (text, {}) == (trigger.text, trigger.conditions)


def test_two_scenarios_share_what_both_vary() -> None:
    """A condition holds in every failing case, of whichever scenario."""
    one = cases(*grid(shares="01"))
    other = cases(*grid(shares="01", role="ab"), scenario="test_other")
    trigger = find_trigger(
        [c for c in (*one, *other) if c.levels["shares"] == "1"],
        [c for c in (*one, *other) if c.levels["shares"] == "0"],
    )

    assert {"shares": ("1",)} == trigger.conditions
    assert "test_note and test_other" in trigger.text


def test_a_scenario_without_the_factor_is_named_beside_it() -> None:
    """The condition is that of the scenario with most failing cases; the others are counted."""
    one = cases(*grid(shares="0123"))
    other = cases({}, scenario="test_other")
    trigger = find_trigger([*one[1:], *other], [one[0]])

    assert {"shares": ("1", "2", "3")} == trigger.conditions
    assert trigger.text.endswith("and in 1 case of test_other")


def test_a_race_that_spares_a_case_does_not_hide_the_condition() -> None:
    """One passing case among nine such cases is counted, and the condition is still named."""
    every = cases(*grid(shares="01", text="abcdefghi"))
    failing = [c for c in every if c.levels["shares"] == "1"]
    trigger = find_trigger(failing[1:], [c for c in every if c not in failing[1:]])

    assert {"shares": ("1",)} == {"shares": trigger.conditions["shares"]}


def test_chance_is_no_condition() -> None:
    """Where as many such cases pass as fail, the scenario alone is the condition."""
    every = cases(*grid(shares="01", text="ab"))
    trigger = find_trigger([every[0], every[3]], [every[1], every[2]])

    assert {} == trigger.conditions


def test_a_scenario_that_never_failed_tells_nothing() -> None:
    """Passing cases of other scenarios are no counterexample."""
    one = cases(*grid(shares="12"))
    other = cases(*grid(shares="12"), scenario="test_other")

    assert {} == find_trigger(one, other).conditions


def test_numbers_are_in_the_order_of_their_size() -> None:
    """Levels read as a person counts."""
    every = cases(*[{"shares": n} for n in ("10", "2", "1", "0")])

    assert ("1", "2", "10") == find_trigger(every[:3], every[3:]).conditions["shares"]


def test_no_case_at_all_is_whatever_was_done() -> None:
    """Data that nobody worked on is hurt whatever was done."""
    assert "whatever was done" == find_trigger([], []).text
