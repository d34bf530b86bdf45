"""What a gate tells the load file it drives: a JSON file that the environment names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.drive.spec_file import read_json, write_json
from harness.errors import RecordUnreadable
from harness.model import Form

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
    write_json(path, spec, SCHEMA)


def read_load_spec(path: Path) -> LoadSpec:
    """The spec that :func:`write_load_spec` wrote; raises RecordUnreadable."""
    data = read_json(path, SCHEMA, _PATHS)
    try:
        return LoadSpec(**data)
    except (KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error
