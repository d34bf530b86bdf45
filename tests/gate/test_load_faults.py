"""Faults that come under a load: one after the other, each healed, and each with work after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.deploy.fake import FakeDeployment
from harness.drive.load import LoadProgress
from harness.errors import EvidenceError, ReleaseDown, UsageError
from harness.gate import load_faults
from harness.gate.across import faults as across_faults
from harness.gate.across.faults import Fault, faults_of, paused
from harness.gate.load_faults import Harm
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.model import Release


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody rests for long here."""
    monkeypatch.setattr(load_faults, "REST_S", 0.02)
    monkeypatch.setattr(load_faults, "POLL_S", 0.005)
    monkeypatch.setattr(load_faults, "RECOVER_S_MAX", 0.3)
    monkeypatch.setattr(across_faults, "LASTS_S", 0.01)


@pytest.fixture
def up(tmp_path: Path) -> FakeDeployment:
    """A release with a worker and a storage."""
    return FakeDeployment(Release("2"), storages={"main": "dsn"}, parts=("app", "worker-a"))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalWriter]:
    """The run's journal."""
    (tmp_path / "journal").mkdir()
    with JournalWriter(tmp_path / "journal", "gate") as writer:
        yield writer


def harm(folder: Path, up: FakeDeployment, journal: JournalWriter, *faults: Fault) -> Harm:
    front: Any = None
    return Harm(faults, up, front, journal, folder / "over")


def noted(up: FakeDeployment, name: str) -> Fault:
    return name, lambda _: up.acts.append(name)


def raising(error: BaseException) -> Callable[[object], None]:
    def act(_: object) -> None:
        raise error

    return act


def load_goes_on(harm: Harm, *, saves: int = 1, acknowledged: int = 1) -> None:
    """A load that tells how far it is, until all faults have come."""
    at = LoadProgress(10.0, 5, 5)
    end_s = time.monotonic() + 10
    while not harm.until.exists() and time.monotonic() < end_s:
        harm.at(at)
        at = LoadProgress(10.0, at.saves_n + saves, at.acknowledged_n + acknowledged)
        time.sleep(0.01)


def events(folder: Path) -> list[str]:
    found = read_journal(folder / "journal")
    return [f"{e.kind} {getattr(e, 'fault', '')}" for e in found if e.kind != "opened"]


def test_each_fault_comes_once_and_is_journaled(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """One after the other, each with its beginning and its end; then the load may end."""
    harming = harm(tmp_path, up, journal, noted(up, "first"), noted(up, "second"))
    load_goes_on(harming)
    harming.end()

    assert ["first", "second"] == up.acts
    assert [
        "fault-began first", "fault-ended first", "fault-began second", "fault-ended second",
    ] == events(tmp_path)  # fmt: skip
    assert ("", []) == (harming.broken, list(harming.left))


def test_none_comes_before_the_peak(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """Neither while the rate still rises, nor while nothing has been acknowledged."""
    harming = harm(tmp_path, up, journal, noted(up, "first"))
    harming.at(LoadProgress(load_faults.RISE_S - 0.1, 50, 50))
    harming.at(LoadProgress(60.0, 50, 0))
    harming.end()

    assert [] == up.acts
    assert ["first"] == [name for name, _ in harming.left]


def test_what_dies_of_a_fault_is_started_again(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """Whoever runs it would do so; a fault that kills is over when the release is back."""
    harming = harm(tmp_path, up, journal, ("killed", lambda _: up.kill()))
    load_goes_on(harming)
    harming.end()

    assert ["kill", "restart"] == up.acts
    assert up.alive()


def test_a_release_that_does_not_come_back_ends_it(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """The fault still has its end in the journal, the others are left, and the load may end."""
    fatal = ("killed", raising(ReleaseDown("2 does not answer")))
    harming = harm(tmp_path, up, journal, fatal, noted(up, "second"))
    load_goes_on(harming)
    harming.end()

    assert "2 does not answer\n2 does not come back from what happens" == harming.broken
    assert ["fault-began killed", "fault-ended killed"] == events(tmp_path)
    assert ["second"] == [name for name, _ in harming.left]


def test_a_release_that_acknowledges_nothing_afterwards_is_broken(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """Saves that are tried and never told stored any more are no recovery."""
    harming = harm(tmp_path, up, journal, noted(up, "first"))
    load_goes_on(harming, acknowledged=0)
    harming.end()

    assert harming.broken.startswith("under load, after 'first' was over, 2 acknowledged none of ")


def test_a_load_that_stands_still_accuses_nobody(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """Where nothing is tried any more, the release is not the one that fails."""
    harming = harm(tmp_path, up, journal, noted(up, "first"))
    load_goes_on(harming, saves=0, acknowledged=0)

    with pytest.raises(EvidenceError, match="after 'first' the load saved nothing any more"):
        harming.end()
    assert "" == harming.broken


def test_a_fault_that_cannot_be_done_is_no_silence(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """What goes wrong in the faults' own thread is raised where the load is ended."""
    harming = harm(tmp_path, up, journal, ("odd", raising(UsageError("no such part"))))
    load_goes_on(harming)

    with pytest.raises(UsageError, match="no such part"):
        harming.end()


def test_the_end_waits_until_all_is_healed(
    tmp_path: Path, up: FakeDeployment, journal: JournalWriter
) -> None:
    """A load that is over in the middle of a fault is looked at only after it."""
    begun = threading.Event()

    def slowly(_: object) -> None:
        begun.set()
        time.sleep(0.1)
        up.acts.append("healed")

    harming = harm(tmp_path, up, journal, ("slow", slowly), noted(up, "second"))
    harming.at(LoadProgress(10.0, 5, 5))
    assert begun.wait(5)
    harming.end()

    assert ["healed"] == up.acts
    assert ["second"] == [name for name, _ in harming.left]


def test_everything_is_done_to_it(up: FakeDeployment) -> None:
    """Application, worker, storage, network and clock: each has its fault, each by its name."""
    found = [*faults_of(up, up, ["main"]), paused(up)]

    assert [
        "app killed", "app asked to end", "worker-a killed", "worker-a asked to end",
        "storage main ended", "connections cut", "answers delayed", "app paused",
    ] == [name for name, _ in found]  # fmt: skip


def test_a_pause_is_always_over(up: FakeDeployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens while it lasts, the application goes on."""
    monkeypatch.setattr("harness.gate.across.faults.time.sleep", raising(KeyboardInterrupt()))
    _, act = paused(up)
    front: Any = None
    with pytest.raises(KeyboardInterrupt):
        act(front)

    assert ["pause", "resume"] == up.acts
