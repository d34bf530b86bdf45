"""Drives load: Locust as a child process, with a limit and a written table of its answers."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

import psutil

from harness.drive.child import Child, Run
from harness.drive.load_spec import BROKEN, VARIABLE, LoadSpec, forget_users, write_load_spec
from harness.errors import DriveFailed, UsageError
from harness.journal.schedule import Schedule, lasts_s
from harness.journal.volume import schedule_of

# Signing in and gathering, a late tail, and an application that answers nothing any more.
STARTING_S_MAX = 30.0
ENDING_S_MAX = 10.0
ANSWER_S_MAX = 10.0
LIMIT_SPARE_S = 60.0
# Longer than users may take to sign in and gather, and processes to wait for each other: where some
# raise and no save is due by then, none ever will be.
RAISING_S_MAX = 50.0
WORKERS_S_MAX = 60
# More than a line ever has, and no matter for the memory.
READ_BYTES = 16 << 20
HOST = "127.0.0.1"

# What Locust's exit codes mean here; a code that is not in the table is a fault.
EXIT_CODES: Mapping[int, str] = {
    0: "the load ended",
    1: "a request failed, a task raised, or the load file cannot be loaded",
    2: "Locust failed inside, or was called in a wrong way",
}
DRIVEN = frozenset({0, 1})
# Locust ends with tables, which tell nothing where nothing was saved.
SUMMARY = "Type     Name "
# What it says once its users are there.
SPAWNED = "All users spawned"


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """How far a load is: seconds since its schedule began, saves intended and acknowledged."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """Where Locust's master listens for the processes of a load; whoever reaches it is one.

    away says that they come from other hosts, which is then waited for.
    """

    port: int
    host: str = HOST
    away: bool = False
    workers_s_max: int = WORKERS_S_MAX

    def options(self, processes_n: int) -> list[str]:
        """What makes Locust listen, and start the processes that do not come from elsewhere."""
        meet = ["--master-bind-host", self.host, "--master-bind-port", str(self.port)]
        wait = ["--expect-workers-max-wait", str(self.workers_s_max)]
        if self.away:
            return ["--master", *meet, *wait, "--expect-workers", str(processes_n)]
        reach = ["--master-host", self.host, "--master-port", str(self.port)]
        return ["--processes", str(processes_n), *meet, *reach, *wait]


def drive_load(
    spec: LoadSpec,
    run: Run,
    *,
    line: Line | None = None,
    timeout_s_max: float | None = None,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> LoadResult:
    """Drive the load file on the spec's deployment; what happened is in the journal.

    line is where its processes meet, and needed where there are several. on_progress is called
    about every half second. Raises DriveFailed where Locust ends in a way
    that is no result, takes longer than timeout_s_max (by default what the spec needs and a
    minute more), or journals no save.
    """
    run_s_max = STARTING_S_MAX + lasts_s(spec.legs) + ENDING_S_MAX
    child = _child(spec, run, run_s_max, line)
    growth, busy = Growth(spec.journal), Busy()
    raising = _Raising(child, growth)

    def poll(pid: int) -> None:
        on_progress(growth.read())
        busy.sample(pid, growth.schedule)
        # What processes on other hosts do is in no journal and no log here.
        if line is None or not line.away:
            raising.look()

    began_s = time.monotonic()
    spare_s = ANSWER_S_MAX + LIMIT_SPARE_S + (line.workers_s_max if line is not None else 0.0)
    try:
        code = child.run(timeout_s_max or run_s_max + spare_s, poll)
    finally:
        forget_users(_spec_path(spec, run), spec)
    counts = growth.read()
    on_progress(counts)
    if code == BROKEN:
        raise DriveFailed(f"{_broken(child)}; see {child.log}")
    if code not in DRIVEN:
        raise DriveFailed(child.account(code))
    if counts.saves_n == 0 and line is not None:
        _raise_if_alone(child, line, spec.processes)
    if counts.saves_n == 0 and (line is None or not line.away):
        raise DriveFailed(f"the load file journaled no save: {_why_none(child, code, growth)}")
    seconds = time.monotonic() - began_s
    return LoadResult(code, seconds, child.log, counts, busy.share, growth.trouble)


@dataclass(slots=True)
class _Raising:
    """Users of whom some raised and none has come to a save."""

    child: Child
    growth: Growth
    since_s: float | None = None

    def look(self) -> None:
        """Raise DriveFailed where that lasts too long."""
        now_s = time.monotonic()
        if self.growth.schedule is not None:
            self.since_s = None
        elif self.since_s is None:
            self.since_s = now_s if self._has_raised() else None
        elif now_s - self.since_s > RAISING_S_MAX:
            raised = self.growth.trouble or f"an error: {self.child.tail()}"
            raise DriveFailed(
                f"the load file journaled no save within {RAISING_S_MAX:g} s after it raised "
                f"{raised}; see {self.child.log}"
            )

    def _has_raised(self) -> bool:
        if self.growth.troubles:
            return True
        # A user that raises as it starts has no journal yet.
        text = self.child.log.read_text(encoding="utf-8", errors="replace")
        return SPAWNED in text and "Traceback" in text


def _broken(child: Child) -> str:
    """What the load's master said was missing."""
    text = child.log.read_text(encoding="utf-8", errors="replace")
    said = [line.partition("/ERROR/harness: ")[2] for line in text.splitlines()]
    return next(filter(None, said), "a process of the load is missing")


