"""Prometheus's own programs, run to their end by the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dashboards.programs import program
from tests.project.source import ROOT

RUN_S_MAX = 60


def run(name: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a program to its end: its exit code and all that it said."""
    done = subprocess.run(
        [program(name), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=RUN_S_MAX,
    )
    return done.returncode, done.stdout + done.stderr
