"""The runs of probes that are kept as proof, which of them have records left, and whose turn."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.canary.cleaning import FILE, cleaned_of
from harness.canary.targets import FILE as TARGET
from harness.canary.targets import Target
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.plan import Plan
from harness.runs import RunFolder, list_runs
from harness.runs.lease import lease_base
from harness.runs.locks import FileLock


class IdentityTaken(EnvironmentBroken):
    """Another canary of this host is at work at that address as the same synthetic user."""


def hold_identity(plan: Plan, target: Target, what: str) -> FileLock:
    """The lock on who probes where; raises IdentityTaken. Two that shared one would edit alike."""
    who = f"{plan.app.name}\n{target.url}\n{plan.canaries.identity}"
    name = hashlib.sha256(who.encode()).hexdigest()[:16]
    lock = FileLock.try_take(lease_base() / f"canary-{what}-{name}")
    if lock is None:
        raise IdentityTaken(
            f"another canary {'runs' if what == 'run' else 'probes'} at {target.address} with this "
            "identity; end it, or give this one its own with canaries.identity"
        )
    return lock


@contextmanager
def identity(plan: Plan, target: Target, what: str) -> Iterator[None]:
    """Hold it for a while; raises IdentityTaken."""
    lock = hold_identity(plan, target, what)
    try:
        yield
    finally:
        lock.free()


def uncleaned(runs: Path, target: str | None = None) -> list[RunFolder]:
    """Runs of which records may still be in storage; what was tried longest ago comes first.

    With a target's name those at that target alone, and those that say of none.
    """
    found = [run for run in reversed(list_runs(runs)) if not run.alive() and not _is_clean(run)]
    here = [run for run in found if target is None or _target_of(run) in (target, None)]
    return sorted(here, key=_tried_at_s)


def _target_of(run: RunFolder) -> str | None:
    try:
        named = run.read_json(TARGET).get("target")
    except RecordUnreadable:
        return None
    return named if isinstance(named, str) else None


def _tried_at_s(run: RunFolder) -> float:
    path = run.path / FILE
    return path.stat().st_mtime if path.exists() else 0.0


def _is_clean(run: RunFolder) -> bool:
    if not (run.path / "plan.json").exists():
        return True  # nothing was promised, so nothing was driven
    try:
        cleaned = cleaned_of(run)
    except RecordUnreadable:
        return False
    return cleaned is not None and cleaned.residue_n == 0


def residue_n(runs: Path, target: str | None = None) -> int:
    """How many records of the runs that are kept are still in a target's storage.

    As far as is known: a run that nobody could clean counts as one.
    """
    found = 0
    for run in uncleaned(runs, target):
        try:
            cleaned = cleaned_of(run)
        except RecordUnreadable:
            cleaned = None
        found += cleaned.residue_n if cleaned is not None else 1
    return found


def was_read(runs: Path, told: Mapping[str, str]) -> bool:
    """Whether a probe that is kept found its own records whole at this target, in its storage."""
    return any(_passed(run, told) for run in list_runs(runs))


def _passed(run: RunFolder, told: Mapping[str, str]) -> bool:
    try:
        passed: bool = run.read_json("verdict.json").get("verdict") == "pass"
        return passed and run.read_json(TARGET) == told
    except RecordUnreadable:
        return False


def prune(runs: Path, keep_n: int) -> int:
    """Remove the oldest runs; those that saw a loss have as much room of their own.

    A run with records in storage stays: without its journal nothing could ever remove them.
    """
    plain, lossy = 0, 0
    removed = 0
    for run in list_runs(runs):
        if run.alive() or not _is_clean(run):
            continue
        blocked = _saw_loss(run)
        plain, lossy = plain + (not blocked), lossy + blocked
        if (lossy if blocked else plain) > keep_n:
            shutil.rmtree(run.path, ignore_errors=True)
            removed += 1
    return removed


def _saw_loss(run: RunFolder) -> bool:
    try:
        return run.read_json("verdict.json").get("verdict") == "block"
    except RecordUnreadable:
        return False
