"""A part of the catalogue that is another one the next time."""

from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.sampling import sample

NAMES = st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, min_size=1, max_size=30)


@given(NAMES, st.integers(1, 9), st.integers(0, 10**6))
def test_a_sample_is_the_same_for_the_same_number(names: list[str], size_n: int, turn: int) -> None:
    """It has the asked size or all there are, in the catalogue's order, and is repeatable."""
    always = names[:1]
    chosen = sample(names, size_n, turn, always)

    assert chosen == sample(names, size_n, turn, always)
    assert chosen == [name for name in names if name in chosen]
    assert set(always) <= set(chosen)
    assert len(chosen) == min(size_n + 1, len(names))


@given(NAMES, st.integers(1, 9), st.integers(0, 10**6))
def test_consecutive_samples_go_round(names: list[str], size_n: int, turn: int) -> None:
    """After as many turns as there are parts, with one more for the seam, all have been there."""
    turns_n = -(-len(names) // size_n) + 1
    seen = {name for n in range(turns_n) for name in sample(names, size_n, turn + n, [])}

    assert set(names) == seen
