"""Keeps the record of a run out of the sight of the release that it judges."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROBE_S_MAX = 10.0
# The shell replaces itself by the command: one process, with the pid that was started.
_HIDE = '"$1" -t tmpfs -o size=4k,mode=0700 harness "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True, slots=True)
class Isolation:
    """How a release is kept from the run folder; before goes in front of its commands.

    kind is "mount namespace" (the folder is empty for it) or "file mode" (only other users are
    kept out); reason says why it is not more.
    """

    kind: str
    before: tuple[str, ...] = ()
    reason: str = ""


def isolation_from(folder: Path) -> Isolation:
    """The strongest way that works here."""
    reason = _why_not()
    if reason:
        return Isolation("file mode", reason=reason)
    return Isolation("mount namespace", _hiding(folder))


def _hiding(folder: Path) -> tuple[str, ...]:
    # Full paths: a plan may give its release another PATH.
    unshare, mount = shutil.which("unshare") or "unshare", shutil.which("mount") or "mount"
    return (unshare, "--mount", "/bin/sh", "-c", _HIDE, "sh", mount, str(folder))


@cache
def _why_not() -> str:
    """The reason why no mount namespace can be had; empty where one can."""
    if os.geteuid() != 0:
        return "only root may mount"
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    probe = (*_hiding(Path("/tmp")), "/bin/ls", "-A", "/tmp")  # noqa: S108 - mounted over, not used
    try:
        done = subprocess.run(
            probe, capture_output=True, text=True, timeout=PROBE_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the probe failed: {error}"
    if done.returncode != 0 or done.stdout:
        return f"the probe exited {done.returncode}: {done.stderr.strip() or 'nothing was hidden'}"
    return ""
