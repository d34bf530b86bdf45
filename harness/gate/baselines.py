"""Which release to compare with, and what its own gate had promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import RecordUnreadable
from harness.runs import RunFolder, list_runs


def last_passed(runs: Path, app: str) -> str | None:
    """The release of the newest whole run that passed; None where none has."""
    for _, verdict in _passed(runs, app):
        return str(verdict["release"]["name"])
    return None


def scenarios_promised(runs: Path, app: str, release: str) -> frozenset[str]:
    """The scenarios that the release's newest passing run had promised; empty without one."""
    for run, verdict in _passed(runs, app):
        if verdict["release"]["name"] == release:
            try:
                promise = run.read_json("plan.json")
            except RecordUnreadable:
                continue
            cases = promise.get("cases", [])
            absent = promise.get("absent", {})
            names = [case["scenario"] for case in cases] if isinstance(cases, list) else []
            return frozenset([*names, *(absent if isinstance(absent, dict) else ())])
    return frozenset()


def _passed(runs: Path, app: str) -> Iterator[tuple[RunFolder, Mapping[str, Any]]]:
    for run in list_runs(runs):
        if not (run.path / "verdict.json").exists():
            continue
        try:
            verdict: Mapping[str, Any] = run.read_json("verdict.json")
        except RecordUnreadable:
            continue
        partial = any(str(w).startswith("only cases matching") for w in verdict["warnings"])
        if verdict["verdict"] == "pass" and verdict["app"] == app and not partial:
            yield run, verdict
