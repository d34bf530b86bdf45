"""The end of a run: the verdict is written whatever becomes of its reports."""

import json
from pathlib import Path

import pytest

from harness.errors import EnvironmentBroken
from harness.exhibits import Account
from harness.gate import settling
from harness.promise import Promise
from harness.runs import RunFolder, open_run
from harness.verdict import Answer
from tests.report.accounts import account


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose record says what an account says."""

    def judged(run: RunFolder, promise: Promise | None = None) -> Account:
        return account(Answer.BLOCK)

    monkeypatch.setattr(settling, "account_of", judged)
    path = tmp_path / "20260101-000000-abcd"
    (path / "journal").mkdir(parents=True)
    return open_run(path)


def settle(run: RunFolder) -> Account:
    """Settle the run; what it promised is not looked at."""
    return settling.settle(run, None)  # type: ignore[arg-type]


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
