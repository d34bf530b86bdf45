"""Specs as files: what a gate tells a runner that is another process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.forms import form_from_json, form_to_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def write_json(path: Path, spec: DataclassInstance, schema: str) -> None:
    """Write a spec that has forms as JSON; raises EnvironmentBroken."""
    try:
        path.write_text(to_text(spec, schema), encoding="ascii")
    except OSError as error:
        raise EnvironmentBroken(f"the spec {path} cannot be written: {error}") from error


def read_json(path: Path, schema: str, paths: Sequence[str]) -> dict[str, Any]:
    """What a spec of that schema was made of, with its forms and paths; raises RecordUnreadable."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error
    return from_text(text, schema, paths, str(path))


def to_text(spec: DataclassInstance, schema: str) -> str:
    """A spec that has forms as JSON."""
    data: dict[str, Any] = {"schema": schema}
    for part in fields(spec):
        value = getattr(spec, part.name)
        data[part.name] = str(value) if isinstance(value, Path) else value
    data["forms"] = [form_to_json(form) for form in data["forms"].values()]
    return json.dumps(data, indent=1, default=asdict)


def from_text(text: str, schema: str, paths: Sequence[str], about: str) -> dict[str, Any]:
    """What the spec in that text was made of, with its forms and paths; raises RecordUnreadable."""
    try:
        data: dict[str, Any] = json.loads(text)
        if data.pop("schema") != schema:
            raise ValueError(f"this harness reads {schema!r}")
        found = {name: Path(data[name]) for name in paths if data[name] is not None}
        forms = [form_from_json(form) for form in data["forms"]]
        return {**data, **found, "forms": {form.name: form for form in forms}}
    except (ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {about} cannot be read: {error!r}") from error
