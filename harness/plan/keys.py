"""The tree of the plan's keys, walked from its types: for messages and for the reference."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from harness.plan.problems import Where
from harness.plan.schema import PlanTable, Table


def table_at(where: Where) -> type[Table] | None:
    """The table that stands at this place; None where no table does."""
    found: Any = PlanTable
    for part in where:
        if _is_table(found):
            if part not in found.spelled():
                return None
            found = _inside(found.spelled()[str(part)].annotation)
        elif get_origin(found) in (dict, tuple):
            found = _inside(get_args(found)[-1 if get_origin(found) is dict else 0])
        else:
            return None
    return found if _is_table(found) else None


def keys(table: type[Table] = PlanTable, above: str = "") -> Iterator[str]:
    """Every key with its dotted name; NAME stands for a name of one's own.

    >>> sorted(keys())[0]
    'app'
    """
    for name, spec in table.spelled().items():
        key = f"{above}{name}"
        yield key
        inside = _inside(spec.annotation)
        if _is_table(inside):
            yield from keys(inside, f"{key}.")
        elif get_origin(inside) is dict and _is_table(_inside(get_args(inside)[1])):
            yield from keys(_inside(get_args(inside)[1]), f"{key}.NAME.")
        elif get_origin(inside) is tuple and _is_table(_inside(get_args(inside)[0])):
            yield from keys(_inside(get_args(inside)[0]), f"{key}.")


def _inside(annotation: Any) -> Any:
    """The annotation without its metadata and without ``| None``."""
    if get_origin(annotation) is Annotated:
        return _inside(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _inside(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Table)
