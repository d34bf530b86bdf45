"""Two texts side by side: cut around their first difference, with what is invisible spelled out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from harness.values import TOKEN_CHARS

CONTEXT_CHARS = 48
WINDOW_CHARS = 240
# Texts that share less than this, or differ in more pieces than a reader can follow, are shown as
# one difference between their common beginning and end.
ALIKE_MIN = 0.6
PIECES_MAX = 8
# A difference this short may be one between look-alikes, so that its code points are said.
SPELLED_CHARS_MAX = 3

_TOKEN = re.compile(rf"zq[0-9a-z]{{{TOKEN_CHARS - 2}}}")
_NAMED = {
    "\r": "CR",
    "\t": "TAB",
    "\x00": "NUL",
    "\x1b": "ESC",
    "\u00a0": "NBSP",
    "\u202f": "NNBSP",
    "\u200d": "ZWJ",
    "\u200b": "ZWSP",
    "\ufeff": "BOM",
}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is shown in one way.

    kind is "text", "token" (a traceable value's mark), "sign" (spelled out because it cannot be
    seen) or "gap" (text is then how many characters are missing here); differs marks what the other
    text does not have; codes are code points to say beside it.
    """

    text: str
    kind: str = "text"
    differs: bool = False
    codes: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A cut text: how many characters were left out on each side, and the pieces between."""

    before_n: int
    pieces: tuple[Piece, ...]
    after_n: int
    same: bool


def first_difference(left: str, right: str) -> int | None:
    """The place of the first character that differs; None where the texts are equal."""
    if left == right:
        return None
    low, high = 0, min(len(left), len(right))
    while low < high:  # halves, so that a megabyte costs twenty comparisons
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def windows(reference: str, others: Sequence[str], chars: int = WINDOW_CHARS) -> list[Window]:
    """The reference and then each other, all cut at the same place: around the first difference."""
    places = [at for other in others if (at := first_difference(reference, other)) is not None]
    start = max(0, min(places, default=0) - CONTEXT_CHARS)
    start = 0 if start < CONTEXT_CHARS else start
    return [_window(reference, reference, start, chars)] + [
        _window(other, reference, start, chars) for other in others
    ]


def _window(text: str, reference: str, start: int, chars: int) -> Window:
    cut, wanted = text[start : start + chars], reference[start : start + chars]
    after_n = max(0, len(text) - start - chars)
    same = text == reference
    differing, gaps = (set(), {}) if same else _changes(cut, wanted)
    if after_n and len(cut) in gaps:
        del gaps[len(cut)]  # what seems to be missing follows beyond the cut
    elif len(cut) in gaps:
        gaps[len(cut)] += max(0, len(reference) - start - chars)
    pieces = tuple(_pieces(cut, differing, gaps))
    return Window(min(start, len(text)), pieces, after_n, same)


def _changes(text: str, reference: str) -> tuple[set[int], dict[int, int]]:
    """The places of text that the reference does not have, and how much is missing where."""
    matcher = SequenceMatcher(None, reference, text, autojunk=False)
    changed = [codes for codes in matcher.get_opcodes() if codes[0] != "equal"]
    if len(changed) > PIECES_MAX or matcher.ratio() < ALIKE_MIN:
        low = first_difference(text, reference) or 0
        tail = first_difference(text[low:][::-1], reference[low:][::-1]) or 0
        differing = set(range(low, len(text) - tail))
        return differing, {} if differing else {low: len(reference) - len(text)}
    differing = {at for _, _, _, low, high in changed for at in range(low, high)}
    gaps = {low: i2 - i1 for op, i1, i2, low, _ in changed if op == "delete"}
    for match in _TOKEN.finditer(text):  # a token is one word: it is another one, or the same
        place = range(match.start(), match.end())
        inner = set(place[1:]) & gaps.keys()
        if inner or not differing.isdisjoint(place):
            differing |= set(place)
            gaps = {at: n for at, n in gaps.items() if at not in inner}
    return differing, gaps


def _pieces(text: str, differing: set[int], gaps: Mapping[int, int]) -> Iterator[Piece]:
    kinds = ["sign" if _is_invisible(char) else "text" for char in text]
    for match in _TOKEN.finditer(text):
        kinds[match.start() : match.end()] = ["token"] * len(match[0])
    borders = sorted({0, len(text), *gaps, *_borders(kinds, differing)})
    for low, high in pairwise([*borders, len(text)]):
        if low in gaps:
            yield Piece(str(gaps[low]), "gap", differs=True)
        if low < high:
            yield _piece(text[low:high], kinds[low], low in differing)


def _borders(kinds: Sequence[str], differing: set[int]) -> Iterator[int]:
    """Where a stretch of one look begins."""
    marks = [(kind, at in differing) for at, kind in enumerate(kinds)]
    yield from (at for at in range(1, len(marks)) if marks[at] != marks[at - 1])


def _piece(run: str, kind: str, differs: bool) -> Piece:
    if kind == "sign":
        return Piece(_spelled(run), kind, differs)
    return Piece(run, kind, differs, _codes(run) if differs else "")


def _is_invisible(char: str) -> bool:
    return char != "\n" and (char in _NAMED or unicodedata.category(char) in _INVISIBLE)


def _spelled(run: str) -> str:
    return " ".join(_NAMED.get(char) or f"U+{ord(char):04X}" for char in run)


def _codes(run: str) -> str:
    """The code points of a short stretch that is not plain ASCII: it may look like another."""
    if run.isascii() or len(run) > SPELLED_CHARS_MAX:
        return ""
    return " ".join(f"U+{ord(char):04X}" for char in run)
