"""The text classes: what each is made of, and that each is what its name says."""

from __future__ import annotations

import unicodedata

import pytest

from harness import corpus
from harness.corpus import CLASSES, COMMIT, LENGTHS, MEBIBYTE_CHARS
from harness.errors import ScenarioError


@pytest.mark.parametrize("size", LENGTHS)
@pytest.mark.parametrize("n", [0, 7, 999_999])
def test_exact_lengths_are_exact(size: int, n: int) -> None:
    """A text of so many bytes or characters has so many, and does not end in a blank."""
    of_bytes, of_chars = CLASSES[f"bytes-{size}"].write(n), CLASSES[f"chars-{size}"].write(n)

    assert (size, size) == (len(of_bytes.encode()), len(of_chars))
    assert of_bytes == of_bytes.strip()
    assert of_chars == of_chars.strip()
    assert len(of_bytes) < size


def test_a_mebibyte_and_one() -> None:
    """The longest text is just longer than a mebibyte of characters."""
    assert 1024 * 1024 + 1 == MEBIBYTE_CHARS == len(CLASSES["mebibyte"].write(1))


def test_the_dangerous_characters_of_a_consultation_are_there() -> None:
    """What breaks sanitizers, byte limits, code pages and templates is in the corpus."""
    every = "".join(c.write(1) for name, c in CLASSES.items() if "-" not in name)
    for part in (
        "TA <140/90", "CRP <5 mg/L", "≥", "≤", "±", "→", "µg", "½", "10²", "38,5 °C",
        "œ", "’", "«", "»", "\u00a0", "\u202f", "\t", "\n\n", "👩\u200d⚕️", "é", "e\u0301", "\u212b",
        "שלום", "&lt;", "&eacute;", "</textarea>", "{{", "%s", "\\", "'", '"', "\x00", "\ufffe",
        "\ud83d", "+", "%2B",
    ):  # fmt: skip
        assert part in every, part


@pytest.mark.parametrize(
    ("name", "first"), [("formula", "="), ("plus", "+"), ("minus", "-"), ("at", "@")]
)
def test_edges_stand_at_the_edge(name: str, first: str) -> None:
    """A spreadsheet's first character is the first, so that class carries no marker."""
    assert CLASSES[name].write(3).startswith(first)
    assert not CLASSES[name].marker


def test_nothing_and_what_looks_like_nothing_are_classes() -> None:
    """The empty text, one blank, a zero, null and NA are typed as they are."""
    assert ["", " ", "0", "null", "NA"] == [
        CLASSES[name].write(1) for name in ("empty", "blank", "zero", "null", "na")
    ]


def test_only_nul_and_half_a_pair_cannot_be_stored() -> None:
    """Every other class is one that a database of text can be asked to keep."""
    for name in corpus.classes:
        CLASSES[name].write(1).encode()

        assert "\x00" not in CLASSES[name].write(1)
    assert ("nul", "surrogate") == corpus.unstorable
    assert set(CLASSES) == {*corpus.classes, *corpus.unstorable}


def test_composed_and_decomposed_stand_side_by_side() -> None:
    """A text that is normalised to NFC is changed by it."""
    text = CLASSES["combining"].write(1)

    assert text != unicodedata.normalize("NFC", text)
    assert text != unicodedata.normalize("NFKC", unicodedata.normalize("NFC", text))


def test_the_short_selection_is_of_the_corpus() -> None:
    """The commit profile's eight classes are classes, and are stored."""
    assert 8 == len(set(COMMIT))
    assert set(COMMIT) <= set(corpus.classes)


def test_an_unknown_class_names_the_nearest() -> None:
    """A slip of the pen is answered with what was meant, and with how to write a literal."""
    assert CLASSES["plain"] is corpus.by_name("plain")
    assert "plain" == str(corpus.by_name("plain"))
    with pytest.raises(ScenarioError, match=r"'plian'; the nearest is 'plain'.*exact\('plian'\)"):
        corpus.by_name("plian")
    with pytest.raises(ScenarioError, match=r"'§'; a literal is exact\('§'\)"):
        corpus.by_name("§")
