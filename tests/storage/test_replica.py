"""A replica that lags: storage is right, and whoever is shown the copy is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from harness.deploy.seams import Deployment
from harness.gate import observing
from harness.gate.observing import Observer
from harness.judge import conclude, weigh
from harness.observations import read_observations
from harness.runs import RunFolder
from harness.verdict import Verdict
from tests.checks.story import RecordStory, Story, single
from tests.storage.database import Database


@dataclass
class Standing:
    """What an observer needs of a deployment."""

    storages: dict[str, str]
    role: str = "candidate"


@dataclass
class Folder:
    """What an observer needs of a run."""

    observations: Path


@dataclass
class Told:
    """A save that was acknowledged a while ago, and its text before and after."""

    story: Story = field(default_factory=lambda: Story(single(settle_s_max=0.5)))

    def __post_init__(self) -> None:
        self.story.now_s = time.monotonic() - 20
        record = self.story.trial().record("7")
        record.save("reason").acknowledged()
        record.save("reason").acknowledged()
        self.story.trials[0].ends()
        self.record: RecordStory = record

    def text(self, revision: int) -> str:
        """The text of a revision."""
        return self.record.text("reason", revision=revision)


Judged = Callable[[int, str | None], Verdict]


@pytest.fixture
def judged(
    make_database: Callable[[], Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Judged:
    """The verdict where the replica holds that revision, or is at another address."""
    monkeypatch.setattr(observing, "CONFIRM_AFTER_S", 0.1)

    def judge(revision: int, address: str | None = None) -> Verdict:
        told = Told()
        main, copy = make_database(), make_database()
        for database, held in ((main, 2), (copy, revision)):
            database.run(
                "CREATE TABLE note (id int PRIMARY KEY, reason text)",
                f"INSERT INTO note VALUES (7, '{told.text(held)}')",  # noqa: S608 - our own text
            )
        told.story.changes["replicas"] = ("main",)
        promise = told.story.promise()
        observer = Observer(
            cast(RunFolder, Folder(tmp_path)), promise, tmp_path, {"main": address or copy.dsn}
        )
        up = cast(Deployment, Standing({"main": main.dsn}))
        nothing = weigh(promise, told.story.events, ())
        observer.final(up, nothing)
        observer.confirm(up)
        reads = [*told.story.observations, *read_observations(tmp_path)]
        told.story.judged()
        return conclude(weigh(promise, told.story.events, reads))

    return judge


def test_a_replica_that_lags_is_stale(judged: Judged) -> None:
    """What two reads of the replica show old is stale, in the read path, and blocks."""
    verdict = judged(1, None)
    (finding,) = verdict.findings

    assert ("stale", "read", "replica") == (finding.anomaly, finding.layer, finding.check)
    assert "block" == verdict.verdict
    assert "a fresh reader is shown something else" in verdict.sentence


def test_a_replica_that_keeps_up_is_fine(judged: Judged) -> None:
    """A replica that holds what storage holds finds nothing, and is no read of storage itself."""
    verdict = judged(2, None)

    assert ("pass", ()) == (verdict.verdict, verdict.findings), verdict.reasons


def test_a_replica_that_cannot_be_read_is_missing_evidence(judged: Judged) -> None:
    """Nobody knows what a replica shows that does not answer; without its password it is named."""
    verdict = judged(2, "postgresql://reader:hunter2@127.0.0.1:1/copy")

    assert "inconclusive" == verdict.verdict
    assert "the replica of storage main: storage at reader@127.0.0.1:1/copy cannot be reached" in (
        verdict.sentence
    )
    assert "hunter2" not in repr(verdict)
