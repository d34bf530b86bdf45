"""Whether a process still does anything."""

from __future__ import annotations

import psutil

from harness.runs.processes import is_gone


def runs(pid: int) -> bool:
    """Whether a process of that pid runs: one that nobody has asked how it ended does not."""
    try:
        return not is_gone(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False
