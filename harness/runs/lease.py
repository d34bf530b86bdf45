"""What a run holds on this host: its processes and scratch folders, for whoever cleans up.

Beside the run folder, under the host's temporary folder: a run that was killed cannot clean up
after itself, and the next one need not know where its runs were kept.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from harness.errors import EnvironmentBroken
from harness.runs.disk import broken_disk
from harness.runs.identity import new_run_id
from harness.runs.locks import FileLock, locked
from harness.runs.processes import end_processes, marked_processes

RUN_VARIABLE = "HARNESS_RUN"
MAKING_S_MAX = 10.0
GRACE_S = 2.0


def lease_base() -> Path:
    """This user's folder for all leases on this host, made where it is missing.

    Raises EnvironmentBroken where it is not ours alone: another user could have planted it.
    """
    base = Path(tempfile.gettempdir()) / f"harness-{os.geteuid()}"
    try:
        base.mkdir(mode=_lease_mode(), exist_ok=True)
        found = base.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
            base.chmod(_lease_mode())
            return base
    except OSError as error:
        raise broken_disk("created", base, error) from error
    raise EnvironmentBroken(
        f"{base} is not a folder of user {os.geteuid()} (owner: user {found.st_uid}); "
        "remove it, or set TMPDIR to a folder of your own"
    )


def _lease_mode() -> int:
    # PostgreSQL refuses to run as root, so root's scratch folders are walked through by the
    # account that it gets; that account can neither list nor write here.
    return 0o711 if os.geteuid() == 0 else 0o700


class Lease:
    """One living run's hold: a locked folder that lists what has to go when the run is dead."""

    def __init__(self, folder: Path, run_id: str, lock: FileLock) -> None:
        self.folder = folder
        self.run_id = run_id
        self._lock = lock
        self._containers: set[str] = set()

    @property
    def environment(self) -> dict[str, str]:
        """What every child process gets, so that it is found even when nobody recorded it."""
        return {RUN_VARIABLE: self.run_id}

    def record_process(self, pid: int, command: str, stop: signal.Signals = signal.SIGKILL) -> None:
        """Note a started process of ours; stop is the signal that a cleaner tries first.

        A process that has ended meanwhile needs no note.
        """
        try:
            started_s = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._append(
            {"kind": "process", "pid": pid, "started_s": started_s, "command": command,
             "stop": int(stop)}
        )  # fmt: skip

    def scratch(self, name: str) -> Path:
        """A fresh folder of that name, gone with the lease."""
        folder = self.folder / name
        self._append({"kind": "folder", "path": str(folder)})
        try:
            folder.mkdir(mode=_lease_mode())
        except OSError as error:
            raise broken_disk("created", folder, error) from error
        return folder

    def hold_containers(self, name: str) -> None:
        """Note that containers of that name are about to be started for this run."""
        self._append({"kind": "containers", "name": name})
        self._containers.add(name)

    def let_go(self, name: str) -> None:
        """The containers of that name are gone."""
        self._containers.discard(name)

    def close(self) -> None:
        """End whatever this run still has running, remove its scratch and give the lease back.

        While an engine still has containers of it the folder stays, for a later clean.
        """
        try:
            end_processes(marked_processes({RUN_VARIABLE: self.run_id}), GRACE_S)
        finally:
            if not self._containers:
                shutil.rmtree(self.folder, ignore_errors=True)
            self._lock.free()

    def _append(self, facts: dict[str, object]) -> None:
        path = self.folder / "resources.jsonl"
        try:
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(facts) + "\n")
        except OSError as error:
            raise broken_disk("written", path, error) from error


def take_lease(run_id: str, run_folder: Path | None) -> Lease:
    """Make and lock the lease of a new run; raises EnvironmentBroken."""
    base = lease_base()
    folder = base / run_id
    # The lock on the base closes the moment in which the lease is there and not yet locked.
    with locked(base / "lock", MAKING_S_MAX):
        try:
            folder.mkdir(mode=_lease_mode())
            folder.chmod(_lease_mode())
            (folder / "run").write_text(str(run_folder or ""), encoding="utf-8")
        except OSError as error:
            raise broken_disk("created", folder, error) from error
        lock = FileLock.try_take(folder / "lock")
    if lock is None:
        raise EnvironmentBroken(f"the new lease {folder} is already locked by another process")
    return Lease(folder, run_id, lock)


@contextmanager
def open_lease() -> Iterator[Lease]:
    """A lease without a run folder, for whatever keeps its record elsewhere."""
    lease = take_lease(new_run_id(), None)
    try:
        yield lease
    finally:
        lease.close()
