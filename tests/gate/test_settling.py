"""The end of a run: the verdict is written whatever becomes of its reports."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import EnvironmentBroken
from harness.exhibits import Account
from harness.gate import settling
from harness.promise import Promise
from harness.runs import RunFolder, open_run
from harness.verdict import Answer
from tests.report.accounts import account

ROOM_BYTES = 12_288


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a quarter megabyte; who may not mount one gets no file above ROOM_BYTES."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() == 0 and not subprocess.run(mount, check=False, capture_output=True).returncode:
        yield folder
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, before[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def leave(folder: Path, room_bytes: int) -> None:
    """Fill the disk but for so much; where the disk is large, its files have a limit anyway."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < 1_000_000:
        (folder / "filler").write_bytes(b"x" * (free_bytes - room_bytes))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose record says what an account says."""

    def judged(run: RunFolder, promise: Promise | None = None) -> Account:
        return account(Answer.BLOCK)

    monkeypatch.setattr(settling, "account_of", judged)
    return run_in(tmp_path)


def run_in(folder: Path) -> RunFolder:
    """A run's folder there."""
    path = folder / "20260101-000000-abcd"
    (path / "journal").mkdir(parents=True)
    return open_run(path)


def settle(run: RunFolder) -> Account:
    """Settle the run; what it promised is not looked at."""
    return settling.settle(run, None, str)  # type: ignore[arg-type]


def written(run: RunFolder) -> dict[str, object]:
    """The verdict in the folder."""
    found: dict[str, object] = json.loads((run.path / "verdict.json").read_text())
    return found


def test_the_verdict_is_written_last(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds verdict.json finds the reports beside it."""
    order: list[str] = []
    write = RunFolder.write_bytes

    def noted(self: RunFolder, name: str, data: bytes) -> Path:
        order.append(name)
        return write(self, name, data)

    monkeypatch.setattr(RunFolder, "write_bytes", noted)
    settle(run)

    assert order == ["report.html", "junit.xml", "verdict.json"]


def test_a_report_that_cannot_be_written_is_a_warning(run: RunFolder) -> None:
    """Where a report cannot be written the verdict is, and says so."""
    (run.path / "report.html").mkdir()
    whole = settle(run)

    assert written(run)["verdict"] == "block"
    assert [w.partition(" is missing")[0] for w in whole.verdict.warnings] == ["report.html"]
    assert written(run)["warnings"] == list(whole.verdict.warnings)


def test_reports_give_way_to_the_verdict(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk has room for the reports or the verdict, it gets the verdict."""
    write = RunFolder.write_bytes

    def full(self: RunFolder, name: str, data: bytes) -> Path:
        if name == "verdict.json" and (self.path / "report.html").exists():
            raise EnvironmentBroken("no space is left")
        return write(self, name, data)

    monkeypatch.setattr(RunFolder, "write_bytes", full)
    settle(run)
    warnings = written(run)["warnings"]

    assert {path.name for path in run.path.iterdir()} == {"journal", "verdict.json"}
    assert isinstance(warnings, list)
    assert "gave way" in warnings[-1]


def test_a_report_that_crashes_does_not_take_the_verdict_along(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in a report is a fault, and the verdict is in the folder all the same."""

    def crash(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(settling, "html", crash)
    with pytest.raises(ZeroDivisionError):
        settle(run)

    assert written(run)["verdict"] == "block"


@pytest.mark.usefixtures("run")
def test_a_disk_that_is_full_while_the_report_is_written(small_disk: Path) -> None:
    """On a disk without room for the page, the verdict is whole, and says what is missing."""
    run = run_in(small_disk)
    leave(small_disk, ROOM_BYTES)
    whole = settle(run)

    assert written(run)["verdict"] == "block"
    assert written(run)["warnings"] == list(whole.verdict.warnings)
    assert "report.html is missing: " in whole.verdict.warnings[0]
    assert not (run.path / "report.html").exists()
    assert not list(run.path.glob(".*"))
