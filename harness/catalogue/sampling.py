"""A part of the catalogue that is another one the next time, and all of it after a while."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence


def sample(names: Sequence[str], size_n: int, turn: int, always: Collection[str]) -> list[str]:
    """That many names and those that are always there; consecutive turns go round all of them.

    >>> sample(["a", "b", "c", "d"], 2, 0, ["a"])
    ['a', 'c', 'd']
    """
    rest = sorted((name for name in names if name not in always), key=_place)
    start = turn * size_n % len(rest) if rest else 0
    chosen = {*(rest[start:] + rest[:start])[:size_n], *always}
    return [name for name in names if name in chosen]


def _place(name: str) -> str:
    # Names of one mechanism stand together in the alphabet, and should not come together.
    return hashlib.sha256(name.encode("utf-8")).hexdigest()
