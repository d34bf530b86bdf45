"""Which known word somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that looks most like it, or None where nothing is that much like it."""
    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def listed(known: Iterable[str]) -> str:
    """The words in alphabetical order, as a sentence lists them."""
    return ", ".join(sorted(known)) or "nothing"


def advice(word: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown word: the nearest one, else all there are."""
    names = tuple(known)
    meant = nearest(word, names)
    return f"write {meant}" if meant else f"known here: {listed(names)}"
