"""Lists of child rows, from the way PostgreSQL writes arrays and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_ITEM = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^"\\{},]|\\.)+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BOUNDS = re.compile(r"(?:\[-?\d+:-?\d+\])+=")


def from_array(text: str) -> tuple[str | None, ...]:
    """The items of a one-dimensional array in its text form; raises ValueError on anything else.

    >>> from_array('{a,"b, c",NULL,"NULL",""}')
    ('a', 'b, c', None, 'NULL', '')
    """
    text = _BOUNDS.sub("", text, count=1)
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError(f"not an array: {text!r:.80}")
    items: list[str | None] = []
    at, end = 1, len(text) - 1
    while at < end:
        match = _ITEM.match(text, at, end)
        if match is None or (match.end() < end and text[match.end()] != ","):
            raise ValueError(f"not an array of one dimension: {text!r:.80}")
        items.append(_item(match))
        at = match.end() + 1
    return tuple(items)


def _item(match: re.Match[str]) -> str | None:
    if match[1] is not None:
        return _ESCAPED.sub(r"\1", match[1])
    return None if match[2].upper() == "NULL" else _ESCAPED.sub(r"\1", match[2])


def from_json(text: str) -> tuple[str | None, ...]:
    """The items of a JSON array; a number keeps its spelling. Raises ValueError on anything else.

    >>> from_json('["a", null, 1.50]')
    ('a', None, '1.50')
    """
    items = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    if not isinstance(items, list):
        raise ValueError(f"not a JSON array: {text!r:.80}")
    return from_items(items)


def from_items(items: Sequence[object]) -> tuple[str | None, ...]:
    """The items of a JSON array that was read with its numbers as they are spelled."""
    return tuple(
        item if item is None or isinstance(item, str) else json.dumps(item) for item in items
    )
