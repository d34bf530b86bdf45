"""Which cases a tick holds: all of what is always asked, and the rest in turn."""

from __future__ import annotations

from harness.canary.choosing import cases_of_tick, never_asked
from harness.model import Case

SHARES = ("one", "one", "one", "none", "none")
CASES = [
    Case(f"a.py::a[{n}]", n, "a.py::a", "a.py", 1, {"shares": shares, "text": str(n)})
    for n, shares in enumerate(SHARES)
]
OTHER = [Case(f"b.py::b[{n}]", 10 + n, "b.py::b", "b.py", 1, {"save": str(n)}) for n in range(2)]


def test_each_tick_holds_a_case_with_and_one_without() -> None:
    """However often it is asked, no tick is without either level of what is always asked."""
    for tick in range(50):
        found = cases_of_tick(CASES, ["shares"], tick)
        assert ["none", "one"] == sorted(case.levels["shares"] for case in found)


def test_every_case_has_its_turn() -> None:
    """After as many ticks as the largest group has cases, each has been driven."""
    driven = {case.number for tick in range(3) for case in cases_of_tick(CASES, ["shares"], tick)}

    assert {case.number for case in CASES} == driven


def test_a_scenario_without_that_factor_has_one_case_a_tick() -> None:
    """What is always asked of one scenario says nothing of another."""
    found = cases_of_tick([*CASES, *OTHER], ["shares"], 1)

    assert 3 == len(found)
    assert [11] == [case.number for case in found if case.scenario == "b.py::b"]


def test_nothing_always_asked_is_a_case_for_each_scenario() -> None:
    """Without the plan's word each scenario's cases take turns alone."""
    assert [2, 10] == [case.number for case in cases_of_tick([*CASES, *OTHER], [], 2)]


def test_a_factor_that_no_case_has_is_named() -> None:
    """A slip of the pen in what is always asked would otherwise ask nothing."""
    assert ["share"] == never_asked(CASES, ["share", "shares"])
    assert [] == never_asked(CASES, ["shares"])
