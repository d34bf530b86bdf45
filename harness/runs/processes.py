"""Finding and ending processes by what proves that they are ours: start time, or environment."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping

import psutil

# Start times are read back from the kernel's clock ticks; the same process never differs by one.
SAME_START_S = 0.02
POLL_S = 0.01


def started_process(pid: int, started_s: float) -> psutil.Process | None:
    """The process of that pid if it is the one that started then, not a later one."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started_s) < SAME_START_S
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def marked_processes(marks: Mapping[str, str]) -> list[psutil.Process]:
    """Every process whose environment carries all the marks; never this one or its ancestors.

    Raises ValueError without marks: every process would carry them.
    """
    if not marks:
        raise ValueError("no marks to look for")
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in spared:
            continue
        try:
            environment = process.environ()
        except (psutil.Error, OSError):  # not ours to read, so not ours
            continue
        if all(environment.get(name) == value for name, value in marks.items()):
            found.append(process)
    return found


def with_descendants(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The processes, the groups they lead and all their descendants, each once."""
    found: dict[int, psutil.Process] = {}
    for process in processes:
        found[process.pid] = process
        try:
            for child in process.children(recursive=True):
                found[child.pid] = child
        except psutil.NoSuchProcess:
            continue
    return list(found.values())


def end_processes(
    processes: Iterable[psutil.Process],
    grace_s: float,
    first: signal.Signals = signal.SIGKILL,
) -> list[int]:
    """End the processes and their descendants; returns the pids that were alive.

    ``first`` is sent and waited for up to grace_s; what is left is killed. A stopped process is
    continued, because it could not act on a signal otherwise.
    """
    family = [process for process in with_descendants(processes) if not is_gone(process)]
    send(family, first)
    if first != signal.SIGKILL:
        send(family, signal.SIGCONT)
        # A process may have started another one while it ended.
        send(with_descendants(wait_gone(family, grace_s)), signal.SIGKILL)
    wait_gone(family, grace_s)
    return [process.pid for process in family]


def send(processes: Iterable[psutil.Process], sent: signal.Signals) -> None:
    """Send a signal to each; one that has ended meanwhile is left alone."""
    for process in processes:
        try:
            process.send_signal(sent)
        except psutil.NoSuchProcess:
            continue


def wait_gone(processes: Iterable[psutil.Process], limit_s: float) -> list[psutil.Process]:
    """Wait until none of them runs; returns those that still do after limit_s.

    Nothing is reaped: the exit code of a child belongs to whoever started it.
    """
    deadline_s = time.monotonic() + limit_s
    left = list(processes)
    while (left := [process for process in left if not is_gone(process)]) and (
        time.monotonic() < deadline_s
    ):
        time.sleep(POLL_S)
    return left


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; a zombie has, its parent just has not asked how.

    One of which the first thread alone has ended looks like it, and goes on.
    """
    try:
        if not process.is_running():
            return True
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() < 2
    except psutil.NoSuchProcess:
        return True
