"""A run that promised a load and no scenario: what passes it, and that nothing does by default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.checks.load_owed import LoadRecord
from harness.journal import events as ev
from harness.judge import judge
from harness.verdict import Answer, Verdict
from tests.checks.load_story import LoadStory
from tests.checks.story import Story


@pytest.fixture
def load(tmp_path: Path) -> LoadStory:
    """A load that has not driven anything yet."""
    return LoadStory(tmp_path / "observations")


def judged(load: LoadStory, *told: ev.Event, records: list[LoadRecord] | None = None) -> Verdict:
    """The verdict of a run of that load alone; told is journaled at its end."""
    records = [load.record_of()] if records is None else records
    story = Story(form=load.form)
    for name in ("deploy", "load"):
        story.tell(ev.StageEntered(stage=name))
        for event in load.events() if name == "load" else ():
            story.tell(event)
        story.tell(ev.StageLeft(stage=name))
    for event in told or (ev.Closed(),):
        story.tell(event)
    promise = replace(load.promise(), stages={"deploy": 0, "load": 1})
    return judge(promise, story.events, load.observations, records)


def test_every_save_found_passes(load: LoadStory) -> None:
    """What it proves stands on the saves of the load, and says so."""
    saves_n = round(load.rate * load.hold_s)
    load.saves(saves_n)
    verdict = judged(load)

    assert (Answer.PASS, ()) == (verdict.verdict, verdict.findings)
    assert verdict.evidence.bound is not None
    assert saves_n == verdict.evidence.bound.saves_n
    assert verdict.load_alone


def test_a_lost_save_blocks(load: LoadStory) -> None:
    """One that is not there after a second look is a loss, as in any gate."""
    load.saves(40)[7].vanishes()
    record = load.record_of()
    load.looks("final", "confirm")
    verdict = judged(load, records=[record])

    assert Answer.BLOCK == verdict.verdict
    assert ["lost"] == [str(finding.anomaly) for finding in verdict.findings]


def test_no_record_of_the_load_passes_nothing(load: LoadStory) -> None:
    """A load that was promised and left nothing behind is missing evidence."""
    assert Answer.INCONCLUSIVE == judged(load, records=[]).verdict
    assert Answer.INCONCLUSIVE == judged(load, records=[LoadRecord()]).verdict


def test_a_run_that_was_cut_passes_nothing(load: LoadStory) -> None:
    """Without its end a run says nothing, however many saves were found."""
    load.saves(40)
    trouble = ev.Trouble(stage="load", sentence="Locust was killed", verdict="inconclusive")
    verdict = judged(load, trouble)

    assert Answer.INCONCLUSIVE == verdict.verdict
    assert "Locust was killed" in verdict.reasons
    assert "the run was cut short before its end" in verdict.reasons


def test_a_promise_with_a_case_is_no_load_alone(load: LoadStory) -> None:
    """Where a case was promised, a load does not stand for it."""
    load.saves(40)
    story = Story(form=load.form)
    story.case("test_write")
    promise = replace(load.promise(), cases=story.promise().cases)

    assert load.promise().load_alone
    assert not promise.load_alone
    verdict = judge(promise, [ev.Closed()], [], [load.record_of()])
    assert Answer.INCONCLUSIVE == verdict.verdict
