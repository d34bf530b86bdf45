"""One worker of a load whose master is on another host: it drives its share and sends it home.

What is driven, and for how long, the master says; here are the load file and what it needs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.drive.child import Child, Run
from harness.drive.homecoming import Home
from harness.drive.load import EXIT_CODES, SUMMARY, Busy, Growth, LoadProgress
from harness.drive.load_spec import (
    BROKEN,
    GIVEN,
    PLACE_VARIABLE,
    LoadSpec,
    Place,
    forget_users,
    read_load_spec,
    write_place,
)
from harness.errors import DriveFailed, RecordUnreadable
from harness.runs.disk import provide

# No load lasts longer; the master says sooner when it is over.
LOAD_S_MAX = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """One worker: its master's address, its load file, the plan's folder, and what it is called.

    folder is where its journal stays; master_s_max is how long it waits to be given its share.
    """

    host: str
    port: int
    file: Path
    root: Path
    folder: Path
    name: str
    master_s_max: float = 300.0


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What a worker did: how far it came, and where its journals are now."""

    progress: LoadProgress
    sent_to: str
    names: tuple[str, ...]


def drive_share(
    spec: WorkerSpec, run: Run, on_progress: Callable[[LoadProgress], None] = lambda _: None
) -> WorkerResult:
    """Drive one share and send its journal home; it stays in spec.folder as well.

    Raises DriveFailed where no master gives out a share, or it is cut short or never begun: what
    was journaled
    until then is sent all the same. Raises EnvironmentBroken where it cannot be sent, which is
    looked at before it is driven.
    """
    journal, files = spec.folder / "journal", spec.folder / "files"
    for folder in (journal, files):
        provide(folder)
    place = spec.folder / "place.json"
    write_place(place, Place(journal, files, spec.name))
    child, growth, busy = _child(spec, run, place), Growth(journal), Busy()
    end_s = time.monotonic() + spec.master_s_max
    found: list[Home] = []

    def poll(pid: int) -> None:
        on_progress(growth.read())
        busy.sample(pid, growth.schedule)
        if not found:
            found.extend(_found(spec, end_s))

    try:
        code = child.run(spec.master_s_max + LOAD_S_MAX, poll)
    finally:
        given = _given(spec.folder)
        if given is not None:
            forget_users(spec.folder / GIVEN, given)
    if given is None:
        raise DriveFailed(f"no share of a load was given out: {child.account(code)}")
    home = Home(given.journal_to)
    names = tuple(home.send(journal, busy.share))
    if code not in (0, 1, BROKEN):
        raise DriveFailed(child.account(code))
    progress, master = growth.read(), f"the master of the load at {spec.host}:{spec.port}"
    if growth.schedule is None:
        raise DriveFailed(
            f"{master} ended it before it began, and says why: a worker is missing, or two have "
            "one --name"
        )
    if code == BROKEN:
        raise DriveFailed(f"{master} went away")
    return WorkerResult(progress, str(home), names)


def _found(spec: WorkerSpec, end_s: float) -> list[Home]:
    """Where the journal is to go, once the master has said so; raises where that is nowhere."""
    given = _given(spec.folder)
    if given is not None:
        home = Home(given.journal_to)
        home.find()
        return [home]
    if time.monotonic() > end_s:
        raise DriveFailed(
            f"no master at {spec.host}:{spec.port} gave out a share of a load within "
            f"{spec.master_s_max:g} s; start it with harness load RELEASE --master"
        )
    return []


def _given(folder: Path) -> LoadSpec | None:
    """What the master wants driven; None while it has not said."""
    with suppress(RecordUnreadable):
        return read_load_spec(folder / GIVEN)
    return None


def _child(spec: WorkerSpec, run: Run, place: Path) -> Child:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return Child(
        runner="Locust",
        what="the users of the load",
        command=[
            sys.executable, "-m", "locust", "-f", str(spec.file), "--headless", "--worker",
            "--master-host", spec.host, "--master-port", str(spec.port),
            "--exit-code-on-error", "1",
        ],
        cwd=spec.root,
        env={
            **kept, **run.environment,
            "PYTHONUNBUFFERED": "1", "TMPDIR": str(run.temporary), PLACE_VARIABLE: str(place),
        },
        log=run.logs / "load.log",
        exit_codes=EXIT_CODES,
        summary=SUMMARY,
    )  # fmt: skip
