"""Prometheus's own programs, as the tests find and start them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.project.source import ROOT

DASHBOARDS = ROOT / "dashboards"
RULES = DASHBOARDS / "prometheus" / "rules.yml"
# Upstream's name first, then Debian's where it has another.
NAMES = {
    "prometheus": ["prometheus"],
    "promtool": ["promtool"],
    "alertmanager": ["alertmanager", "prometheus-alertmanager"],
    "amtool": ["amtool"],
    "pushgateway": ["pushgateway", "prometheus-pushgateway"],
}
RUN_S_MAX = 60


def find(name: str) -> str | None:
    """Where a program is, or None."""
    return next((path for each in NAMES[name] if (path := shutil.which(each))), None)


def program(name: str) -> str:
    """Where a program is; a test that asks for one that is missing fails."""
    path = find(name)
    assert path, f"{' or '.join(NAMES[name])} is not installed"
    return path


def run(name: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a program to its end: its exit code and all that it said."""
    done = subprocess.run(
        [program(name), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_S_MAX,
    )
    return done.returncode, done.stdout + done.stderr
