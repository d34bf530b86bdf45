"""What a run holds on its host, and that nobody else may have planted it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from harness.errors import EnvironmentBroken
from harness.runs import RUN_VARIABLE, create_run, open_lease
from harness.runs.lease import lease_base
from harness.runs.locks import FileLock, locked
from harness.runs.processes import marked_processes, started_process

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of this test's own, so that real leases are out of its reach."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_others_cannot_write_where_leases_are() -> None:
    """No other user may list or change the folder of leases."""
    assert stat.S_IMODE(lease_base().stat().st_mode) & 0o066 == 0


def test_a_planted_folder_is_refused(temporary: Path) -> None:
    """A folder of leases that is a link is refused: another user may have planted it."""
    (temporary / "elsewhere").mkdir()
    (temporary / f"harness-{os.geteuid()}").symlink_to(temporary / "elsewhere")

    with pytest.raises(EnvironmentBroken, match="remove it, or set TMPDIR"):
        lease_base()


def test_a_folder_of_another_owner_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of leases that belongs to somebody else is refused."""
    monkeypatch.setattr(os, "geteuid", lambda: 4242)

    with pytest.raises(EnvironmentBroken, match="is not a folder of user 4242"):
        lease_base()


def test_a_lease_names_its_run_and_goes_with_it(tmp_path: Path) -> None:
    """Beside a living run stand its folder's path and its scratch; both go with the run."""
    with create_run(tmp_path / "runs") as run:
        scratch = run.lease.scratch("data")
        (scratch / "file").touch()

        assert (run.lease.folder / "run").read_text() == str(run.path)

    assert not run.lease.folder.exists()
    assert run.path.exists()


def test_what_still_runs_ends_with_the_run(tmp_path: Path) -> None:
    """A process that nobody recorded ends with the run whose name it carries."""
    with create_run(tmp_path / "runs") as run:
        child = subprocess.Popen(SLEEP, env={**os.environ, **run.environment})

    assert child.wait(5) == -9


def test_a_child_does_not_inherit_the_lock() -> None:
    """A child that outlives its harness does not keep the lease locked."""
    with open_lease() as lease:
        child = subprocess.Popen(SLEEP, close_fds=False)
        lease._lock.free()

        # The kernel lets the parent go on a moment before it closes the child's descriptors.
        with locked(lease.folder / "lock", 5):
            assert child.poll() is None

        child.kill()
        child.wait(5)


def test_a_lock_that_stays_taken_is_said(tmp_path: Path) -> None:
    """Waiting for a lock has a limit, and its end names the file."""
    held = FileLock.try_take(tmp_path / "lock")
    assert held is not None

    with pytest.raises(EnvironmentBroken, match="held by another process"), locked(held.path, 0.05):
        pass

    held.free()
    with locked(held.path, 0.05):
        pass


def test_a_lock_on_a_removed_file_is_worth_nothing(tmp_path: Path) -> None:
    """A lock whose file was removed or replaced is known as such."""
    lock = FileLock.try_take(tmp_path / "lock")
    assert lock is not None
    assert lock.still_there()

    lock.path.unlink()
    assert not lock.still_there()
    lock.path.touch()
    assert not lock.still_there()
    lock.free()


def test_a_pid_counts_only_with_its_start_time() -> None:
    """A process that has got the pid of an older one is another process."""
    own = psutil.Process()

    assert started_process(own.pid, own.create_time()) == own
    assert started_process(own.pid, own.create_time() - 5) is None


def test_no_marks_find_no_processes() -> None:
    """Without anything to look for nothing is found: everything would be."""
    with pytest.raises(ValueError, match="no marks"):
        marked_processes({})


def test_the_process_that_looks_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A harness inside another run never takes itself or its ancestors for a survivor."""
    code = (
        "import psutil, sys; from harness.runs.processes import marked_processes\n"
        f"print(len(marked_processes({{{RUN_VARIABLE!r}: 'outer'}})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, RUN_VARIABLE: "outer"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert done.stdout.strip() == "0"
