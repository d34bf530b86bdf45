"""One plan over another: what differs for one release, without a second copy of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A plan with what stands in over: tables merge key by key, lists and values replace.

    >>> merge({"limits": {"a": 1, "b": [1]}}, {"limits": {"b": [2]}, "app": {}})
    {'limits': {'a': 1, 'b': [2]}, 'app': {}}
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both and below is not None else value
    return merged
