"""Which of our own faults is named by what was lost while they came."""

from __future__ import annotations

import pytest

from harness.checks.injected import is_fault
from harness.model import Finding
from tests.checks.story import RecordStory, Story
from tests.checks.test_across import RESTARTING, lives, story_of


def saved(story: Story, number: int) -> RecordStory:
    """A case is told that its record is stored, in the stage in which faults come."""
    trial = lives(story, number, "restart", RESTARTING, switched=False)
    return trial.record(f"r{number}").save("reason").acknowledged()


def found(story: Story) -> Finding:
    """The one finding, once storage was read twice."""
    (finding,) = story.ends("upgraded").judged().findings
    return finding


def test_the_fault_that_the_lost_saves_saw() -> None:
    """It is a condition of the finding and said in its sentence; another fault is not."""
    story = story_of(2, restart=2)
    gone = saved(story, 0)
    story.fault("app killed", 0.5)
    gone.vanishes()
    saved(story, 1)
    story.fault("worker asked to end", 0.5)
    story.ends("upgraded")
    trigger, verdict = found(story).trigger, story.judged()

    expected = {"server_phase": ("restarting",), "fault": ("app killed",)}
    assert expected == trigger.conditions
    assert trigger.text.endswith(", with app killed right after the acknowledgement")
    assert "with app killed right after the acknowledgement" in verdict.reasons[0]


def test_every_fault_after_which_something_is_lost() -> None:
    """Saves that are lost after different faults name both."""
    story = story_of(2, restart=2)
    for number, name in enumerate(("app killed", "app asked to end")):
        gone = saved(story, number)
        story.fault(name, 0.5)
        gone.vanishes()

    assert ("app killed", "app asked to end") == found(story).trigger.conditions["fault"]


def test_a_fault_that_others_outlived_where_another_explains_all() -> None:
    """A save that was lost to the second fault it saw does not name the first one."""
    story = story_of(3, restart=3)
    saved(story, 0)
    story.fault("app killed", 0.5)
    waits = saved(story, 1)
    story.fault("app killed", 0.5)
    gone = saved(story, 2)
    story.fault("worker killed", 0.5)
    waits.vanishes()
    gone.vanishes()

    assert ("worker killed",) == found(story).trigger.conditions["fault"]


def test_a_fault_that_others_outlived_and_nothing_else_explains() -> None:
    """A loss by chance after a fault still names it."""
    story = story_of(2, restart=2)
    gone = saved(story, 0)
    saved(story, 1)
    story.fault("app killed", 0.5)
    gone.vanishes()

    assert ("app killed",) == found(story).trigger.conditions["fault"]


def test_what_was_told_stored_while_a_fault_went_on() -> None:
    """A process that is ending may answer: that fault came to the save, not the next one."""
    story = story_of(2, restart=2)
    saved(story, 0)
    story.fault("app asked to end", None)
    gone = saved(story, 1)
    story.fault("storage main ended", 0.5)
    gone.vanishes()

    assert ("app asked to end",) == found(story).trigger.conditions["fault"]


@pytest.mark.parametrize(
    ("mine", "sends", "named"),
    [(True, False, "app killed"), (True, True, "worker killed"), (False, False, "worker killed")],
)
def test_two_records_that_one_act_saves(mine: bool, sends: bool, named: str) -> None:
    """A fault of that trial came to what it is told of behind it, where nothing was sent since."""
    story = story_of(2, restart=2)
    trial = lives(story, 0, "restart", RESTARTING, switched=False)
    trial.record("one").save("reason").acknowledged()
    story.fault("app killed", 0.5, after=trial.id if mine else story.trials[0].id)
    other = trial.record("other").save("reason")
    if sends:
        trial.sends_all(other.values)
    gone = other.acknowledged()
    story.fault("worker killed", 0.5)
    gone.vanishes()

    assert (named,) == found(story).trigger.conditions["fault"]


def test_a_fault_that_touches_another_trial_alone() -> None:
    """Connections of somebody else that were cut cost nobody a save."""
    story = story_of(2, restart=2)
    beside = saved(story, 0)
    gone = saved(story, 1)
    story.fault("connections cut", 0.5, trial=beside.trial.id)
    story.fault("app killed", 0.5)
    gone.vanishes()

    assert ("app killed",) == found(story).trigger.conditions["fault"]


def test_no_fault_at_all() -> None:
    """What is lost in the stage though nothing was done to it names no fault."""
    story = story_of(2, restart=2)
    saved(story, 0).vanishes()
    saved(story, 1)

    assert {"server_phase": ("restarting",)} == found(story).trigger.conditions


def test_nothing_lost() -> None:
    """Saves that outlive every fault are no finding."""
    story = story_of(2, restart=2)
    for number, name in enumerate(("app killed", "storage main ended")):
        saved(story, number)
        story.fault(name, 0.5)

    assert () == story.ends("upgraded").judged().findings


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("app killed", True),
        ("worker-mail asked to end", True),
        ("storage main ended", True),
        ("connections cut", True),
        (" killed", False),
        ("app burnt", False),
    ],
)
def test_names_of_faults(name: str, is_one: bool) -> None:
    """An expectation can name what the stage does, and nothing else."""
    assert is_one == is_fault(name)