def _why_none(child: Child, code: int, growth: Growth) -> str:
    """What the load file raised, that nobody in it journals, or what Locust said."""
    if growth.trouble:
        return f"it raised {growth.trouble}; see {child.log}"
    text = child.log.read_text(encoding="utf-8", errors="replace")
    # A user that cannot sign in has no journal yet either, and is told by what it raised.
    if SPAWNED in text and "Traceback" not in text and not growth.offsets:
        return (
            "its users do not save through harness.load: give each a Journal(self) of it, and save "
            f"through that; {child.account(code)}"
        )
    return child.account(code)


def _raise_if_alone(child: Child, line: Line, processes_n: int) -> None:
    """Raise DriveFailed where Locust gave up waiting for processes of the load."""
    text = child.log.read_text(encoding="utf-8", errors="replace")
    if "Gave up waiting for workers" in text:
        came_n = text.count(" reported as ready. ")
        raise DriveFailed(
            f"{came_n} of {processes_n} workers of the load came within {line.workers_s_max} s to "
            f"{line.host}:{line.port}; start the rest beside it; see {child.log}"
        )


def _child(spec: LoadSpec, run: Run, run_s_max: float, line: Line | None) -> Child:
    """Locust with all its processes; its own settings in the environment are not the gate's."""
    if spec.processes > 1 and line is None:
        raise UsageError(f"{spec.processes} processes of a load need a port at which they meet")
    path = _spec_path(spec, run)
    write_load_spec(path, spec)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return Child(
        runner="Locust",
        what="the users of the load",
        command=[
            sys.executable, "-m", "locust", "-f", str(spec.file), "--headless",
            "--users", str(spec.users), "--spawn-rate", str(spec.users), "--host", spec.url,
            "--run-time", f"{run_s_max:.0f}s", "--stop-timeout", f"{ANSWER_S_MAX:.0f}",
            "--only-summary", "--exit-code-on-error", "1",
            *(line.options(spec.processes) if line is not None else ()),
        ],
        cwd=spec.root,
        env={
            **kept, **run.environment,
            "PYTHONUNBUFFERED": "1", "TMPDIR": str(run.temporary), VARIABLE: str(path),
        },
        log=run.logs / f"{spec.name}.log",
        exit_codes=EXIT_CODES,
        summary=SUMMARY,
    )  # fmt: skip


def _spec_path(spec: LoadSpec, run: Run) -> Path:
    return run.logs / f"{spec.name}.json"


