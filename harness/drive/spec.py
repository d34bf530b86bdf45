"""What a gate tells the scenarios it drives: a file, because pytest is another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.drive.spec_file import read_json, write_json
from harness.errors import RecordUnreadable
from harness.model import (
    Form,
    Key,
    Phase,
    Probe,
    Role,
    Sight,
    value_from_json,
    value_to_json,
)

SCHEMA = "harness.scenarios/1"
_PATHS = ("scenarios", "root", "journal", "evidence", "files", "cases_out", "line")


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

    answered says what names the release that answered a save: keys header, page and attribute.
    With removals nothing is driven: the records of these forms and keys are removed again.

    Where releases change under the users, urls are the addresses of the workers, one each; line is
    the socket at which the gate is told of the moments of phases, which are by case; and sights
    are looked at before and after the moment called "seen".
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
    urls: tuple[str, ...] = ()
    line: Path | None = None
    phases: Mapping[str, Phase] = field(default_factory=dict)
    sights: tuple[Sight, ...] = ()
    answered: Mapping[str, str] = field(default_factory=dict)
    removals: tuple[tuple[str, Key], ...] = ()
    cases_out: Path | None = None
    trace: bool = False
    readers: bool = True
    case_timeout_s_max: float | None = 120.0
    action_s_max: float = 20.0
    acknowledge_s_max: float = 20.0


def write_spec(path: Path, spec: Spec) -> None:
    """Write the spec as JSON; raises EnvironmentBroken."""
    sights = [
        {**asdict(sight), "due": {n: value_to_json(v) for n, v in sight.due.items()}}
        for sight in spec.sights
    ]
    write_json(path, replace(spec, sights=sights), SCHEMA)  # type: ignore[arg-type]


def read_spec(path: Path) -> Spec:
    """The spec that :func:`write_spec` wrote; raises RecordUnreadable."""
    data = read_json(path, SCHEMA, _PATHS)
    try:
        return Spec(
            **{
                **data,
                "texts": tuple(data["texts"]),
                "probes": tuple(_probe(probe) for probe in data["probes"]),
                "urls": tuple(data["urls"]),
                "phases": {case: Phase(**told) for case, told in data["phases"].items()},
                "removals": tuple((form, tuple(key)) for form, key in data["removals"]),
                "sights": tuple(_sight(sight) for sight in data["sights"]),
            }
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordUnreadable(f"the spec {path} cannot be read: {error!r}") from error


def _probe(data: Mapping[str, Any]) -> Probe:
    levels = {
        name: {factor: tuple(levels) for factor, levels in data[name].items()}
        for name in ("wanted", "unwanted")
    }
    return Probe(**{**data, **levels})


def _sight(data: Mapping[str, Any]) -> Sight:
    due = {name: value_from_json(value) for name, value in data["due"].items()}
    return Sight(data["form"], tuple(data["key"]), due)
