"""What a release says of itself: ``release.toml``, typed; docs/catalogue.md explains each key.

The file belongs to the application, which may keep keys of its own in it. A key that looks like
one of ours is a slip of the pen and refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from harness.model import Anomaly, Layer
from harness.plan.problems import dotted, shown
from harness.plan.schema import ProfileName, Text, Texts
from harness.suggest import nearest

FILE_NAME = "release.toml"
# High enough for an application's own `migrations` beside our `mechanism`.
LIKENESS = 0.7


def _levels(value: object) -> object:
    """Levels are text; one alone and numbers may be written as they are."""
    if not isinstance(value, dict):
        return value
    found = {}
    for factor, levels in value.items():
        many = levels if isinstance(levels, list) else [levels]
        plain = all(isinstance(level, (str, int, float)) for level in many)
        found[factor] = tuple(str(level) for level in many) if plain and many else levels
    return found


class Expectation(BaseModel):
    """The answer a release expects of the gate, and what the gate has to run for it.

    trigger maps a factor to the levels under which it happens, the factor ``scenario`` to
    patterns of scenarios; empty says that it happens in every case that does it.
    """

    model_config = ConfigDict(strict=True, extra="allow", frozen=True)

    mechanism: Text
    expect: Literal["block", "pass", "inconclusive"]
    reason: Text | None = None
    anomaly: Annotated[Anomaly, Field(strict=False)] | None = None
    form: Text | None = None
    fields: Texts | None = None
    layer: Annotated[Layer, Field(strict=False)] | None = None
    trigger: Annotated[Mapping[str, tuple[Text, ...]], BeforeValidator(_levels)] = {}
    baseline: Text | None = None
    scenarios: Texts = ()
    profile: ProfileName = "commit"
    plan: Text | None = None
    stages: Texts = ()
    adds: Texts = ()


_OF_A_BLOCK = ("anomaly", "form", "fields", "layer", "trigger")


def read_expectation(file: Path) -> tuple[Expectation | None, list[str]]:
    """What the file says, or a sentence on each thing to mend in it."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None, [f"there is no {file.name}; write what the release expects, or remove it"]
    except (OSError, UnicodeDecodeError) as error:
        return None, [f"{file.name} cannot be read: {error}"]
    except tomllib.TOMLDecodeError as error:
        return None, [f"{file.name} is not TOML: {error}"]
    problems = list(_slips(raw))
    try:
        found = Expectation.model_validate(raw)
    except ValidationError as error:
        return None, [*problems, *(_sentence(dict(details)) for details in error.errors())]
    problems += _owed(found)
    return (None, problems) if problems else (found, [])


def _slips(raw: Mapping[str, Any]) -> Iterator[str]:
    known = Expectation.model_fields
    for key in raw:
        meant = None if key in known else nearest(key, known, LIKENESS)
        if meant:
            yield f"{dotted((key,))}: unknown key; write {meant}"


def _sentence(details: Mapping[str, Any]) -> str:
    where, value = dotted(details["loc"]), details["input"]
    if details["type"] == "missing":
        return f"{where} is missing"
    said = details["msg"].replace("Input should", "has to").replace("Value should", "has to")
    return f"{where} = {shown(value)}: {said}"


def _owed(found: Expectation) -> Iterator[str]:
    """What one key asks of another."""
    told = found.model_fields_set
    if found.expect != "block":
        for key in _OF_A_BLOCK:
            if key in told:
                yield f'{key}: only a release with expect = "block" has one; take it out'
    elif found.anomaly is None:
        yield 'anomaly is missing: expect = "block" says what is found'
    elif found.fields is None and found.anomaly is not Anomaly.JOURNEY_BROKEN:
        yield 'fields is missing: expect = "block" says which fields go wrong'
    if found.expect == "pass" and found.reason is None:
        yield 'reason is missing: expect = "pass" says why a gate might wrongly block it'
