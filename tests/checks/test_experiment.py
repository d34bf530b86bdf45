"""What is driven to learn when a finding happens, and what it ends with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from harness.checks.experiment import (
    AGAIN,
    BETWEEN,
    WITH,
    Conditions,
    Ran,
    Step,
    Supposed,
    Wish,
    experiment,
)
from harness.model import Case

Levels = Mapping[str, str]
Answer = Callable[[Wish], Ran]


def case(number: int = 0, **levels: str) -> Case:
    """A case with these levels."""
    return Case(f"test_note[{number}]", number, "test_note", "f.py", 1, levels)


def made(supposed: Supposed, answer: Answer) -> list[Step]:
    """Every step of an experiment, each wish answered."""
    steps: list[Step] = []
    trying = experiment(supposed)
    try:
        steps.append(next(trying))
        while True:
            steps.append(trying.send([answer(wish) for wish in steps[-1].wishes]))
    except StopIteration:
        return steps


def application(fails: Callable[[Levels], bool], **levels: str) -> Answer:
    """An application with a cause, whose factors have these levels, one letter each."""

    def answer(wish: Wish) -> Ran:
        row = {}
        for factor, some in levels.items():
            able = [
                level
                for level in some
                if level in wish.wanted.get(factor, some)
                and level not in wish.unwanted.get(factor, ())
            ]
            if not able:
                return Ran(None, None)
            liked = wish.preferred[factor]
            row[factor] = liked if liked in able else able[wish.nth % len(able)]
        return Ran(row, fails(row))

    return answer


def parts(step: Step) -> dict[str, int]:
    """How many probes a step has for each purpose."""
    return {
        part: sum(wish.part == part for wish in step.wishes)
        for part in dict.fromkeys(wish.part for wish in step.wishes)
    }


def both(levels: Levels) -> bool:
    """The cause: two factors together."""
    return levels["a"] == "x" and levels["b"] == "y"


WORLD = application(both, a="xo", b="yo", c="12", d="12")
FAILING = case(0, a="x", b="y", c="1", d="1")
PASSING = (case(1, a="o", b="o", c="2", d="1"), case(2, a="x", b="o", c="2", d="2"))


def test_what_is_right_is_confirmed_in_one_round() -> None:
    """Three with the condition on levels that pass, and three without each factor of it."""
    (step,) = made(Supposed(FAILING, PASSING, {"a": ("x",), "b": ("y",)}), WORLD)

    assert parts(step) == {WITH: 3, "without a": 3, "without b": 3}
    assert all(wish.preferred in [c.levels for c in PASSING] for wish in step.wishes[:3])


def test_a_factor_that_does_not_matter_is_left_out() -> None:
    """Where it fails without a factor as well, the next round supposes less."""
    conditions: Conditions = {"a": ("x",), "b": ("y",), "c": ("1",)}
    *_, last = made(Supposed(FAILING, PASSING, conditions), WORLD)

    assert last.conditions == {"a": ("x",), "b": ("y",)}


def test_levels_that_fail_as_well_are_added() -> None:
    """A condition that is too narrow in its levels grows by those that fail."""
    world = application(lambda row: row["a"] != "o", a="xyo", c="12")
    start = Supposed(case(0, a="x", c="1"), (case(1, a="o", c="2"),), {"a": ("x",)})

    assert made(start, world)[-1].conditions == {"a": ("x", "y")}


def test_what_was_supposed_too_wide_gets_a_factor() -> None:
    """Where a passing row stays passing with the condition, what else it takes is searched."""
    steps = made(Supposed(FAILING, PASSING, {"a": ("x",)}), WORLD)

    assert BETWEEN in parts(steps[1])
    assert steps[-1].conditions == {"a": ("x",), "b": ("y",)}


@given(st.permutations("abcdefgh"))
def test_a_cause_that_statistics_do_not_see_is_found(order: list[str]) -> None:
    """Without anything to suppose, the failing case is reduced against the nearest passing one."""
    one, two, *_ = order
    world = application(
        lambda row: row[one] == "x" and row[two] == "x", **dict.fromkeys(order, "xo")
    )
    bad, good = case(0, **dict.fromkeys(order, "x")), case(1, **dict.fromkeys(order, "o"))
    steps = made(Supposed(bad, (good,), {}), world)
    between_n = sum(parts(step).get(BETWEEN, 0) for step in steps)

    assert steps[-1].conditions == {one: ("x",), two: ("x",)}
    assert between_n <= 11


def test_factors_that_only_go_together_are_one_condition() -> None:
    """Hybrids that cannot be are taken for passing, and of what holds each other one is enough."""

    def together(wish: Wish) -> Ran:
        found = WORLD(wish)
        levels = dict(found.levels or {})
        if (levels["a"] == "x") == (levels["b"] == "y"):
            return found
        if {"a", "b"} <= {*wish.wanted, *wish.unwanted}:
            return Ran(None, None)
        asked_a = "a" in {*wish.wanted, *wish.unwanted}
        cause = levels["a"] == "x" if asked_a else levels["b"] == "y"
        levels |= {"a": "x", "b": "y"} if cause else {"a": "o", "b": "o"}
        return Ran(levels, both(levels))

    steps = made(Supposed(FAILING, PASSING[:1], {}), together)

    assert {"a": ("x",), "b": ("y",)} in [step.conditions for step in steps]
    assert steps[-1].conditions == {"a": ("x",)}
    assert parts(steps[-1]) == {WITH: 3, "without a": 3}


def test_what_always_fails_is_run_three_times_more() -> None:
    """Without a passing case there is nothing to vary: it has to fail again."""
    (step,) = made(Supposed(case(), (), {}), lambda _: Ran({}, failed=True))

    assert (parts(step), step.conditions) == ({AGAIN: 3}, {})


def test_what_fails_by_chance_is_counted() -> None:
    """A case that failed and passed is run five times more, and nothing is searched."""
    (step,) = made(Supposed(FAILING, PASSING, {"a": ("x",)}, flaky=True), WORLD)

    assert parts(step) == {AGAIN: 5}