@dataclass(slots=True)
class Growth:
    """What the journal of the load gained, reading each byte once."""

    folder: Path
    saves_n: int = 0
    acknowledged_n: int = 0
    schedule: Schedule | None = None
    troubles: Counter[str] = field(default_factory=Counter)
    offsets: dict[Path, int] = field(default_factory=dict)

    def read(self) -> LoadProgress:
        for path in self.folder.glob("load-*.acts"):
            with path.open("rb") as stream:
                stream.seek(self.offsets.get(path, 0))
                while newline := (parts := stream.read(READ_BYTES).rpartition(b"\n"))[1]:
                    self._take(newline + parts[0])
                    self.offsets[path] = stream.tell() - len(parts[2])
                    stream.seek(self.offsets[path])
        start_s = self.schedule.start_s if self.schedule else time.monotonic()
        return LoadProgress(max(0.0, time.monotonic() - start_s), self.saves_n, self.acknowledged_n)

    def _take(self, lines: bytes) -> None:
        self.saves_n += lines.count(b"\nn ") + lines.count(b"\ni ")
        self.acknowledged_n += lines.count(b"\na ")
        if self.schedule is None and b"\np " in lines:
            line = lines.partition(b"\np ")[2].partition(b"\n")[0].decode("ascii")
            self.schedule = schedule_of(["p", *line.split(" ")])
        if b"\ne " in lines:
            raised = (line for line in lines.split(b"\n") if line.startswith(b"e "))
            self.troubles.update(unquote(line.split(b" ")[2].decode("ascii")) for line in raised)

    @property
    def trouble(self) -> str:
        """What the load file raised most often, and how often."""
        for message, count in self.troubles.most_common(1):
            return f"{message} ({count} times)" if count > 1 else message
        return ""


@dataclass(slots=True)
class Busy:
    """How busy the load's own process is while the rate is held: 1 where it is never idle.

    The time it waits for a core counts as well: a generator that other processes starve is a
    limit no less than one that has too much to do.
    """

    seen: dict[int, dict[int, list[_Seen]]] = field(default_factory=dict)

    def sample(self, pid: int, schedule: Schedule | None) -> None:
        """Look at the processes now, if the rate is held now."""
        now_s = time.monotonic()
        spans = schedule.held_s if schedule is not None else ()
        held = next((n for n, (a, b) in enumerate(spans) if a <= now_s <= b), None)
        if held is None:
            return
        for member, busy_s in _family_busy_s(pid).items():
            seen = self.seen.setdefault(member, {}).setdefault(held, [])
            # The first look and the last are all that is needed of each time.
            seen[1:] = [(now_s, busy_s)]

    @property
    def share(self) -> float | None:
        """That of the busiest process, over all the time that the rate was held."""
        shares = [_share(held.values()) for held in self.seen.values()]
        known = [share for share in shares if share is not None]
        return round(max(known), 3) if known else None


# When a process was looked at, and how long it had been busy by then.
_Seen: TypeAlias = tuple[float, float]


def _share(spans: Iterable[Sequence[_Seen]]) -> float | None:
    """How much of some spans of time a process was busy; None where it was not seen twice."""
    lasted_s = busy_s = 0.0
    for seen in spans:
        (from_s, from_busy_s), (to_s, to_busy_s) = seen[0], seen[-1]
        lasted_s, busy_s = lasted_s + to_s - from_s, busy_s + to_busy_s - from_busy_s
    return busy_s / lasted_s if lasted_s else None


def _family_busy_s(pid: int) -> dict[int, float]:
    """Seconds that each process has run, or waited for a core, since it began."""
    found = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            times = member.cpu_times()
            found[member.pid] = times.user + times.system + _waited_s(member.pid)
    return found


def _waited_s(pid: int) -> float:
    """Seconds that the main thread was ready to run and had no core; 0 where no kernel says so."""
    try:
        words = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()
        return int(words[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
