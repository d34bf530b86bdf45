"""Factors and covering arrays: which cases a scenario promises."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import corpus
from harness.errors import ScenarioError
from harness.factors import Levelled, Scenario, absence, absent_in, factors, rows, scenario_of


def scenario(where: Any = None, release: Any = None, **levels: Any) -> Scenario:
    """What the decorator leaves on a function."""
    return scenario_of(factors(where, release, **levels)(lambda: None))


SPACES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d", "e"]),
    st.integers(2, 4).map(lambda n: [f"l{k}" for k in range(n)]),
    min_size=1,
)
# Rules are pairs of levels that may not stand together, of any two factors.
RULES = st.lists(
    st.tuples(
        st.sampled_from("abcde"), st.integers(0, 3), st.sampled_from("abcde"), st.integers(0, 3)
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(space=SPACES, rules=RULES, strength=st.integers(1, 3))
def test_every_allowed_combination_occurs(
    space: dict[str, list[str]], rules: list[tuple[str, int, str, int]], strength: int
) -> None:
    """Every combination of t levels that stands in any allowed row stands in a promised row."""
    kept = [rule for rule in rules if rule[0] in space and rule[2] in space]

    def allowed(row: Any) -> bool:
        return not any(
            getattr(row, a) == f"l{m}" and getattr(row, b) == f"l{n}" for a, m, b, n in kept
        )

    possible = [
        dict(zip(space, levels, strict=True))
        for levels in itertools.product(*space.values())
        if allowed(Levelled(dict(zip(space, levels, strict=True))))
    ]
    if not possible:
        with pytest.raises(ScenarioError, match="no row"):
            rows(scenario(where=allowed, **space), strength=strength)
        return

    found = [row.levels for row in rows(scenario(where=allowed, **space), strength=strength)]

    size = min(strength, len(space))
    assert all(row in possible for row in found)
    assert tuples(possible, size) == tuples(found, size)


def tuples(some: list[dict[str, str]], size: int) -> set[tuple[tuple[str, str], ...]]:
    """Every combination of that many levels in these rows."""
    return {chosen for row in some for chosen in itertools.combinations(sorted(row.items()), size)}


def test_the_predicate_sees_the_original_objects() -> None:
    """The predicate is called with the levels as they were written, and asks for them by name."""
    seen: set[type] = set()

    def where(case: Any) -> bool:
        seen.add(type(case.shares))
        return bool(case.shares or case.moment == "after")

    found = rows(scenario(where=where, shares=[0, 1, 2], moment=["before", "after"]))

    assert {int} == seen
    assert not [row for row in found if row.shares == 0 and row.moment == "before"]


def test_a_row_gives_the_original_levels() -> None:
    """A case has the author's objects as attributes; levels are their texts."""
    found = rows(scenario(who=[["patient", "colleague"], ["patient"]], limit=[None, 3]))
    (row,) = (row for row in found if len(row.who) == 2 and row.limit is None)

    assert (["patient", "colleague"], None) == (row.who, row.limit)
    assert {"who": "patient+colleague", "limit": "None"} == row.levels
    assert "who=patient+colleague,limit=None" == row.id


def test_an_unknown_factor_names_those_there_are() -> None:
    """A factor that the scenario does not have is an error, in a case as in a predicate."""
    row = rows(scenario(shares=[1, 2]))[0]
    with pytest.raises(ScenarioError, match="no factor 'share'; it has shares"):
        row.share  # noqa: B018
    with pytest.raises(ScenarioError, match="asks for share"):
        rows(scenario(where=lambda c: c.share, shares=[1, 2]))


def test_the_corpus_is_what_the_profile_holds() -> None:
    """corpus.classes as a factor's levels stands for the profile's selection."""
    found = rows(scenario(text=corpus.classes), texts=("plain", "rtl"))

    assert ["plain", "rtl"] == sorted(row.text for row in found)


def test_own_text_classes_are_not_narrowed() -> None:
    """Classes that the author chose by name stay."""
    found = rows(scenario(text=["percent", "formula"]), texts=("plain",))

    assert ["formula", "percent"] == sorted(row.text for row in found)


