from __future__ import annotations

import itertools
from collections.abc import Mapping

from harness import corpus
from harness.covering import cover
from harness.factors import Levelled, factors, rows, scenario_of


def any_row(row: Mapping[str, int]) -> bool | str:
    return True


def met(found: tuple[Levelled, ...], *names: str) -> set[tuple[str, ...]]:
    return {tuple(row.levels[name] for name in names) for row in found}


def test_every_pair_occurs_in_hardly_more_rows_than_the_largest_pair_needs() -> None:
    """Four factors of three levels meet in all pairs within twelve rows (nine are the least)."""
    levels_n = dict.fromkeys("abcd", 3)
    found = cover(levels_n, list(itertools.combinations("abcd", 2)), any_row)

    for one, other in itertools.combinations("abcd", 2):
        assert {(row[one], row[other]) for row in found} == set(
            itertools.product(range(3), repeat=2)
        )
    assert len(found) <= 12


def test_a_predicate_over_several_factors_costs_no_rows() -> None:
    """What may not be is left out, all that may is there, and nothing else is added."""

    @factors(
        shared=[0, 1, 2, 5],
        moment=["before", "after", "never"],
        recipient=["patient", "colleague", "nobody"],
        text=corpus.classes,
        trigger=["button", "shortcut", "autosave", "leaving"],
        where=lambda c: (
            (c.shared == 0) == (c.moment == "never")
            and (c.shared == 0) == (c.recipient == "nobody")
        ),
    )
    def scenario() -> None: ...

    found = rows(scenario_of(scenario), texts=corpus.COMMIT)

    assert len(met(found, "text", "trigger")) == 8 * 4
    assert len(met(found, "shared", "moment")) == 3 * 2 + 1
    assert all((row.shared == 0) == (row.recipient == "nobody") for row in found)
    assert len(found) <= 36


def test_the_same_factors_give_the_same_rows() -> None:
    """A promise can be made in one process and kept in another."""
    levels_n = {"a": 3, "b": 4, "c": 2, "d": 5}
    groups = list(itertools.combinations("abcd", 2))

    assert cover(levels_n, groups, any_row) == cover(levels_n, groups, any_row)


def test_a_predicate_that_allows_nothing_gives_no_row() -> None:
    """Where nothing may be there is no row, and no end without an answer."""
    groups = [("a", "b")]

    assert cover({"a": 2, "b": 2}, groups, lambda row: False if "a" in row else "a") == []


def test_the_corpus_meets_other_factors_in_pairs_only() -> None:
    """Three at a time for all but the texts, which would make most of the rows."""

    @factors(text=corpus.classes, a=[1, 2, 3], b=[1, 2, 3], c=[1, 2, 3])
    def scenario() -> None: ...

    found = rows(scenario_of(scenario), strength=3)

    assert len(met(found, "a", "b", "c")) == 27
    assert len(met(found, "text", "a")) == 3 * len(corpus.classes)
    assert len(found) < 4 * len(corpus.classes)
