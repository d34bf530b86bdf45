"""What a gate tells the scenarios it drives: a file, because pytest is another process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.model import Form, Role
from harness.plan import form_from_json, form_to_json

SCHEMA = "harness.scenarios/1"
_PATHS = ("scenarios", "root", "journal", "evidence", "files", "cases_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One round of scenarios on one deployment.

    run is the run's four-character tag; scenarios the folder that holds them and root the one
    that holds the plan; cases are ids and their numbers in the promise, None while the promise is
    made; texts are the classes that stand for ``corpus.classes``; acknowledge_s_max is how long
    a page may take to say something; cases_out is where what was collected is written.
    """

    run: str
    role: Role
    release: str
    url: str
    scenarios: Path
    root: Path
    journal: Path
    evidence: Path
    files: Path
    forms: Mapping[str, Form]
    texts: tuple[str, ...]
    strength: int = 2
    round: str = "drive"
    attempt: int = 1
    cases: Mapping[str, int] | None = None
    cases_out: Path | None = None
    trace: bool = False
    readers: bool = True
    case_timeout_s_max: float | None = 120.0
    action_s_max: float = 20.0
    acknowledge_s_max: float = 20.0


def write_spec(path: Path, spec: Spec) -> None:
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


def read_spec(path: Path) -> Spec:
    """The spec that :func:`write_spec` wrote; raises RecordUnreadable."""
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        if data.pop("schema") != SCHEMA:
            raise ValueError(f"this harness reads {SCHEMA!r}")
        forms = [form_from_json(form) for form in data["forms"]]
        paths = {name: Path(data[name]) for name in _PATHS if data[name] is not None}
        changes = {"forms": {form.name: form for form in forms}, "texts": tuple(data["texts"])}
        return Spec(**{**data, **paths, **changes})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error
