"""Types and keys: what the schema refuses, said in the words of the person who wrote the plan."""

from __future__ import annotations

import json
import shlex
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from harness.plan.keys import table_at
from harness.plan.problems import Problem, Where, shown
from harness.plan.schema import PlanTable
from harness.plan.secrecy import hide
from harness.suggest import advice

_EXPECTED = {
    "string_type": "write a text in quotes",
    "int_type": "write a whole number, without quotes",
    "float_type": "write a number, without quotes",
    "bool_type": "write true or false, without quotes",
    "dict_type": "write a table",
    "model_type": "write a table",
    "tuple_type": "write a list",
    "date_type": "write a day without quotes, as 2030-01-31",
    "string_too_short": "is empty; write a text",
    "too_short": "is empty; write at least one",
}


def structure_problems(raw: Any, data: Any) -> list[Problem]:
    """What the schema refuses in the data; messages show what raw has in its place."""
    try:
        PlanTable.model_validate(data)
    except ValidationError as error:
        return [_problem(raw, details) for details in error.errors()]
    return []


def _problem(raw: Any, details: ErrorDetails) -> Problem:
    where = _as_written(raw, details["loc"])
    there, value = _seen(raw, where)
    if isinstance(value, str):
        value = hide(where, value)
    seen = shown(value) if there and details["type"] != "missing" else ""
    return Problem(where, seen, _advice(details, value))


def _advice(details: ErrorDetails, value: object) -> str:
    kind, where = details["type"], details["loc"]
    table = table_at(where[:-1])
    if kind == "extra_forbidden":
        return f"unknown key; {advice(str(where[-1]), table.spelled() if table else ())}"
    if kind == "missing":
        spec = table.spelled().get(str(where[-1])) if table else None
        example = spec.examples[0] if spec is not None and spec.examples else "it"
        return f"is missing; write {example}"
    if kind == "tuple_type" and isinstance(value, str) and " " in value:
        return f"write a list of words: {json.dumps(_split(value), ensure_ascii=False)}"
    if kind == "literal_error":
        return f"write {details['ctx']['expected']}"
    if kind == "value_error":
        return str(details["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(where[-1]), details["msg"])
    return _EXPECTED.get(kind, details["msg"].replace("Input should", "has to"))


_PATTERNS = {
    "path": "a path starts with /",
    "assets": "a path starts with /",
    "codec": 'write "module:function"',
}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _as_written(raw: Any, loc: Where) -> Where:
    """The place as the file has it, where a shorter way of writing moved it."""
    if loc[:3] == ("release", "worker", "worker") and not _seen(raw, loc[:3])[0]:
        return (*loc[:2], *loc[3:])
    while len(loc) > 1 and not isinstance(_seen(raw, loc[:-1])[1], (dict, list)):
        if not _seen(raw, loc[:-1])[0]:
            break
        loc = loc[:-1]
    return loc


def _seen(raw: Any, where: Where) -> tuple[bool, Any]:
    """Whether something stands there, and what."""
    for part in where:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, raw
