"""A foreign runner as a child process: a session of its own, a limit, a log, a table of codes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from harness.errors import DriveFailed, EnvironmentBroken
from harness.runs.processes import send, wait_gone

POLL_S = 0.5
KILL_S_MAX = 10.0
TAIL_LINES = 12


class Run(Protocol):
    """What driving needs of a run's folder."""

    @property
    def logs(self) -> Path:
        """Where the child's output goes."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What marks every process of the run."""
        ...

    @property
    def temporary(self) -> Path:
        """Where a child may leave what nobody needs after the run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One runner with all it starts; what it does is the subject of its errors.

    exit_codes say what each of the runner's codes means; a code that is not there is a fault.
    summary is how the line begins behind which the runner tells no reasons any more.
    """

    runner: str
    what: str
    command: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    exit_codes: Mapping[int, str]
    summary: str | None = None

    def run(self, timeout_s_max: float, on_poll: Callable[[int], None]) -> int:
        """Run to the end and give the exit code; on_poll is given the process's id.

        Raises DriveFailed past the limit. Whatever ends the wait, nothing of the runner survives.
        """
        end_s = time.monotonic() + timeout_s_max
        process = self._start()
        family: set[psutil.Process] = set()
        try:
            while time.monotonic() < end_s:
                try:
                    return process.wait(min(POLL_S, max(0.0, end_s - time.monotonic())))
                except subprocess.TimeoutExpired:
                    family.update(_family(process))
                    on_poll(process.pid)
        finally:
            # Whoever it started outlives a runner that is gone, and is then no child of its.
            family.update(_family(process), _group(process.pid))
            _kill(process, family)
        raise DriveFailed(
            f"{self.what} took longer than {timeout_s_max:g} s and were ended; see {self.log}"
        )

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            with self.log.open("wb") as log:
                return subprocess.Popen(
                    self.command,
                    cwd=self.cwd,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise EnvironmentBroken(f"{self.runner} cannot be started: {error}") from error

    def account(self, code: int) -> str:
        """What an exit code means, with the end of what the runner said."""
        if code < 0:
            meaning = f"it was killed by signal {-code}"
        else:
            meaning = self.exit_codes.get(code, f"a code that {self.runner} does not have")
        return f"{self.runner} ended with {code}: {meaning}; the end of {self.log}:\n{self.tail()}"

    def tail(self) -> str:
        """The last lines of what the runner said, ahead of its summary."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise EnvironmentBroken(f"the log {self.log} cannot be read: {error}") from error
        lines = text.splitlines()
        ends = (n for n, line in enumerate(lines) if self.summary and line.startswith(self.summary))
        said = lines[: next(ends, len(lines))]
        return "\n".join(f"  {line}" for line in said[-TAIL_LINES:])


def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """All that the runner has started so far, in sessions of their own or not."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _group(leader: int) -> Iterator[psutil.Process]:
    """All that is left of the runner's own group of processes, be it there itself or not."""
    for member in psutil.process_iter():
        with suppress(ProcessLookupError):
            if member.pid != leader and os.getpgid(member.pid) == leader:
                yield member


def _kill(process: subprocess.Popen[bytes], family: Iterable[psutil.Process]) -> None:
    """End the runner and all it started."""
    if process.poll() is None:
        process.kill()
    members = list(family)
    send(members, signal.SIGKILL)
    wait_gone(members, KILL_S_MAX)
    # Where this is process 1, or takes its place, whoever outlived the runner is a child of its.
    psutil.wait_procs(members, timeout=0)
    process.wait(KILL_S_MAX)
