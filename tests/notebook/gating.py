"""The command line as its users call it: a process, its exit code, and what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from harness.runs.lease import lease_base

NOTEBOOK = Path(__file__).parent
ROOT = NOTEBOOK.parents[1]
# Generous, because several test processes may share two cores with as many browsers.
LIMIT_S = 560.0


@dataclass(frozen=True, slots=True)
class Called:
    """One call of the command line that has ended; run is the folder it made, if it made one."""

    code: int
    out: str
    err: str
    run: Path | None

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict in the run's folder."""
        assert self.run is not None, self.err
        found: dict[str, Any] = json.loads((self.run / "verdict.json").read_text())
        return found

    def findings(self) -> dict[str, tuple[list[str], str]]:
        """Each blocking finding's anomaly with its fields and its layer."""
        return {
            finding["anomaly"]: (finding["fields"], finding["layer"])
            for finding in self.verdict["findings"]
            if finding["severity"] == "block"
        }

    def left(self) -> list[str]:
        """What of the run is still on this host."""
        return [] if self.run is None else left_of(self.run.name)


@dataclass
class Calling:
    """A call of the command line that runs; its standard error is read as it comes."""

    process: subprocess.Popen[str]
    runs: Path
    before: set[str]
    lines: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(iter(self.process.stderr.readline, ""))

    @property
    def run(self) -> Path | None:
        """The folder of its run, once there is one."""
        made = {path.name for path in self.runs.glob("*")} - self.before
        return self.runs / max(made) if made else None

    def until(self, words: str, limit_s: float = LIMIT_S) -> None:
        """Wait until standard error holds these words."""
        end_s = time.monotonic() + limit_s
        while not any(words in line for line in list(self.lines)):
            assert self.process.poll() is None, "".join(self.lines)
            assert time.monotonic() < end_s, f"no {words!r} in {''.join(self.lines)}"
            time.sleep(0.02)

    def ended(self, limit_s: float = LIMIT_S) -> Called:
        """Wait for its end."""
        assert self.process.stdout is not None
        code = self.process.wait(limit_s)
        assert self._reader is not None
        self._reader.join(limit_s)
        return Called(code, self.process.stdout.read(), "".join(self.lines), self.run)


@contextlib.contextmanager
def calling(
    *words: str | Path, runs: Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Iterator[Calling]:
    """A call that runs meanwhile; it is ended with the block if it has not by then."""
    before = {path.name for path in runs.glob("*")}
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *map(str, words)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Calling(process, runs, before)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def gate(
    release: str,
    *words: str | Path,
    runs: Path,
    plan: Path = NOTEBOOK,
    env: Mapping[str, str] | None = None,
) -> Called:
    """Gate a release of the notebook, to the end."""
    with calling(
        "gate", release, "--plan", plan, "--runs", runs, *words, runs=runs, env=env
    ) as call:
        return call.ended()


def harness(*words: str | Path, env: Mapping[str, str] | None = None) -> Called:
    """Any other command, to the end."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return Called(done.returncode, done.stdout, done.stderr, None)


def left_of(run_id: str) -> list[str]:
    """The processes that carry a run's mark, and its scratch."""
    left = [f"process {p.pid} {p.name()}" for p in psutil.process_iter() if _marked(p, run_id)]
    scratch = lease_base() / run_id
    return [*left, str(scratch)] if scratch.exists() else left


def _marked(process: psutil.Process, run_id: str) -> bool:
    try:
        return (
            process.environ().get("HARNESS_RUN") == run_id
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False


def changed(folder: Path, *changes: tuple[str, str], scenarios: str | None = None) -> Path:
    """A copy of the notebook whose plan reads differently, perhaps with other scenarios."""
    copy = folder / "notebook"
    shutil.copytree(NOTEBOOK, copy, ignore=shutil.ignore_patterns("__pycache__", "gating.py"))
    plan = copy / "harness.toml"
    text = plan.read_text()
    for old, new in changes:
        assert old in text, f"the plan has no {old!r} to change"
        text = text.replace(old, new)
    plan.write_text(text)
    if scenarios is not None:
        (copy / "scenarios" / "test_notes.py").write_text(scenarios)
    return copy