def test_a_release_may_narrow_levels() -> None:
    """release= takes levels away from releases that cannot do something yet."""
    narrowed = scenario(save=["button", "shortcut"], release={"1.*": {"save": ["button"]}})

    assert {"button"} == {row.save for row in rows(narrowed, release="1.4")}
    assert {"button", "shortcut"} == {row.save for row in rows(narrowed, release="2.0")}


def test_a_factor_that_never_varies_is_an_error() -> None:
    """One level alone is refused, also beside a factor that varies; a release may be left one."""
    with pytest.raises(ScenarioError, match="'moment' has one level, 'after', and so it never"):
        factors(moment=["after"], shares=[0, 1])

    narrowed = scenario(moment=["after", "before"], release={"1.*": {"moment": ["after"]}})
    assert {"after"} == {row.moment for row in rows(narrowed, release="1.0")}


def test_a_scenario_without_factors_is_one_case() -> None:
    """Without factors there is one row, without levels."""
    (row,) = rows(Scenario())

    assert ("", {}) == (row.id, row.levels)


def test_impossible_constraints_are_an_error() -> None:
    """A predicate that allows no row is an error at once."""
    with pytest.raises(ScenarioError, match="no row of shares, moment"):
        rows(scenario(where=lambda c: c.shares > 9, shares=[0, 1], moment=["before", "after"]))


@pytest.mark.parametrize(
    ("levels", "hint"),
    [
        ({"a": []}, "no levels"),
        ({"a": "plain"}, "are a list"),
        ({"a": [1, "1"]}, "two levels of 'a' read '1'"),
        ({"a": [object()]}, "has no text of its own"),
    ],
)
def test_levels_that_cannot_be_told_apart_are_an_error(levels: dict[str, Any], hint: str) -> None:
    """A factor's levels are several, each with a text of its own."""
    with pytest.raises(ScenarioError, match=hint):
        factors(**levels)


@pytest.mark.parametrize(
    ("release", "hint"),
    [
        ({"1.*": {"sav": ["button"]}}, "no factor"),
        ({"1.*": {"save": ["key"]}}, "is no level of 'save'"),
    ],
)
def test_a_narrowing_that_fits_nothing_is_an_error(release: Any, hint: str) -> None:
    """release= names factors and levels that there are."""
    with pytest.raises(ScenarioError, match=hint):
        factors(save=["button", "shortcut"], release=release)


def test_absence_has_a_reason() -> None:
    """A scenario that a release does not have is absent for a reason that is listed."""

    @absent_in("1.*", reason="sharing came with 2.0")
    @factors(shares=[1, 2])
    def share() -> None: ...

    assert "sharing came with 2.0" == absence(scenario_of(share), "1.4")
    assert None is absence(scenario_of(share), "2.0")
    assert {"shares": (1, 2)} == scenario_of(share).factors
    with pytest.raises(ScenarioError, match="needs a reason"):
        absent_in("1.*", reason=" ")


PRINT_IDS = """
from harness.factors import factors, rows, scenario_of
mark = factors(a=["x", "y", "z"], b=[0, 1, 2], c=list("pqr"), where=lambda c: c.b or c.a == "x")
print([row.id for row in rows(scenario_of(mark(lambda: None)))])
"""


def test_cases_are_the_same_in_every_process() -> None:
    """Neither hash seeds nor the run decide which rows there are, or in which order."""
    said = {
        subprocess.run(
            [sys.executable, "-c", PRINT_IDS],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1", "4711")
    }

    assert 1 == len(said)
    assert "a=x,b=0" in said.pop()


def test_pairs_of_a_practical_scenario_are_few() -> None:
    """Pairwise rows stay near what the two longest factors alone would need."""
    found = rows(
        scenario(
            shares=[0, 1, 2, 5],
            moment=["before", "between", "after", "after save"],
            text=corpus.classes,
            save=["button", "shortcut", "autosave"],
        ),
        texts=corpus.COMMIT,
    )

    assert 32 <= len(found) <= 40
