"""What a gate tells the load file it drives: a JSON file that the environment names."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.model import Form
from harness.plan import form_from_json, form_to_json

SCHEMA = "harness.load-spec/1"
VARIABLE = "HARNESS_LOAD"
_PATHS = ("file", "root", "journal", "files")

USERS_MIN = 20
USERS_PER_SAVE_S = 0.25
RAMP_S_MAX = 5.0
RAMP_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """One load on one deployment.

    run is the run's four-character tag; file the Locust file and root the folder that holds the
    plan; journal is where acts are written and files where generated files are; rate saves a
    second are held for hold_s after a rise of ramp_s.
    """

    run: str
    url: str
    file: Path
    root: Path
    journal: Path
    files: Path
    forms: Mapping[str, Form]
    rate: float
    ramp_s: float
    hold_s: float
    users: int


def default_users(rate: float) -> int:
    """How many users hold a rate where a save takes up to a quarter of a second."""
    return max(USERS_MIN, math.ceil(rate * USERS_PER_SAVE_S))


def default_ramp_s(hold_s: float) -> float:
    """How long the rate rises before it is held."""
    return min(RAMP_S_MAX, hold_s * RAMP_SHARE)


def write_load_spec(path: Path, spec: LoadSpec) -> None:
    """Write the spec as JSON; raises EnvironmentBroken."""
    data: dict[str, Any] = {"schema": SCHEMA}
    for part in fields(spec):
        value = getattr(spec, part.name)
        data[part.name] = str(value) if isinstance(value, Path) else value
    data["forms"] = [form_to_json(form) for form in spec.forms.values()]
    try:
        path.write_text(json.dumps(data, indent=1), encoding="ascii")
    except OSError as error:
        raise EnvironmentBroken(f"the spec {path} cannot be written: {error}") from error


def read_load_spec(path: Path) -> LoadSpec:
    """The spec that :func:`write_load_spec` wrote; raises RecordUnreadable."""
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        if data.pop("schema") != SCHEMA:
            raise ValueError(f"this harness reads {SCHEMA!r}")
        forms = [form_from_json(form) for form in data["forms"]]
        paths = {name: Path(data[name]) for name in _PATHS}
        return LoadSpec(**{**data, **paths, "forms": {form.name: form for form in forms}})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error
