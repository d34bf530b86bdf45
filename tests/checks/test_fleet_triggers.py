"""What tells failing from passing trials where releases meet: levels, never chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.journal import events as ev
from tests.checks.story import Story, single


def story_of_one_loss(stage: str, phase: str) -> Mapping[str, tuple[str, ...]]:
    """Two cases are whole on the candidate; in the stage one of them is lost. The trigger."""
    story = Story(single())
    forms = story.forms
    story.rows["upgraded"] = []
    story.changes["forms"] = dict.fromkeys(("candidate", "baseline", "upgraded"), forms)
    steady = [story.trial(text=text) for text in ("plain", "symbols")]
    for number, trial in enumerate(steady):
        trial.record(f"{number}").save("reason").acknowledged()
    story.ends()
    for number, trial in enumerate(steady):
        across = story.trial(again=trial, role="upgraded")
        across.record(f"1{number}").save("reason").acknowledged(stores=number == 1)
    story.ends("upgraded")
    levels = {"client_version": "current", "server_phase": phase}
    story.events = [
        replace(event, round=stage, levels={**event.levels, **levels})
        if isinstance(event, ev.TrialBegan) and event.role == "upgraded"
        else event
        for event in story.events
    ]
    (finding,) = story.judged().findings
    return finding.trigger.conditions


@pytest.mark.parametrize(("stage", "phase"), [("mixed", "mixed"), ("restart", "restarting")])
def test_who_was_spared_by_chance_says_nothing(stage: str, phase: str) -> None:
    """Which release answers and which fault comes is no level: the phase alone is the trigger."""
    assert {"server_phase": (phase,)} == story_of_one_loss(stage, phase)


def test_who_was_spared_otherwise_tells_a_factor() -> None:
    """After an upgrade all live through the same: a factor that tells them apart is named."""
    expected = {"server_phase": ("upgraded",), "text": ("plain",)}

    assert expected == story_of_one_loss("upgrade", "upgraded")
