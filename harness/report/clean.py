"""Application text made fit for terminals and XML: values are hostile."""

from __future__ import annotations

import re

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)


# Blanks collapse, so that a line may need more characters than it shows.
LOOKED_AT = 8


def clean(text: str) -> str:
    """The text with every character that could steer a terminal or break XML written as U+XXXX.

    Newlines and tabs stay; carriage returns, escapes, NUL, bidirectional controls, lone
    surrogates and noncharacters do not.
    """
    return _CONTROLS.sub(lambda match: f"<U+{ord(match.group()):04X}>", text)


def one_line(text: str, chars_max: int = 400) -> str:
    """The cleaned text on one line, cut with an ellipsis past chars_max."""
    few = text[: chars_max * LOOKED_AT]  # a megabyte is not cleaned for the sake of one line
    line = " ".join(clean(few).split())
    if len(few) < len(text):
        line += "…"
    return line if len(line) <= chars_max else f"{line[: chars_max - 1]}…"
