"""The figures of docs/benchmarks.md come from `make bench`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.__main__ import BENCHES, HEAD, PAGE, main, with_row
from bench.calling import call
from bench.faults import blamed, came_by
from bench.memory import peak_mb
from bench.overhead import busy_s
from bench.scenarios import PAIR_N, all_passed
from harness.cli import EXIT_INTERRUPTED
from harness.errors import DriveFailed
from harness.journal import events as ev
from tests.checks.test_across import story_of
from tests.checks.test_injected import saved


def test_every_bench_is_explained() -> None:
    """The page has a table to write into, and says of every bench what it measures."""
    page = PAGE.read_text("utf-8")

    assert HEAD in page
    assert [name for name in BENCHES if f"\n## {name}\n" not in page] == []


def test_one_row_is_replaced() -> None:
    """A bench that is measured alone replaces its own row and leaves the others."""
    page = f"before\n{HEAD}| a | 1 |\n| b | 2 |\n\nafter\n"

    assert f"before\n{HEAD}| a | 3 |\n| b | 2 |\n\nafter\n" == with_row(page, "a", "| a | 3 |\n")


def test_a_page_without_its_table_is_not_written() -> None:
    """A row that nobody would see as part of a table is an error, not a figure."""
    with pytest.raises(ValueError, match="no table"):
        with_row("# no table here\n", "a", "| a | 3 |\n")


@pytest.mark.parametrize(
    "error", [DriveFailed("no"), subprocess.TimeoutExpired("pytest", 600), OSError("disk full")]
)
def test_what_was_not_measured_is_not_a_figure_beyond_its_target(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever kept a bench from its figures ends it with 2, and leaves the page alone."""

    def fails(_: int) -> Iterator[float]:
        yield 1.0
        raise error

    before = PAGE.read_text("utf-8")
    monkeypatch.setitem(BENCHES, "scenarios", replace(BENCHES["scenarios"], measure=fails))

    assert main(["--only", "scenarios"]) == 2
    assert PAGE.read_text("utf-8") == before


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL may enter, which is another account's where this one is root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_bench_that_is_ended_leaves_nothing(open_folder: Path, number: signal.Signals) -> None:
    """Asked to end in its middle, a bench ends its PostgreSQL and removes its folder first."""
    before = PAGE.read_text("utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "bench", "--only", "judge-10m"],
        cwd=PAGE.parent.parent,
        env={**os.environ, "TMPDIR": str(open_folder)},
    ) as bench:
        try:
            wait_until_begun(bench, open_folder)
            running = running_in(open_folder)
            bench.send_signal(number)
            code = bench.wait(60)
        finally:
            bench.kill()

    assert code == EXIT_INTERRUPTED
    assert list(open_folder.glob("bench-*")) == []
    assert any("postgres" in program for program in running)
    assert running_in(open_folder) == []
    assert PAGE.read_text("utf-8") == before


def wait_until_begun(bench: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until a bench fills its table and writes its journal."""
    end_s = time.monotonic() + 60
    while not any(found.stat().st_size for found in folder.glob("bench-*/*.acts")):
        assert bench.poll() is None, f"the bench ended with {bench.returncode}"
        assert time.monotonic() < end_s, "the bench has not begun"
        time.sleep(0.02)


def running_in(folder: Path) -> list[str]:
    """What runs with a path below a folder among its arguments."""
    commands = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    return [command for command in commands if f"{folder}/" in command]


def test_a_call_that_is_cut_short_may_clean_up(tmp_path: Path) -> None:
    """What a bench has called is asked to end, and waited for, before the bench goes on."""
    program = tmp_path / "cleans.py"
    program.write_text(
        "import pathlib, signal, sys, time\n"
        "def clean(*_):\n"
        "    time.sleep(0.2)\n"
        "    pathlib.Path('cleaned').touch()\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, clean)\n"
        "time.sleep(60)\n"
    )

    with pytest.raises(subprocess.TimeoutExpired):
        call([sys.executable, str(program)], tmp_path, timeout_s_max=2.0)
    assert (tmp_path / "cleaned").exists()


def test_a_second_signal_leaves_no_call_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ignores that it is asked to end is killed when its bench is asked a second time."""
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True)"
    command = [sys.executable, "-c", f"{deaf}; time.sleep(5)"]
    begun: list[subprocess.Popen[str]] = []

    class Asked(subprocess.Popen[str]):
        """Its bench gets a signal whenever it waits for it."""

        def communicate(self, *_: object, **__: object) -> tuple[str, str]:
            if not begun:
                assert self.stdout is not None
                self.stdout.readline()
            begun.append(self)
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Asked)
    with pytest.raises(KeyboardInterrupt):
        call(command, tmp_path, timeout_s_max=60.0)

    assert [-signal.SIGKILL, -signal.SIGKILL] == [process.returncode for process in begun]


