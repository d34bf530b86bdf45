"""The folder that is a run: everything it recorded, locked while it is alive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.errors import EnvironmentBroken, RecordUnreadable, UsageError
from harness.runs.disk import broken_disk, make_private, write_whole
from harness.runs.identity import TAG_LENGTH, is_run_id, new_run_id
from harness.runs.lease import Lease, take_lease
from harness.runs.locks import FileLock

SUBFOLDERS = ("journal", "observations", "logs", "evidence")
IDS_TRIED_MAX = 20
LISTED_MAX = 10


class RunFolder:
    """``RUNS/<run id>``; lease is None where the run is only read."""

    def __init__(self, path: Path, lease: Lease | None = None) -> None:
        self.path = path.absolute()
        self._lease = lease

    @property
    def id(self) -> str:
        """The run's name: UTC time and tag, as ``20261123-141339-k7f2``."""
        return self.path.name

    @property
    def tag(self) -> str:
        """The four base-36 characters by which traceable values name this run."""
        return self.id[-TAG_LENGTH:]

    @property
    def journal(self) -> Path:
        """Where every writing process keeps its journal file."""
        return self.path / "journal"

    @property
    def observations(self) -> Path:
        """What was read from storage."""
        return self.path / "observations"

    @property
    def logs(self) -> Path:
        """What the releases and their services printed."""
        return self.path / "logs"

    @property
    def evidence(self) -> Path:
        """Traces, screenshots and whatever else a finding points at."""
        return self.path / "evidence"

    @property
    def lease(self) -> Lease:
        """The living run's hold on this host; raises UsageError on a run that is only read."""
        if self._lease is None:
            raise UsageError(f"the run {self.id} is open for reading; nothing can be started in it")
        return self._lease

    @property
    def environment(self) -> dict[str, str]:
        """What every child process of the run gets in its environment."""
        return self.lease.environment

    @property
    def temporary(self) -> Path:
        """Where its children keep what is of no use after them; gone with the lease."""
        folder = self.lease.folder / "temporary"
        return folder if folder.exists() else self.lease.scratch(folder.name)

    def write_json(self, name: str, data: object) -> Path:
        """Write the file in one step; raises EnvironmentBroken, the old file then stays."""
        text = json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False)
        return self.write_bytes(name, text.encode("ascii") + b"\n")

    def write_text(self, name: str, text: str) -> Path:
        """Write the file as UTF-8 in one step; raises EnvironmentBroken."""
        return self.write_bytes(name, text.encode("utf-8"))

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write the file in one step; raises EnvironmentBroken, the old file then stays."""
        path = self.path / name
        write_whole(path, data)
        return path

    def read_json(self, name: str) -> Mapping[str, object]:
        """The object in that file; raises RecordUnreadable."""
        path = self.path / name
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RecordUnreadable(f"{path} cannot be read: {error}") from error
        if not isinstance(data, dict):
            raise RecordUnreadable(f"{path} holds no JSON object but {data!r:.80}")
        return data

    def alive(self) -> bool:
        """Whether a harness holds the run at this moment."""
        if self._lease is not None:
            return True
        if not (self.path / "lock").exists():
            return False
        lock = FileLock.try_take(self.path / "lock")
        if lock is None:
            return True
        lock.free()
        return False


@contextmanager
def create_run(runs: Path) -> Iterator[RunFolder]:
    """A new run below ``runs``, alive and locked until the block is left.

    Leaving it ends every process of the run and removes its scratch folders; the run folder
    stays. Raises EnvironmentBroken where the folder cannot be written or the disk is full.
    """
    path = _make_folder(runs)
    for name in SUBFOLDERS:
        make_private(path / name)
    lock = FileLock.try_take(path / "lock")
    if lock is None:
        raise EnvironmentBroken(f"the new run {path} is already locked by another process")
    try:
        lease = take_lease(path.name, path)
        try:
            yield RunFolder(path, lease)
        finally:
            lease.close()
    finally:
        lock.free()


def _make_folder(runs: Path) -> Path:
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise broken_disk("created", runs, error) from error
    for _ in range(IDS_TRIED_MAX):
        path = runs.absolute() / new_run_id()
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise broken_disk("created", path, error) from error
        return path
    raise EnvironmentBroken(f"no free name for a run below {runs} in {IDS_TRIED_MAX} attempts")


def open_run(path: Path) -> RunFolder:
    """The run in that folder, for reading; raises UsageError where there is none."""
    if is_run_id(path.absolute().name) and (path / "journal").is_dir():
        return RunFolder(path)
    if (path / "journal").is_dir():
        name = path.absolute().name
        raise UsageError(
            f"a run is called as 20260131-235959-ab12, not {name!r}: name it as it was"
        )
    state = "there is no such folder" if not path.exists() else "it holds no run's journal folder"
    raise UsageError(f"{path} is no run: {state}; {_existing(path)}")


def _existing(path: Path) -> str:
    """The runs that a reader may have meant."""
    for folder in (path, path.absolute().parent):
        runs = list_runs(folder)
        if runs:
            shown = ", ".join(run.id for run in runs[:LISTED_MAX])
            more = f" and {len(runs) - LISTED_MAX} older" if len(runs) > LISTED_MAX else ""
            return f"runs in {folder}: {shown}{more}"
    return f"no runs in {path.absolute().parent} either"


def list_runs(runs: Path) -> list[RunFolder]:
    """The runs below that folder, newest first; none where the folder is missing.

    Raises EnvironmentBroken where the folder cannot be read.
    """
    if not runs.is_dir():
        return []
    try:
        found = [path for path in runs.iterdir() if is_run_id(path.name)]
    except OSError as error:
        raise broken_disk("read", runs, error) from error
    newest_first = sorted(found, key=lambda path: path.name, reverse=True)
    return [RunFolder(path) for path in newest_first if (path / "journal").is_dir()]
