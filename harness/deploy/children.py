"""Child processes in groups of their own, and how they end: always, and with what they started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.errors import EnvironmentBroken
from harness.runs.disk import broken_disk
from harness.runs.lease import Lease
from harness.runs.processes import marked_processes, send, wait_gone, with_descendants

POLL_S = 0.02
KILLED_S_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group (numbers) that a process runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: argv looked up on env's PATH, cwd, the file its output is appended to.

    before is put in front of argv (a wrapper that replaces itself by the command); stop is the
    signal by which a cleaner asks the process to end.
    """

    name: str
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    before: Sequence[str] = ()
    account: Account | None = None
    stop: signal.Signals = signal.SIGKILL


# Nothing of ours has killed it, or it would not be asked how it ended.
KILLED = "somebody outside ended it, or this host ran out of memory"


def exit_words(code: int) -> str:
    """How a process with that exit code ended; negative is a signal."""
    if code >= 0:
        return f"exited {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    outside = f" ({KILLED})" if -code == signal.SIGKILL else ""
    return f"was ended by {name}{outside}"


class Child:
    """A running command: the leader of its own session and process group."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes]) -> None:
        self.command = command
        self._process = process

    @property
    def pid(self) -> int:
        """The leader's process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """The leader's exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, limit_s: float) -> int | None:
        """The exit code, or None when it still runs after limit_s."""
        deadline_s = time.monotonic() + limit_s
        while (code := self.exit_code()) is None and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
        return code

    def signal_group(self, sent: signal.Signals) -> None:
        """Signal the leader and its whole group; nothing once the leader has been waited for."""
        if self._process.returncode is not None:
            return  # the number may be another group's by now
        try:
            os.killpg(self.pid, sent)
        except (ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            return


def start(command: Command, lease: Lease) -> Child:
    """Start the command, recorded in the lease.

    Raises EnvironmentBroken where its command, its folder or its log file cannot be had.
    """
    argv = [*command.before, _program(command), *command.argv[1:]]
    account = command.account
    try:
        with command.log.open("ab") as log:
            process = subprocess.Popen(
                argv,
                cwd=command.cwd,
                env=dict(command.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
    except OSError as error:
        if error.filename == str(command.log):
            raise broken_disk("opened", command.log, error) from error
        raise EnvironmentBroken(
            f"{command.name}: {command.argv[0]!r} cannot be started: {error.strerror}"
        ) from error
    lease.record_process(process.pid, command.name, command.stop)
    return Child(command, process)


def _program(command: Command) -> str:
    """What to run for the command's first word; raises EnvironmentBroken where there is nothing."""
    if not command.cwd.is_dir():
        raise EnvironmentBroken(
            f"{command.name}: the folder {command.cwd} that it is to run in does not exist"
        )
    word = command.argv[0]
    if "/" in word:
        found = os.access(command.cwd / word, os.X_OK)
    else:
        found = shutil.which(word, path=command.env.get("PATH", os.defpath)) is not None
    if not found and word == "python":
        return sys.executable  # some systems call it python3 alone
    if not found:
        raise EnvironmentBroken(
            f"{command.name}: command {word!r} was not found; install it, or name it with its path"
        )
    return word


def family(children: Iterable[Child], marks: Mapping[str, str]) -> list[psutil.Process]:
    """Every living process of the children: what descends from them, and what carries the marks.

    The marks find what left its parent and its group; without marks only descent counts.
    """
    leaders = [psutil.Process(child.pid) for child in children if child.exit_code() is None]
    marked = marked_processes(marks) if marks else []
    found = {process.pid: process for process in (*with_descendants(leaders), *marked)}
    return list(found.values())


def kill(children: Sequence[Child], marks: Mapping[str, str]) -> None:
    """End the children and all that belongs to them at once; returns when they are gone."""
    found = family(children, marks)
    for child in children:
        child.signal_group(signal.SIGKILL)
    send(found, signal.SIGKILL)
    for child in children:
        child.wait(KILLED_S_MAX)
    wait_gone(found, KILLED_S_MAX)


def end(
    children: Sequence[Child],
    marks: Mapping[str, str],
    grace_s: float,
    ask: signal.Signals = signal.SIGTERM,
) -> bool:
    """Ask the children to end, wait up to grace_s for all of them together, then kill.

    Whether all of them ended when they were asked.
    """
    deadline_s = time.monotonic() + grace_s
    try:
        for child in children:
            child.signal_group(ask)
            child.signal_group(signal.SIGCONT)  # a paused process could not act on it
        codes = [child.wait(max(0.0, deadline_s - time.monotonic())) for child in children]
        return None not in codes
    finally:
        kill(children, marks)
