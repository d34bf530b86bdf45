"""Hostile text becomes harmless, and stays readable."""

import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from harness.report.clean import clean, one_line


def test_terminal_escapes_are_spelled_out() -> None:
    """An escape sequence in a value cannot steer a terminal."""
    assert clean("a\x1b[31mb\rc") == "a<U+001B>[31mb<U+000D>c"


def test_newlines_and_ordinary_characters_stay() -> None:
    """French prose, emoji and newlines are left as they are."""
    text = "œdème 38,5 °C\n👩\u200d⚕️\tfin"

    assert clean(text) == text


@given(st.text(st.characters(codec=None)))
def test_cleaned_text_is_always_xml(text: str) -> None:
    """Whatever a value holds, its cleaned text can stand in an XML file."""
    element = ElementTree.Element("a")
    element.text = clean(text)

    ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))


def test_a_long_text_is_cut_to_one_line() -> None:
    """A long text of many lines becomes one line with an ellipsis."""
    line = one_line("word\n" * 500, 20)

    assert len(line) == 20
    assert line.endswith("…")
    assert "\n" not in line
