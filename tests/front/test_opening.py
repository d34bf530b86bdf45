"""The front begins and ends with its block, whatever happens to the gate."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.errors import EnvironmentBroken, UsageError
from harness.front import open_front, open_fronts
from harness.runs import RunFolder
from harness.runs.processes import marked_processes, wait_gone
from tests.front.application import Caller, running
from tests.processes import runs

GATE = """
import sys, time
from pathlib import Path
from harness.front import open_front, open_fronts
from harness.runs import create_run
with create_run(Path(sys.argv[1])) as run, open_front(run, {"a": "http://127.0.0.1:1"}) as front:
    sys.stdout.write(f"{front.pid}\\n")
    sys.stdout.flush()
    time.sleep(60)
"""


def test_it_ends_with_its_block_and_carries_the_runs_marks(run: RunFolder) -> None:
    """The process is marked as the run's while it lives, and gone after the block."""
    with open_front(run, {}) as front:
        process = psutil.Process(front.pid)

        assert process in marked_processes(run.environment)
    assert not process.is_running()


def test_several_fronts_are_one_process_and_each_is_told_for_itself(run: RunFolder) -> None:
    """A switch, a cut and the counts of one front are nothing to the others."""
    with (
        running("old") as old,
        running("new") as new,
        open_fronts(run, 3, {"old": old.url, "new": new.url}) as (first, second, third),
    ):
        second.to("new")
        with third.cut():
            answers = [Caller(front.url).ask()[1] for front in (first, second)]
            with pytest.raises(ConnectionResetError):
                Caller(third.url).ask()

        assert answers == [b"old", b"new"]
        assert len({first.pid, second.pid, third.pid}) == 1
        sent = [
            [front.answered()[name].sent for name in ("old", "new")] for front in (first, second)
        ]
        assert sent == [[1, 0], [0, 1]]
    assert not runs(first.pid)


@pytest.mark.parametrize("count", [0, 65])
def test_fronts_have_a_limit(run: RunFolder, count: int) -> None:
    """No front at all, or more than one process should be, is a mistake of whoever asked."""
    with pytest.raises(UsageError, match="ask for 1 to 64"), open_fronts(run, count, {}):
        pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_gate_that_was_killed(tmp_path: Path, how: signal.Signals) -> None:
    """The front ends by itself when the gate is gone, however it went."""
    with subprocess.Popen(
        [sys.executable, "-c", GATE, str(tmp_path / "runs")], stdout=subprocess.PIPE, text=True
    ) as gate:
        assert gate.stdout is not None
        process = psutil.Process(int(gate.stdout.readline()))
        assert process.is_running()
        gate.send_signal(how)

    assert [] == wait_gone([process], 10)


def test_a_front_that_died_is_said(run: RunFolder) -> None:
    """Whoever tells a dead front anything learns that nothing passes it any more."""
    with open_front(run, {"a": "http://127.0.0.1:1"}) as front:
        psutil.Process(front.pid).kill()
        with pytest.raises(EnvironmentBroken, match="nothing passes it any more"):
            front.to("a")


def test_a_target_that_is_no_address_starts_nothing(run: RunFolder) -> None:
    """A wrong address is an error of whoever wrote it, and leaves no process."""
    with pytest.raises(UsageError, match="is no address"), open_front(run, {"a": "nowhere"}):
        pass

    assert [p for p in marked_processes(run.environment) if "harness.front" in p.cmdline()] == []