def test_memory_is_that_of_every_process_at_its_peak(tmp_path: Path) -> None:
    """What a program and its child had for a moment counts, what its parent has does not."""
    mb = 64
    child = f"taken = bytes(range(256)) * ({mb} << 12); del taken; import time; time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    here = bytes(range(256)) * (8 * mb << 12)
    with peak_mb() as peak:
        assert call([sys.executable, "-c", parent], tmp_path, timeout_s_max=60.0).returncode == 0

    assert mb < peak() < 3 * mb < len(here) >> 20


def test_a_skipped_case_is_no_case() -> None:
    """Of a pair every case passes on both sides, or nothing is compared."""
    assert all_passed(f"........\n{PAIR_N} passed in 21.40s\n")
    assert all_passed(f"=== {PAIR_N} passed, 2 warnings in 61.40s (0:01:01) ===\n")
    assert not all_passed(f"{PAIR_N - 1} passed, 1 skipped in 21.40s\n")
    assert not all_passed(f"{PAIR_N} passed, 1 skipped in 21.40s\n")
    assert not all_passed(f"1{PAIR_N} passed in 21.40s\n")
    assert not all_passed("")


def test_a_target_for_every_figure() -> None:
    """One blame in many repetitions is beyond the target; a median may have outliers."""
    assert not BENCHES["faults"].within([0.0, 0.0, 1.0])
    assert BENCHES["faults"].within([0.0, 0.0, 0.0])
    assert BENCHES["front-latency"].within([0.1, 0.1, 9.0])
    assert not BENCHES["front-latency"].within([0.1, 9.0, 9.0])


def test_saves_that_a_fault_is_blamed_for() -> None:
    """What is lost under a fault counts, what stayed whole does not, and each fault does."""
    story = story_of(2, restart=2)
    gone, _ = saved(story, 0), saved(story, 1)
    story.fault("app killed", 0.5)
    story.fault("connections cut", 0.5, trial=gone.trial.id)
    story.ends("upgraded")
    whole = story.weighed()
    gone.vanishes()
    story.reads("final", "confirm", role="upgraded", after_s=60)
    lost = story.weighed()

    assert set() == blamed(whole)
    assert {f"{gone.id}/s1"} == blamed(lost)
    assert {"app killed": 1, "connections cut": 1} == came_by(lost)


def test_time_of_cases_side_by_side_counts_once() -> None:
    """Seconds in which several cases or a load ran are counted once, those in between are not."""
    journal = (
        ev.StageEntered(stage="deploy", at_s=0.0),
        ev.StageLeft(stage="deploy", at_s=2.0),
        began("candidate/1/1", 5.0),
        began("candidate/2/1", 6.0),
        ev.TrialEnded(trial="candidate/1/1", outcome="completed", at_s=8.0),
        ev.TrialEnded(trial="candidate/2/1", outcome="completed", at_s=9.0),
        ev.LoadBegan(target_saves_per_s=5.0, lasts_s=3.0, hold_s=2.0, users=1, at_s=20.0),
        ev.LoadEnded(exit_code=0, at_s=24.0),
    )

    assert busy_s(journal) == 10.0


def began(trial: str, at_s: float) -> ev.TrialBegan:
    return ev.TrialBegan(
        trial=trial,
        case="a",
        number=1,
        role="candidate",
        attempt=1,
        round="drive",
        levels={},
        at_s=at_s,
    )
