"""Cleaning up after runs whose harness was killed; a living run is never touched."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from harness.errors import EnvironmentBroken
from harness.runs.identity import is_run_id
from harness.runs.lease import GRACE_S, MAKING_S_MAX, RUN_VARIABLE, lease_base
from harness.runs.locks import FileLock, locked
from harness.runs.processes import end_processes, marked_processes, started_process

# Removes the containers of the run of that id, and says in words what was removed; raises
# EnvironmentBroken where it cannot. Handed in: a run knows nothing of what it was deployed with.
RemoveContainers = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A dead run's lease: the run's folder ("" where it had none) and what still runs of it.

    containers says that an engine may still have some of it.
    """

    run_id: str
    run_folder: str
    lease: Path
    pids: tuple[int, ...]
    containers: bool = False


def find_abandoned() -> list[Abandoned]:
    """Every lease whose harness is dead, oldest first; nothing is changed."""
    with ExitStack() as stack:
        return [_describe(folder) for folder in _take_free(stack)]


def clean_abandoned(remove_containers: RemoveContainers | None = None) -> list[str]:
    """End what dead runs left running and remove what they left on disk; a sentence for each.

    A lease whose containers cannot be removed stays, for the next clean.
    """
    with ExitStack() as stack:
        return [_clean(folder, remove_containers) for folder in _take_free(stack)]


def _take_free(stack: ExitStack) -> list[Path]:
    """The leases whose lock was free; they stay locked by us until the stack is closed."""
    base = lease_base()
    taken = []
    with locked(base / "lock", MAKING_S_MAX):
        for folder in sorted(base.iterdir()):
            if not is_run_id(folder.name) or not folder.is_dir():
                continue
            lock = FileLock.try_take(folder / "lock") if folder.exists() else None
            if lock is None:
                continue
            stack.callback(lock.free)
            if lock.still_there():
                taken.append(folder)
    return taken


def _describe(folder: Path) -> Abandoned:
    found = {process.pid for process, _ in _recorded(folder)}
    found |= {process.pid for process in marked_processes({RUN_VARIABLE: folder.name})}
    containers = _had_containers(folder)
    return Abandoned(folder.name, _run_folder(folder), folder, tuple(sorted(found)), containers)


def _clean(folder: Path, remove_containers: RemoveContainers | None) -> str:
    ended: set[int] = set()
    for process, stop in _recorded(folder):
        ended.update(end_processes([process], GRACE_S, stop))
    ended.update(end_processes(marked_processes({RUN_VARIABLE: folder.name}), GRACE_S))
    processes = f"{len(ended)} process" + ("" if len(ended) == 1 else "es")
    cut_off = f"run {folder.name} was cut off: ended {processes}"
    removed: Sequence[str] = ()
    if _had_containers(folder):
        try:
            if remove_containers is None:
                raise EnvironmentBroken("nobody here knows the engine")
            removed = remove_containers(folder.name)
        except EnvironmentBroken as error:
            return f"{cut_off}; its containers are left for the next time: {error}"
    shutil.rmtree(folder, ignore_errors=True)
    left = "" if not folder.exists() else f"; {folder} could not be removed whole"
    return f"{cut_off}, removed {', '.join([*removed, 'its scratch'])}{left}"


def _had_containers(folder: Path) -> bool:
    return any(facts["kind"] == "containers" for facts in _listed(folder))


def _recorded(folder: Path) -> Iterator[tuple[psutil.Process, signal.Signals]]:
    """The recorded processes that still run, with the signal to try first on each."""
    for facts in _listed(folder):
        if facts["kind"] != "process":
            continue
        process = started_process(facts["pid"], facts["started_s"])
        if process is not None:
            yield process, signal.Signals(facts["stop"])


def _listed(folder: Path) -> Iterator[Mapping[str, Any]]:
    """What the lease lists, as far as it was written whole."""
    try:
        lines = (folder / "resources.jsonl").read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return
    for line in lines[:-1]:  # what follows the last newline was cut
        try:
            yield json.loads(line)
        except (
            ValueError
        ):  # cut by a full disk; what it named still carries the run in its environment
            continue


def _run_folder(folder: Path) -> str:
    try:
        return (folder / "run").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
