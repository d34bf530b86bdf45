"""What probes say of a trigger, read from the record of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.journal import events as ev
from harness.model import Case, Finding
from harness.verdict import Answer
from tests.checks.story import Story, TrialStory, single

MOMENT = {"moment": ("before",)}


class Probed(Story):
    """A run in which a moment loses the reason, and probes are driven to prove it."""

    def note(self, trial: TrialStory, *, lost: bool) -> TrialStory:
        """A trial of one note, which is lost or kept."""
        record = trial.record(str(100 + len(self.trials)))
        record.save("reason").acknowledged()
        if lost:
            record.holds(reason=None)
        return trial

    def promised(self) -> Case:
        """Two cases of each of two moments, one of which loses; the case that fails."""
        for moment in ("before", "before", "after", "after"):
            self.note(self.trial(moment=moment), lost=moment == "before")
        return self.cases[0]

    def tries(
        self, case: Case, conditions: Mapping[str, tuple[str, ...]], tried: str = "1"
    ) -> None:
        """Probes are about to run."""
        self.tell(
            ev.TriggerTried(
                tried=tried,
                anomaly="lost",
                form="note",
                fields=("reason",),
                case=case.id,
                conditions=conditions,
            )
        )

    def probes(self, part: str, *outcomes: bool, tried: str = "1", **levels: str) -> None:
        """Probes of one purpose, each of which loses the note or keeps it."""
        for lost in outcomes:
            number = 1000 + len(self.trials)
            case = Case(f"test_note[~{number}]", number, "test_note", "test_x.py", 1, levels)
            trial = TrialStory(self, case, "candidate", 1)
            self.trials.append(trial)
            began = ev.TrialBegan(
                trial=trial.id,
                case=case.id,
                number=number,
                role="candidate",
                attempt=1,
                round="trigger",
                levels=levels,
                probe=f"{tried}/{part}",
            )
            self.tell(began)
            self.note(trial, lost=lost)

    def finding(self) -> Finding:
        """The only finding."""
        (found,) = self.ends().weighed().findings
        return found


def test_a_condition_is_confirmed_by_runs_with_and_without_it() -> None:
    """Three of three fail with it and three of three pass without: it is confirmed, with counts."""
    story = Probed()
    story.tries(story.promised(), MOMENT)
    story.probes("with", True, True, True, moment="before")
    story.probes("without moment", False, False, False, moment="after")
    trigger = story.finding().trigger

    assert trigger.confirmed
    assert trigger.conditions == MOMENT
    assert trigger.proof == "3 of 3 fail with it, 3 of 3 pass without moment"
    assert trigger.runs["with"] == {"failed": 3, "passed": 0, "of": 3}


def test_one_run_that_comes_out_otherwise_confirms_nothing() -> None:
    """Two of three is said as it is, and the condition is not confirmed."""
    story = Probed()
    story.tries(story.promised(), MOMENT)
    story.probes("with", True, True, False, moment="before")
    story.probes("without moment", False, False, False, moment="after")
    trigger = story.finding().trigger

    assert not trigger.confirmed
    assert trigger.proof == "2 of 3 fail with it, 3 of 3 pass without moment"


@pytest.mark.parametrize(
    ("with_it", "without", "why"),
    [
        (False, False, "with that alone nothing fails"),
        (True, True, "it fails without moment as well"),
    ],
)
def test_a_condition_that_is_refuted_is_not_told_as_one(
    with_it: bool, without: bool, why: str
) -> None:
    """What was only supposed, and shown to be wrong, misleads whoever reads it: it says so."""
    story = Probed()
    story.tries(story.promised(), MOMENT)
    story.probes("with", *[with_it] * 3, moment="before")
    story.probes("without moment", *[without] * 3, moment="after")
    trigger = story.finding().trigger

    assert (trigger.confirmed, trigger.conditions) == (False, {})
    supposed = "under a condition that is not known: moment is before was supposed, but"
    assert trigger.text == f"{supposed} {why}"


def test_a_flip_that_never_ran_confirms_nothing() -> None:
    """Where a factor was not flipped, nobody knows whether it matters."""
    story = Probed()
    story.tries(story.promised(), MOMENT)
    story.probes("with", True, True, True, moment="before")

    assert not story.finding().trigger.confirmed


def test_the_attempt_that_came_out_is_the_trigger() -> None:
    """A condition that was found by experiment stands in place of the supposed one."""
    story = Probed()
    case = story.promised()
    story.tries(case, {"moment": ("before",), "colour": ("red",)})
    story.probes("with", True, True, True, moment="before", colour="red")
    story.probes("without colour", True, True, True, moment="before", colour="blue")
    story.tries(case, {"moment": ("before", "between")}, tried="2")
    story.probes("with", True, True, True, tried="2", moment="between")
    story.probes("without moment", False, False, False, tried="2", moment="after")
    trigger = story.finding().trigger

    assert trigger.confirmed
    assert trigger.conditions == {"moment": ("before", "between")}
    assert trigger.text.startswith("when moment is before or between (of test_x.py::test_note")


def test_what_always_fails_has_to_fail_again() -> None:
    """Without a condition the runs of the same case are counted, the promised one with them."""
    story = Probed()
    story.note(story.trial(), lost=True)
    story.tries(story.cases[0], {})
    story.probes("again", True, True, True)
    trigger = story.finding().trigger

    assert trigger.confirmed
    assert trigger.proof == "in 4 of 4 attempts of the same case"


def test_what_fails_by_chance_has_a_rate() -> None:
    """Three of seven attempts is what is said, and confirmed is nothing."""
    story = Probed()
    case = story.promised()
    story.note(story.trial(again=story.trials[0]), lost=False)
    story.tries(case, MOMENT)
    story.probes("again", True, False, True, False, False, moment="before")
    trigger = story.finding().trigger

    assert not trigger.confirmed
    assert trigger.proof == "flaky: in 3 of 7 attempts of the same case"


def kept(**how: bool) -> Probed:
    """A run in which one note is kept."""
    story = Probed(single())
    story.another()
    for part, lost in how.items():
        story.probes(part, lost, moment="before")
    return story.ends()  # type: ignore[return-value]


UNCOUNTED: dict[str, Any] = {
    "fields_read": 0,
    "controls": {},
    "controls_by_anomaly": {},
    "controls_unplanted": {},
}


def test_probes_prove_nothing_of_a_release() -> None:
    """What probes save and keep is in no count of the verdict; controls may well use it."""
    plain, probed = (
        replace(story.judged(), evidence=replace(story.judged().evidence, **UNCOUNTED))
        for story in (kept(), kept(again=False))
    )

    assert probed.verdict is Answer.PASS
    assert probed.reasons == plain.reasons
    assert probed.evidence == plain.evidence


def test_what_probes_lose_blocks() -> None:
    """A loss is a loss, whoever asked for the case."""
    assert kept(again=True).judged().verdict is Answer.BLOCK


def test_a_loss_that_only_one_read_has_shown_of_a_probe_owes_nothing() -> None:
    """Nobody promised a probe, so that what is not proved of it makes nothing inconclusive."""
    story = kept()
    story.probes("again", True, moment="before")
    story.trials[-1].ends()
    story.reads("final", after_s=60)

    assert story.judged().verdict is Answer.PASS
