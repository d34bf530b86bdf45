"""Two texts side by side."""

import time

from hypothesis import given
from hypothesis import strategies as st

from harness.report.difference import WINDOW_CHARS, Piece, first_difference, windows

TEXT = st.text(st.characters(codec=None), max_size=60)


@given(TEXT, TEXT)
def test_the_first_difference_is_the_first(left: str, right: str) -> None:
    """Before the first difference both texts are equal; there they are not."""
    at = first_difference(left, right)

    assert (at is None) == (left == right)
    if at is not None:
        assert left[:at] == right[:at]
        assert left[at : at + 1] != right[at : at + 1]


def test_a_cut_text_says_how_much_is_missing() -> None:
    """A truncated text ends with the number of characters that are missing."""
    _, stored = windows("TA <140/90 ok", ["TA "])

    assert stored.pieces == (Piece("TA "), Piece("10", "gap", differs=True))


def test_a_long_cut_counts_beyond_the_window() -> None:
    """What is missing is counted to the end of the text, not of the window."""
    _, stored = windows("a" * 65_536, ["a" * 1_024])

    assert stored.pieces[-1] == Piece("64512", "gap", differs=True)


def test_every_text_is_cut_at_the_same_place() -> None:
    """All texts begin around the first difference, so that they can be read side by side."""
    cut = windows("x" * 5000 + "yes" + "x" * 5000, ["x" * 5000 + "no" + "x" * 5000])

    assert cut[0].before_n == cut[1].before_n > 4900
    assert cut[1].after_n > 4700


def test_what_is_invisible_is_spelled_out() -> None:
    """Controls, bidirectional marks and special blanks are named where they stand."""
    text = "a\x00\u202eb\u00a0c\rd"
    signs = [piece.text for piece in windows(text, [])[0].pieces if piece.kind == "sign"]

    assert signs == ["NUL U+202E", "NBSP", "CR"]


def test_look_alikes_are_told_by_their_code_points() -> None:
    """A letter that was replaced by one that looks the same is shown with its code point."""
    _, stored = windows("10\u00b2 m", ["102 m"])
    _, angstrom = windows("5 \u00c5", ["5 \u212b"])

    assert [piece for piece in stored.pieces if piece.differs] == [Piece("2", differs=True)]
    assert Piece("\u212b", differs=True, codes="U+212B") in angstrom.pieces


def test_another_text_is_one_difference() -> None:
    """A text that has little in common is marked as a whole, not in shreds."""
    _, stored = windows("Patient vu en consultation", ["zzz Rien a voir 123"])

    assert sum(piece.differs for piece in stored.pieces) == 1


@given(TEXT, st.lists(TEXT, max_size=3))
def test_nothing_is_lost_in_the_cut(reference: str, others: list[str]) -> None:
    """The pieces hold every character between what was left out, or its name."""
    for text, window in zip([reference, *others], windows(reference, others), strict=True):
        shown = sum(
            len(p.text.split()) if p.kind == "sign" else len(p.text)
            for p in window.pieces
            if p.kind != "gap"
        )
        assert window.before_n + shown + window.after_n == len(text)
        assert shown <= WINDOW_CHARS


def test_a_megabyte_takes_no_time() -> None:
    """Two texts of a megabyte are compared in well under a second."""
    text = "é" * 1_048_576
    began_s = time.perf_counter()
    windows(text, [text[:-1], text[:500_000] + "x" + text[500_001:]])

    assert time.perf_counter() - began_s < 2
