"""The record of a catalogue's run: a folder with what each gate said, to be taken up again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
from harness.catalogue.comparing import Comparison, compare
from harness.catalogue.entries import Entry, files_of
from harness.errors import EnvironmentBroken, UsageError
from harness.plan import Plan
from harness.runs.disk import broken_disk, write_whole
from harness.runs.identity import is_run_id, new_run_id
from harness.runs.locks import FileLock

SCHEMA = "harness.catalogue/1"
VERDICT = "said.json"
PROGRESS = "progress.log"
DONE = "done.json"


@dataclass(frozen=True, slots=True)
class Result:
    """One release that was gated: what it expects, what came of it, and how long that took."""

    entry: Entry
    comparison: Comparison
    duration_s: float
    folder: Path
    again: bool = False

    @property
    def name(self) -> str:
        """The release."""
        return self.entry.name


@contextmanager
def open_record(runs: Path, *, resume: bool) -> Iterator[Path]:
    """A new folder below runs, or the newest with resume; nobody else has it meanwhile.

    Raises UsageError where there is nothing to take up, or somebody is still at it, and
    EnvironmentBroken where the folder cannot be written.
    """
    folder = _newest(runs) if resume else runs.absolute() / new_run_id()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise broken_disk("created", folder, error) from error
    lock = FileLock.try_take(folder / "lock")
    if lock is None:
        raise UsageError(f"another harness is at work in {folder}; wait for its end")
    try:
        yield folder
    finally:
        lock.free()


def _newest(runs: Path) -> Path:
    found = [path for path in runs.glob("*") if is_run_id(path.name) and path.is_dir()]
    if not found:
        raise UsageError(f"--resume: there is no catalogue run in {runs} to take up")
    return max(found, key=lambda path: path.name).absolute()


def fingerprint(entry: Entry, plan: Plan, shared: bytes, *more: str | None) -> str:
    """SHA-256 of all that the entry's answer depends on, as far as the plan knows it."""
    digest = hashlib.sha256(shared)
    for text in (plan.digest, entry.name, entry.baseline, entry.expected.profile, *more):
        digest.update(f"{text}\0".encode())
    _add(digest, entry.folder, files_of(entry.folder))
    return digest.hexdigest()


def shared_bytes(plan: Plan) -> bytes:
    """A digest of what all answers depend on: us, the scenarios, and what releases stand in for."""
    digest = hashlib.sha256()
    product = Path(harness.__file__).parent
    _add(digest, product, files_of(product))
    table = plan.catalogue
    folders = [plan.scenarios.path, *([table.overlays] if table and table.overlays else ())]
    own = plan.folder / table.path if table else plan.folder
    for name in folders:
        folder = plan.folder / name
        names = [file for file in files_of(folder) if not (folder / file).is_relative_to(own)]
        _add(digest, folder, names)
    return digest.digest()


def _add(digest: Any, folder: Path, names: Iterable[str]) -> None:
    try:
        for name in names:
            digest.update(f"{name}\0".encode())
            digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    except OSError as error:
        raise EnvironmentBroken(f"{folder} cannot be read: {error}") from error


def keep(result: Result, digest: str) -> None:
    """Note that the release is done; one without a verdict is not."""
    if result.comparison.said is not None:
        done = {"fingerprint": digest, "duration_s": result.duration_s}
        write_whole(result.folder / DONE, json.dumps(done).encode())


def done_before(entry: Entry, folder: Path, digest: str) -> Result | None:
    """What an earlier run in that folder learned of the same bytes; None where it did not."""
    try:
        done = json.loads((folder / DONE).read_text(encoding="utf-8"))
        if done["fingerprint"] != digest:
            return None
        verdict = read_said(folder)
        duration_s = float(done["duration_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Result(entry, compare(entry.expected, verdict), duration_s, folder, again=True)


def read_said(folder: Path) -> Mapping[str, Any]:
    """The verdict that a gate printed; raises OSError and ValueError."""
    found = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"no verdict: {found!r:.80}")
    return found


def afresh(folder: Path) -> Path:
    """The folder of one release, empty; raises EnvironmentBroken."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise broken_disk("created", folder, error) from error
    return folder
