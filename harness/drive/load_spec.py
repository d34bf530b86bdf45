"""What a gate tells the load file it drives: a JSON file that the environment names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.drive.spec_file import read_json, write_json
from harness.errors import RecordUnreadable
from harness.model import Form, Leg

SCHEMA = "harness.load-spec/2"
VARIABLE = "HARNESS_LOAD"
_PATHS = ("file", "root", "journal", "files")

USERS_MIN = 20
USERS_PER_SAVE_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """One load on one deployment.

    run is the run's four-character tag; file the Locust file and root the folder that holds the
    plan; journal is where acts are written and files where generated files are; rate is the peak
    in saves a second, of which the legs are shares.
    """

    run: str
    url: str
    file: Path
    root: Path
    journal: Path
    files: Path
    forms: Mapping[str, Form]
    rate: float
    legs: tuple[Leg, ...]
    users: int


def default_users(rate: float) -> int:
    """How many users hold a rate where a save takes up to a quarter of a second."""
    return max(USERS_MIN, math.ceil(rate * USERS_PER_SAVE_S))


def write_load_spec(path: Path, spec: LoadSpec) -> None:
    """Write the spec as JSON; raises EnvironmentBroken."""
    write_json(path, spec, SCHEMA)


def read_load_spec(path: Path) -> LoadSpec:
    """The spec that :func:`write_load_spec` wrote; raises RecordUnreadable."""
    data = read_json(path, SCHEMA, _PATHS)
    try:
        legs = tuple(Leg(**leg) for leg in data["legs"])
        return LoadSpec(**{**data, "legs": legs})
    except (KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error
