"""Drives load: Locust as a child process, with a limit and a written table of its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.drive.load_spec import LoadSpec
from harness.drive.scenarios import Run
from harness.errors import DriveFailed


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far a load is: seconds of its time, saves intended and acknowledged."""

    seconds: float
    saves_n: int
    acknowledged_n: int


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How a load went, as far as its runner can tell; what it measured is in the journal.

    generator_busy and trouble are what the event LoadEnded says of them.
    """

    exit_code: int
    seconds: float
    log: Path
    progress: LoadProgress
    generator_busy: float | None
    trouble: str


def drive_load(
    spec: LoadSpec,
    run: Run,
    *,
    timeout_s_max: float | None = None,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> LoadResult:
    """Drive the load file on the spec's deployment; what happened is in the journal.

    on_progress is called about every half second. Raises DriveFailed where Locust ends in a way
    that is no result, takes longer than timeout_s_max (by default what the spec needs and a
    minute more), or journals no save.
    """
    raise DriveFailed(f"no load can be driven yet: {spec} {run} {timeout_s_max} {on_progress}")
