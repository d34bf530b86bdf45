"""The journal as trials, records and saves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.checks.history import FOREVER_S, read_history
from harness.journal import events as ev
from tests.checks.story import Story


def told() -> Story:
    """A trial with a record, a save, a request, a view and a fault."""
    story = Story()
    story.stage("deploy", skipped="no baseline")
    trial = story.trial(shares="2")
    record = trial.record()
    save = record.save("reason").typed("reason", "x", "typing")
    trial.sends(reason="x")
    story.fault("network cut", 3, trial.id)
    save.acknowledged(level="transport")
    record.is_keyed("7")
    record.is_shown(reason="x")
    trial.ends("told", "TimeoutError", told="Field missing")
    story.tell(ev.Closed())
    return story


def test_every_line_finds_its_place() -> None:
    """Trial, record, save, requests, answers, views, faults, stages and the end."""
    history = read_history(told().events)
    (trial,) = history.of_role("candidate")
    (record,) = trial.records
    (save,) = record.saves

    assert ("told", "Field missing") == (trial.ended.outcome, trial.ended.told)  # type: ignore[union-attr]
    assert (("7",), "note") == (record.key, record.form)
    assert ("acknowledged", "transport", "Saved") == (save.state, save.level, save.evidence)
    assert ("x", trial.id) == (save.due("reason"), save.trial)
    assert [{1: 200}, 1, 1] == [trial.answers, len(trial.requests), len(record.shown)]
    assert [3.0] == [round(fault.ended_s - fault.began_s, 1) for fault in trial.faults]
    assert "no baseline" == history.stages["deploy"][2]
    assert (True, 0) == (history.closed, history.orphans_n)
    assert [] == history.of_role("baseline")


def test_a_save_without_an_end_is_unknown_for_ever() -> None:
    """Whoever was cut while a save was open knows nothing of it."""
    story = Story()
    story.trial().record("7").save("reason")
    (save,) = read_history(story.events).trials["candidate/0/1"].saves

    assert ("unknown", None, FOREVER_S) == (save.state, save.ended_s, save.over_s)


def test_faults_of_the_run_are_kept_apart_from_those_of_a_trial() -> None:
    """One that nobody saw end lasts; one that nobody saw begin was short."""
    story = Story()
    story.trial()
    story.fault("killed", None)
    story.tell(ev.FaultEnded(fault="paused"))
    history = read_history(story.events)

    assert ["killed", "paused"] == [fault.name for fault in history.faults]
    assert FOREVER_S == history.faults[0].ended_s
    assert history.faults[1].began_s == history.faults[1].ended_s
    assert [] == history.trials["candidate/0/1"].faults


@pytest.mark.parametrize(
    ("lost", "orphans_n"),
    [
        (ev.TrialBegan, 4),
        (ev.RecordOpened, 5),
        (ev.SaveIntended, 2),
        (ev.StageEntered, 1),
        (ev.TrialEnded, 0),
    ],
)
def test_lines_that_belong_to_nothing_are_counted(lost: type[ev.Event], orphans_n: int) -> None:
    """What a line belongs to was written before it, so a journal with orphans has lost lines."""
    keep: Callable[[ev.Event], bool] = lambda event: not isinstance(event, lost)  # noqa: E731

    assert orphans_n == read_history(filter(keep, told().events)).orphans_n


def test_a_run_that_lost_lines_is_not_proved() -> None:
    """A journal with orphans is missing evidence, whatever else it shows."""
    story = Story()
    story.another()
    story.trial().record("7").save("reason").acknowledged()
    story.ends()
    story.events = [
        event
        for event in story.events
        if not (isinstance(event, ev.RecordOpened) and event.trial == "candidate/1/1")
    ]
    verdict = story.judged()

    assert "inconclusive" == verdict.verdict
    assert any("it has lost lines" in reason for reason in verdict.reasons)
