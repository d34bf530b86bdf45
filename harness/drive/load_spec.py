"""What a gate tells the load file it drives: a JSON file that the environment names."""

from __future__ import annotations

import json
import math
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.drive.spec_file import from_text, read_json, to_text, write_json
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.hiding import without_user
from harness.model import Form, Leg

SCHEMA = "harness.load-spec/2"
VARIABLE = "HARNESS_LOAD"
PLACE_VARIABLE = "HARNESS_LOAD_PLACE"
# Locust's exit code, which it does not have itself, of a load that is short of a worker.
BROKEN = 3
# What a worker on another host was given to drive stands beside its place under this name.
GIVEN = "load.json"
_PATHS = ("file", "root", "journal", "files")

USERS_MIN = 20
USERS_PER_SAVE_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """One load on one deployment.

    run is the run's four-character tag; file the Locust file and root the folder that holds the
    plan; journal is where acts are written and files where generated files are; rate is the peak
    in saves a second, of which the legs are shares; users and rate are those of all processes,
    which share them. A run may hold several loads: name tells them apart, and first_trial is the
    number from which this one's trials count. until is a file: the load is over as well as soon as
    it is there; "" where the legs alone say. Where processes run on other hosts, journal_to is the
    address at which they put their journals; "" where they write them here. hidden are the
    variables of the environment whose values are secrets.
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
    processes: int = 1
    journal_to: str = ""
    name: str = "load"
    first_trial: int = 0
    until: str = ""
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker on another host than its master keeps things, and what it is called."""

    journal: Path
    files: Path
    name: str


def write_place(path: Path, place: Place) -> None:
    """Write the place as JSON; raises EnvironmentBroken."""
    data = {"journal": str(place.journal), "files": str(place.files), "name": place.name}
    try:
        path.write_text(json.dumps(data), encoding="ascii")
    except OSError as error:
        raise EnvironmentBroken(f"{path} cannot be written: {error}") from error


def read_place(path: Path) -> Place:
    """The place that :func:`write_place` wrote; raises RecordUnreadable."""
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        return Place(Path(data["journal"]), Path(data["files"]), str(data["name"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordUnreadable(f"the place {path} cannot be read: {error!r}") from error


def default_name() -> str:
    """What a process of a load is called where nobody said: its host and its number there."""
    return f"{socket.gethostname()}-{os.getpid()}"


def default_users(rate: float) -> int:
    """How many users hold a rate where a save takes up to a quarter of a second."""
    return max(USERS_MIN, math.ceil(rate * USERS_PER_SAVE_S))


def write_load_spec(path: Path, spec: LoadSpec) -> None:
    """Write the spec as JSON; raises EnvironmentBroken."""
    write_json(path, spec, SCHEMA)


def forget_users(path: Path, spec: LoadSpec) -> None:
    """Write the spec again for whoever looks at it later, who need not use its addresses.

    Raises EnvironmentBroken.
    """
    told = replace(spec, url=without_user(spec.url), journal_to=without_user(spec.journal_to))
    write_load_spec(path, told)


def read_load_spec(path: Path) -> LoadSpec:
    """The spec that :func:`write_load_spec` wrote; raises RecordUnreadable."""
    return _load_spec(read_json(path, SCHEMA, _PATHS), str(path))


def spec_to_text(spec: LoadSpec) -> str:
    """The spec as a master sends it to workers on other hosts."""
    return to_text(spec, SCHEMA)


def spec_from_text(text: str) -> LoadSpec:
    """The spec that a master sent, with its paths; raises RecordUnreadable."""
    return _load_spec(from_text(text, SCHEMA, _PATHS, "of the load's master"), "of the master")


def _load_spec(data: dict[str, Any], about: str) -> LoadSpec:
    try:
        legs = tuple(Leg(**leg) for leg in data["legs"])
        return LoadSpec(**{**data, "legs": legs, "hidden": tuple(data.get("hidden", ()))})
    except (KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {about} cannot be read: {error!r}") from error
