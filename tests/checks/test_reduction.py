"""Which factors a failing case cannot do without, in as few runs as may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from harness.checks.reduction import reduction

RUNS_MAX = 11


def reduced(
    factors: Sequence[str], fails: Callable[[frozenset[str]], bool]
) -> tuple[frozenset[str], int]:
    """The factors that are needed, and how many runs it took to know."""
    halving = reduction(factors)
    runs_n = 0
    try:
        asked = next(halving)
        while True:
            runs_n += len(asked)
            asked = halving.send([fails(taken) for taken in asked])
    except StopIteration as ended:
        return ended.value, runs_n


@given(st.data())
def test_a_cause_of_two_factors_is_found_in_eleven_runs(data: st.DataObject) -> None:
    """Whichever two of up to thirty factors it takes, and however they stand: eleven runs."""
    factors = [f"f{n}" for n in range(data.draw(st.integers(2, 30)))]
    cause = frozenset(data.draw(st.lists(st.sampled_from(factors), min_size=1, max_size=2)))

    found, runs_n = reduced(factors, lambda taken: cause <= taken)

    assert found == cause
    assert runs_n <= RUNS_MAX


@given(st.data())
def test_no_factor_that_is_found_can_be_left_out(data: st.DataObject) -> None:
    """Of several causes one is found, whole, and nothing beside it."""
    factors = [f"f{n}" for n in range(data.draw(st.integers(1, 11)))]
    some = st.frozensets(st.sampled_from(factors), min_size=1, max_size=4)
    causes = data.draw(st.lists(some, min_size=1, max_size=3))

    def fails(taken: frozenset[str]) -> bool:
        return any(cause <= taken for cause in causes)

    found, _ = reduced(factors, fails)

    assert fails(found)
    assert not any(fails(found - {factor}) for factor in found)


def test_nothing_apart_is_nothing_to_find() -> None:
    """Cases that differ in nothing are reduced to nothing, without a run."""
    assert reduced([], lambda _: True) == (frozenset(), 0)
