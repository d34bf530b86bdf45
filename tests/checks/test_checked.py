"""What each stage says it has looked at."""

from dataclasses import replace
from pathlib import Path

from harness.account import account
from harness.journal import events as ev
from harness.judge import conclude
from harness.model import Release
from tests.checks.load_story import LoadStory
from tests.checks.story import FOUR, Story


def whole_run() -> Story:
    """A run of two cases, one of which loses a save, with its stages."""
    story = Story()
    story.changes["baseline"] = Release("v1")
    story.changes["stages"] = dict.fromkeys(
        ("deploy", "scenarios", "rerun", "trigger", "baseline", "observe", "load"), 0
    )
    story.row("note", "9")
    story.tell(ev.StageEntered(stage="deploy"))
    story.reads("before")
    story.tell(ev.StageLeft(stage="deploy"))
    enters(story, "scenarios")
    good = story.trial()
    note = good.record("1").save("reason").acknowledged()
    note.save("reason").acknowledged()
    good.ends()
    bad = story.trial()
    bad.record("2").save(*FOUR).acknowledged().holds(reason=None)
    bad.ends()
    leaves(story, "scenarios")
    story.reads("final", after_s=10)
    enters(story, "rerun")
    again = story.trial(again=bad)
    again.record("3").save(*FOUR).acknowledged().holds(reason=None)
    again.ends()
    leaves(story, "rerun")
    story.reads("final", after_s=10)
    story.stage("trigger", "nothing is to be learnt")
    enters(story, "baseline")
    sample = story.trial(again=good, role="baseline")
    sample.record("1").save(*FOUR).acknowledged()
    sample.ends()
    story.trial(again=bad, role="baseline").ends("broken", "no")
    leaves(story, "baseline")
    enters(story, "observe")
    story.reads("confirm", after_s=10)
    leaves(story, "observe")
    return story


def enters(story: Story, stage: str) -> None:
    story.tell(ev.StageEntered(stage=stage))


def leaves(story: Story, stage: str) -> None:
    story.tell(ev.StageLeft(stage=stage))


def said(story: Story) -> dict[str, str]:
    return {stage.name: stage.checked for stage in story.judged().stages}


def test_each_stage_says_what_it_looked_at() -> None:
    """Cases, saves and what storage holds of them are those of the stage alone."""
    found = said(whole_run())
    last = found.pop("observe")

    assert {
        "deploy": "v2 answered; 1 record of 1 form stood there before the first save",
        "scenarios": "2 cases; 3 acknowledged saves: 1 found whole, 1 not found whole, "
        "1 with nothing left to compare",
        "rerun": "1 case run again; 1 acknowledged save: 1 not found whole",
        "trigger": "",
        "baseline": "2 cases on v1, 1 completed",
        "load": "",
    } == found
    assert last.startswith("4 records of 1 form read once more; ")
    assert last.endswith(" caught")


def test_what_was_not_read_is_not_said() -> None:
    """Where no read returned anything, no stage claims one."""
    story = whole_run()
    story.observations = [replace(o, rows={}, trouble="down") for o in story.observations]
    found = said(story)

    assert ("", "") == (found["deploy"], found["observe"])
    assert "2 cases; 3 acknowledged saves: 3 not found whole" == found["scenarios"]


def test_stages_are_on_the_clock_of_the_run() -> None:
    """A stage begins so many seconds after the run; one that was never reached does not."""
    stages = {stage.name: stage for stage in whole_run().judged().stages}
    rerun = stages["rerun"]

    assert 0.0 == stages["deploy"].began_s
    assert rerun.began_s is not None
    assert 10 < rerun.began_s < 11
    assert rerun.ended_s == rerun.began_s + rerun.duration_s
    assert (None, "never reached") == (stages["load"].began_s, stages["load"].skipped)


def test_the_load_says_its_saves(tmp_path: Path) -> None:
    """Under load the saves are counted as a whole, with the rate that was reached."""
    load = LoadStory(tmp_path / "observations")
    load.saves(20)
    stage = conclude(load.weighed()).stages[0]

    assert stage.checked.startswith("20 acknowledged saves: 20 found whole; ")
    assert stage.checked.endswith(" saves/s")


def test_faults_are_on_the_clock_of_the_run() -> None:
    """What touched every trial is drawn; a fault that nobody saw end lasts until the end."""
    story = Story()
    trial = story.trial()
    began_s = story.events[0].at_s
    story.fault("kill", 2.0)
    story.fault("slow", 1.0, trial=trial.id)
    story.fault("cut", None)
    story.waits(3.0)
    story.tell(ev.Closed())
    spans = account(story.weighed()).faults
    ended_s = round(story.now_s - began_s, 3)

    assert [("kill", 2.01), ("cut", 3.01)] == [
        (span.name, round(span.ended_s - span.began_s, 3)) for span in spans
    ]
    assert ended_s == round(spans[-1].ended_s, 3)
