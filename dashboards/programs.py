"""Prometheus's own programs, by whichever name they are installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import EnvironmentBroken

HERE = Path(__file__).parent
RULES = HERE / "prometheus" / "rules.yml"
# Upstream's name first, then Debian's where it has another.
NAMES = {
    "prometheus": ["prometheus"],
    "promtool": ["promtool"],
    "alertmanager": ["alertmanager", "prometheus-alertmanager"],
    "amtool": ["amtool"],
    "pushgateway": ["pushgateway", "prometheus-pushgateway"],
}


def find(name: str) -> str | None:
    """Where a program is, or None."""
    return next((path for each in NAMES[name] if (path := shutil.which(each))), None)


def program(name: str) -> str:
    """Where a program is; raises EnvironmentBroken where it is not installed."""
    if path := find(name):
        return path
    raise EnvironmentBroken(
        f"{' or '.join(NAMES[name])} is not on PATH; install it (Debian: apt-get install "
        "prometheus prometheus-alertmanager prometheus-pushgateway)"
    )
