"""What a foreign runner has started ends with it, however it ends."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from harness.drive.child import Child

# It is gone before anybody has looked at what it started.
STARTS = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid)
sys.exit(3)
"""


def test_whom_a_runner_left_behind_at_once_is_ended(tmp_path: Path) -> None:
    """A runner that fails as soon as it has started others leaves none of them."""
    log = tmp_path / "runner.log"
    child = Child(
        runner="a runner",
        what="its work",
        command=[sys.executable, "-c", STARTS],
        cwd=tmp_path,
        env={},
        log=log,
        exit_codes={},
    )

    assert child.run(20.0, lambda _: None) == 3
    pid = int(log.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
