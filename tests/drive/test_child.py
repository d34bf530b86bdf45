"""What a foreign runner has started ends with it, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from harness.drive.child import KILL_S_MAX, Child, _kill
from tests.processes import runs

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
    assert not runs(int(log.read_text()))


# Somebody who never asks how a child of theirs ended.
NEVER_ASKS = """
import subprocess, time
print(subprocess.Popen(["true"]).pid, flush=True)
time.sleep(60)
"""


def test_nobody_waits_for_what_has_ended_and_is_not_asked_for() -> None:
    """Whose parent is gone is left to whoever has process 1, who may take their time, or never."""
    runner = subprocess.Popen(["true"])
    asker = subprocess.Popen([sys.executable, "-c", NEVER_ASKS], stdout=subprocess.PIPE, text=True)
    try:
        assert asker.stdout is not None
        ended = psutil.Process(int(asker.stdout.readline()))
        while ended.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        began_s = time.monotonic()
        _kill(runner, [ended])
        assert time.monotonic() - began_s < KILL_S_MAX / 2
    finally:
        asker.kill()
        asker.communicate()


# A process to which orphans are given, as to process 1; it says how many of them it never asked.
PROCESS_ONE = """
import ctypes, sys
from pathlib import Path
import psutil
from harness.drive.child import Child
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
child = Child(runner="a", what="b", command=[sys.executable, "-c", sys.argv[1]],
              cwd=Path.cwd(), env={}, log=Path("runner.log"), exit_codes={})
child.run(20.0, lambda _: None)
print(len(psutil.Process().children()))
"""


def test_whom_process_1_is_given_is_asked_how_it_ended(tmp_path: Path) -> None:
    """A canary that is all there is in its container would gather them for months."""
    command = [sys.executable, "-c", PROCESS_ONE, STARTS]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "0\n"
