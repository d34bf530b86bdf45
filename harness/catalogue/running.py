"""Gates of a catalogue as child processes, a few side by side; nothing of them outlives the run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from harness.catalogue.comparing import compare, nothing_said
from harness.catalogue.entries import Entry
from harness.catalogue.results import PROGRESS, VERDICT, Result, afresh, read_said
from harness.errors import EnvironmentBroken

POLL_S = 0.2
# A gate that is told to stop ends a browser, a database and its releases.
STOP_S_MAX = 60.0
TAIL_CHARS_MAX = 300
# Exit codes of a gate that come with a verdict.
ANSWERED = frozenset({0, 1, 3})


@dataclass(frozen=True, slots=True)
class Gating:
    """What every gate of a run has in common."""

    plan: Path
    deployer: str | None
    jobs_n: int
    timeout_s_max: float
    env: Mapping[str, str]

    def command(self, entry: Entry, folder: Path) -> list[str]:
        """The call of the gate for one release."""
        expected = entry.expected
        words = [
            "gate", entry.name, "--json", "--plan", str(self.plan), "--baseline", entry.baseline,
            "--profile", expected.profile, "--runs", str(folder),
            "--stages", ",".join(expected.stages or ("scenarios",)),
        ]  # fmt: skip
        if self.deployer is not None:
            words += ["--deployer", self.deployer]
        if entry.plan is not None:
            words += ["--merge", str(entry.plan)]
        for pattern in expected.scenarios:
            words += ["--only", pattern]
        return [sys.executable, "-P", "-m", "harness", *words]


@dataclass(slots=True)
class _Gate:
    """One gate while it runs."""

    entry: Entry
    folder: Path
    process: subprocess.Popen[bytes]
    began_s: float = field(default_factory=time.monotonic)

    @property
    def took_s(self) -> float:
        return time.monotonic() - self.began_s

    def result(self, limit_s: float) -> Result | None:
        """What came of it; None while it runs within its limit."""
        code = self.process.poll()
        why = ""
        if code is None:
            if self.took_s < limit_s:
                return None
            _end([self.process])
            why = f"it took longer than {limit_s:g} s and was ended"
        elif code not in ANSWERED:
            why = f"it ended with {code}: {self._tail()}"
        took_s = self.took_s
        expected = self.entry.expected
        if not why:
            try:
                found = compare(expected, read_said(self.folder))
                return Result(self.entry, found, took_s, self.folder)
            except (OSError, ValueError, KeyError, TypeError) as error:
                why = f"what it said cannot be read: {error!r}"
        return Result(self.entry, nothing_said(expected, why), took_s, self.folder)

    def _tail(self) -> str:
        """The end of what it told people."""
        try:
            text = (self.folder / PROGRESS).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            return str(error)
        return " ".join(text.split())[-TAIL_CHARS_MAX:]


def gate_all(
    entries: Sequence[Entry],
    gating: Gating,
    folder: Path,
    on_wait: Callable[[Sequence[str]], None],
) -> Iterator[Result]:
    """Each result as it comes; on_wait is given the releases that are gated at this moment.

    Whatever ends the wait, every gate is told to stop and has stopped.
    """
    waiting = list(entries)
    running: list[_Gate] = []
    try:
        while waiting or running:
            while waiting and len(running) < gating.jobs_n:
                running.append(_start(waiting.pop(0), gating, folder))
            on_wait([gate.entry.name for gate in running])
            time.sleep(POLL_S)
            for gate in list(running):
                result = gate.result(gating.timeout_s_max)
                if result is not None:
                    running.remove(gate)
                    yield result
    finally:
        _end([gate.process for gate in running])


def _start(entry: Entry, gating: Gating, folder: Path) -> _Gate:
    """A gate in a session of its own: a terminal's Ctrl-C reaches it through us alone."""
    own = afresh(folder / entry.name)
    try:
        with (own / VERDICT).open("wb") as said, (own / PROGRESS).open("wb") as progress:
            process = subprocess.Popen(
                gating.command(entry, own),
                # A job's summary and annotations are the catalogue's, not each gate's.
                env={k: v for k, v in gating.env.items() if not k.startswith("GITHUB_")},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=progress,
                start_new_session=True,
            )
    except OSError as error:
        raise EnvironmentBroken(f"a gate cannot be started: {error}") from error
    return _Gate(entry, own, process)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let each gate clean up after itself; end what does not, with all it started."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
    end_s = time.monotonic() + STOP_S_MAX
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, end_s - time.monotonic()))
        if process.poll() is None:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def default_jobs() -> int:
    """How many gates use this host best: each keeps two cores busy for most of its time."""
    return max(1, (os.cpu_count() or 1) // 2)
