"""What a gate tells the scenarios it drives: a file, because pytest is another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.drive.spec_file import read_json, write_json
from harness.errors import RecordUnreadable
from harness.model import Form, Probe, Role

SCHEMA = "harness.scenarios/1"
_PATHS = ("scenarios", "root", "journal", "evidence", "files", "cases_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One round of scenarios on one deployment.

    run is the run's four-character tag; scenarios the folder that holds them and root the one
    that holds the plan; cases are ids and their numbers in the promise, None while the promise is
    made; rows are the levels of each of those cases, so that nothing is generated again; probes
    are driven in place of cases; texts are the classes that stand for ``corpus.classes``;
    sequences_n and sequence_length_max say how many orders of actions there are, and how long;
    acknowledge_s_max is how long a page may take to say something; cases_out is where what was
    collected is written. With a seed, random_n rows by chance are collected of each scenario, in
    place of those that are promised.
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
    probes: tuple[Probe, ...] = ()
    rows: Mapping[str, Mapping[str, str]] | None = None
    sequences_n: int = 8
    sequence_length_max: int = 12
    seed: int | None = None
    random_n: int = 0
    cases_out: Path | None = None
    trace: bool = False
    readers: bool = True
    case_timeout_s_max: float | None = 120.0
    action_s_max: float = 20.0
    acknowledge_s_max: float = 20.0


def write_spec(path: Path, spec: Spec) -> None:
    """Write the spec as JSON; raises EnvironmentBroken."""
    write_json(path, spec, SCHEMA)


def read_spec(path: Path) -> Spec:
    """The spec that :func:`write_spec` wrote; raises RecordUnreadable."""
    data = read_json(path, SCHEMA, _PATHS)
    try:
        probes = tuple(_probe(probe) for probe in data["probes"])
        return Spec(**{**data, "texts": tuple(data["texts"]), "probes": probes})
    except (KeyError, TypeError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error


def _probe(data: Mapping[str, Any]) -> Probe:
    levels = {
        name: {factor: tuple(levels) for factor, levels in data[name].items()}
        for name in ("wanted", "unwanted")
    }
    return Probe(**{**data, **levels})
