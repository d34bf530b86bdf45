"""When storage is read again: while what is missing may be late rather than lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.checks.grounds import Grounds
from harness.deploy.seams import Deployment
from harness.errors import StorageUnreadable
from harness.gate import observing
from harness.gate.observing import Observer
from harness.gate.work import Work
from harness.observations import read_observations
from harness.runs import RunFolder
from harness.storage.fake import FakeStorage
from tests.checks.story import Story, single


@dataclass
class Standing:
    """What an observer needs of a deployment: its role, and storage that a test can change."""

    role: str = "candidate"
    storages: dict[str, FakeStorage] = field(default_factory=dict)


@dataclass
class Folder:
    """What an observer needs of a run."""

    observations: Path


def story_of_a_loss(late_s_max: float = 0.0) -> Story:
    """A save that was acknowledged long ago and is not in storage."""
    story = Story(single(settle_s_max=0.0, late_s_max=late_s_max))
    story.now_s = time.monotonic() - 50
    story.trial().record("7").save("reason").acknowledged(stores=False)
    story.now_s = time.monotonic()
    return story.reads("final")


@pytest.fixture
def awaiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Grounds]:
    """Awaits what is late of a story, on storage that mends itself at a given read."""
    monkeypatch.setattr(observing, "CONFIRM_AFTER_S", 0.02)

    def wait(story: Story, mends_at: int | None, watch_s: float = 0.3) -> Grounds:
        storage = FakeStorage({"note": story.rows["candidate"]})
        deployment = Standing(storages={"main": storage})
        observer = Observer(cast(RunFolder, Folder(tmp_path)), story.promise(), tmp_path)

        def weigh() -> Grounds:
            read = [*read_observations(tmp_path)]
            if mends_at == len(read):
                storage.rows["note"] = mended.rows["candidate"]
            return Story.weighed(cast(Any, _With(story, read)))

        mended = Story(story.form)
        mended.trial().record("7").save("reason").acknowledged()
        return observer.await_late(cast(Deployment, deployment), weigh, watch_s)

    return wait


@dataclass
class _With:
    """A story with reads of its storage beside its own."""

    story: Story
    read: list[Any]

    @property
    def events(self) -> Any:
        return self.story.events

    @property
    def observations(self) -> Any:
        return [*self.story.observations, *self.read]

    def promise(self) -> Any:
        return self.story.promise()


@pytest.mark.parametrize("of_a_trial", [True, False])
def test_faults_stop_the_clock(tmp_path: Path, of_a_trial: bool) -> None:
    """The settle time runs from the end of a fault, be it a trial's own or the run's."""
    story = Story(single(settle_s_max=0.2))
    story.now_s = time.monotonic() - 50
    trial = story.trial()
    trial.record("7").save("reason").acknowledged()
    story.now_s = time.monotonic() - 0.1
    story.fault("app killed", 0.1, trial.id if of_a_trial else None)
    storage = FakeStorage({"note": story.rows["candidate"]})
    deployment = Standing(storages={"main": storage})
    observer = Observer(cast(RunFolder, Folder(tmp_path)), story.promise(), tmp_path)

    read = observer.final(cast(Deployment, deployment), story.weighed())

    assert read.began_s >= story.events[-1].at_s + 0.2


def test_what_is_whole_is_not_read_again(awaiting: Callable[..., Grounds], tmp_path: Path) -> None:
    """A run without a loss waits for nothing."""
    story = Story(single(settle_s_max=0.0))
    story.now_s = time.monotonic() - 50
    story.trial().record("7").save("reason").acknowledged()
    story.now_s = time.monotonic()

    assert () == awaiting(story.reads("final"), None).symptoms
    assert () == read_observations(tmp_path)


def test_what_comes_while_it_is_looked_for_is_late(
    awaiting: Callable[..., Grounds], tmp_path: Path
) -> None:
    """Missing in the first reads and there in a further one: late, and no more reads than that."""
    (symptom,) = awaiting(story_of_a_loss(), 2).symptoms

    assert ("late", "block") == (symptom.anomaly, symptom.severity)
    assert 3 == len(read_observations(tmp_path))


def test_what_does_not_come_is_lost(awaiting: Callable[..., Grounds], tmp_path: Path) -> None:
    """Looked for until the end of the watch, at growing distances, it is lost."""
    began_s = time.monotonic()
    (symptom,) = awaiting(story_of_a_loss(), None).symptoms

    assert ("lost", "block") == (symptom.anomaly, symptom.severity)
    assert time.monotonic() - began_s >= 0.3
    assert 3 <= len(read_observations(tmp_path)) <= 6


def test_it_is_looked_for_as_long_as_it_may_be_late(awaiting: Callable[..., Grounds]) -> None:
    """A form that lets saves be late is waited for, though nobody asked to watch longer."""
    story = story_of_a_loss(late_s_max=0.3)
    just_s = story.observations[-1].began_s - story.events[-1].at_s - 0.001
    story.events = [replace(event, at_s=event.at_s + just_s) for event in story.events]
    (symptom,) = awaiting(story, None, watch_s=0.0).symptoms

    assert ("lost", "block") == (symptom.anomaly, symptom.severity)


def test_a_glimpse_keeps_what_has_changed(tmp_path: Path) -> None:
    """The first has every row, a later one what is new or not as before; no change, no file."""
    story = Story(single())
    for key in ("1", "2"):
        story.row("note", key, reason="old")
    storage = FakeStorage({"note": story.rows["candidate"]}, {"note": ("id", "reason")})
    deployment = cast(Deployment, Standing(storages={"main": storage}))
    observer = Observer(cast(RunFolder, Folder(tmp_path)), story.promise(), tmp_path)
    observer.glimpse(deployment)
    observer.glimpse(deployment)
    story.put("candidate", "note", ("2",), {"reason": "new"})
    story.row("note", "3")
    storage.rows["note"] = story.rows["candidate"]
    observer.glimpse(deployment)

    kept = [[row.key for row in read.rows["note"]] for read in read_observations(tmp_path)]
    assert [[("1",), ("2",)], [("2",), ("3",)]] == kept


def test_storage_that_cannot_be_glimpsed() -> None:
    """It is said once and not tried again: what is read at the end decides."""

    def glimpse(_: Any) -> None:
        raise StorageUnreadable("connection refused")

    said: list[tuple[str, str, str]] = []
    work = SimpleNamespace(
        up={"upgraded": "here"},
        observer=SimpleNamespace(glimpse=glimpse),
        trouble=lambda stage, error, verdict: said.append((stage, str(error), verdict)),
    )

    assert Work.glimpse(cast(Work, work), "upgraded", "mixed")
    assert [("mixed", "connection refused", "warn")] == said
