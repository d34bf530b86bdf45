"""Journeys: completed, broken, told, owed, and what the baseline says of them."""

from __future__ import annotations

import pytest

from harness.journal.events import Outcome
from tests.checks.story import Story, TrialStory, single


def fails(
    story: Story,
    outcome: Outcome = "broken",
    *,
    times: int = 3,
    again: TrialStory | None = None,
) -> TrialStory:
    """A case that ends like this every time."""
    for _ in range(times):
        again = story.trial(again=again)
        again.ends(outcome, "TimeoutError: no button 'Share'\n  more", told="Field 'site' missing")
    assert again is not None
    return again


def completes(story: Story, again: TrialStory, role: str = "candidate") -> None:
    """The same case runs to its end."""
    trial = story.trial(again=again, role=role)
    trial.record("7").save("reason").acknowledged()
    trial.ends()


def other(story: Story) -> None:
    """Another case, in which all is well."""
    story.trial().record("9").save("reason").acknowledged()


def test_broken_three_times_and_completed_on_the_baseline_blocks() -> None:
    """A journey that only the candidate breaks, every time and without a word, blocks."""
    story = Story()
    trial = fails(story)
    completes(story, trial, "baseline")
    other(story)
    verdict = story.ends().judged()

    assert "block" == verdict.verdict
    assert "journey-broken" == verdict.findings[0].anomaly
    assert (
        "clinic v2 is blocked: journey broken in 1 of 2 cases of test_note: "
        "the journey broke: TimeoutError: no button 'Share'"
    ) in verdict.sentence


@pytest.mark.parametrize(
    ("outcome", "times", "baseline", "owed"),
    [
        ("broken", 2, "completes", "the journey broke"),
        ("broken", 3, None, "the journey broke"),
        ("broken", 3, "broken", "(broken on the baseline as well)"),
        ("told", 3, "completes", "the page told the user: Field 'site' missing"),
        ("environment", 3, "completes", "the browser or its surroundings failed"),
        ("misused", 3, "completes", "the scenario is at fault"),
        ("skipped", 1, "completes", "it was skipped"),
    ],
)
def test_anything_less_is_owed(
    outcome: Outcome, times: int, baseline: str | None, owed: str
) -> None:
    """Fewer attempts, no baseline, a word to the user, our own browser: owed, never a block."""
    story = Story()
    trial = fails(story, outcome, times=times)
    if baseline == "completes":
        completes(story, trial, "baseline")
    elif baseline == "broken":
        story.trial(again=trial, role="baseline").ends("broken", "TimeoutError")
    other(story)
    verdict = story.ends().judged()

    assert "inconclusive" == verdict.verdict
    assert any(owed in reason for reason in verdict.reasons), verdict.reasons


def test_attempts_that_our_own_side_broke_do_not_count() -> None:
    """A crashed browser is no attempt: three others still block, two do not."""
    for times, verdict in ((3, "block"), (2, "inconclusive")):
        story = Story()
        trial = fails(story, "environment", times=1)
        fails(story, times=times, again=trial)
        completes(story, trial, "baseline")
        other(story)

        assert verdict == story.ends().judged().verdict


def test_an_attempt_that_was_cut_never_blocks() -> None:
    """A trial without an end is our own fault, however often it happens."""
    story = Story()
    trial = story.trial()
    for _ in range(3):
        trial = story.trial(again=trial)
    for each in story.trials:
        each.over = True
    completes(story, trial, "baseline")
    other(story)

    assert "inconclusive" == story.ends().judged().verdict


def test_an_attempt_that_completes_is_evidence() -> None:
    """A completed rerun is evidence for its case, listed as flaky."""
    story = Story(single())
    trial = fails(story, times=1)
    completes(story, trial)
    verdict = story.ends().judged()

    assert "pass" == verdict.verdict
    assert any("completed only when run again" in warning for warning in verdict.warnings)


def test_a_loss_in_an_attempt_blocks_whatever_the_next_one_shows() -> None:
    """What was lost once was lost, even if it never happens again."""
    story = Story()
    trial = story.trial()
    trial.record("7").save("reason").acknowledged(stores=False)
    trial.ends()
    again = story.trial(again=trial)
    again.record("8").save("reason").acknowledged()

    assert "block" == story.ends().judged().verdict


def test_a_case_that_never_ran_is_owed() -> None:
    """Skipped, deselected or deleted: a promised case without a trial is missing evidence."""
    story = Story()
    other(story)
    story.case("test_gone")
    verdict = story.ends().judged()

    assert "inconclusive" == verdict.verdict
    assert "test_x.py::test_gone[1-1] was promised and never ran" in verdict.reasons


def test_quarantine_excuses_what_is_broken_on_the_baseline_as_well() -> None:
    """A scenario that the plan excuses is listed and owes nothing."""
    story = Story(single(), scenario="test_flaky")
    trial = fails(story)
    story.trial(again=trial, role="baseline").ends("broken", "TimeoutError")
    story.trial(scenario="test_other").record("9").save("reason").acknowledged()
    story.changes["quarantine"] = {"test_flaky": "the printer is gone (until 2030-01-01)"}
    verdict = story.ends().judged()

    assert "pass" == verdict.verdict
    assert any("in quarantine: the printer is gone" in warning for warning in verdict.warnings)


def test_quarantine_does_not_excuse_what_only_the_candidate_breaks() -> None:
    """A journey that the baseline completes is a regression, whatever was excused before."""
    story = Story(scenario="test_flaky")
    trial = fails(story)
    completes(story, trial, "baseline")
    story.changes["quarantine"] = {"test_flaky": "the printer is gone (until 2030-01-01)"}

    assert "block" == story.ends().judged().verdict


def test_quarantine_does_not_excuse_a_case_that_never_ran() -> None:
    """An excused scenario still has to be tried."""
    story = Story()
    other(story)
    story.case("test_flaky")
    story.changes["quarantine"] = {"test_flaky": "the printer is gone"}

    assert "inconclusive" == story.ends().judged().verdict


def test_an_unknown_save_without_a_fault_of_ours_is_no_evidence() -> None:
    """A save that was cut by itself makes its case owed; one that our fault cut does not."""
    for fault, verdict in ((None, "inconclusive"), ("network cut", "pass")):
        story = Story(single())
        other(story)
        record = story.trial().record("7")
        record.save("reason").acknowledged()
        record.save("reason").unknown(fault)

        assert verdict == story.ends().judged().verdict


def test_a_trial_that_acknowledged_nothing_proves_nothing() -> None:
    """A journey that ran to its end without a save is no evidence."""
    story = Story()
    other(story)
    story.trial().ends()

    assert "inconclusive" == story.ends().judged().verdict


def test_a_refusal_that_the_scenario_expects_is_evidence() -> None:
    """A text that is too long, refused in plain sight, is what the case was about."""
    story = Story(single())
    other(story)
    story.trial().record("7").save("reason").refused()

    assert "pass" == story.ends().judged().verdict


def test_a_reader_that_cannot_be_shown_the_record_breaks_the_journey() -> None:
    """A page that does not open for a colleague is a broken journey, not data loss."""
    story = Story()
    other(story)
    trial = None
    for _ in range(3):
        trial = story.trial(again=trial)
        trial.record(f"7{trial.attempt}").save("reason").acknowledged().is_shown(error="404")
        trial.ends()
    assert trial is not None
    completes(story, trial, "baseline")
    verdict = story.ends().judged()

    assert "block" == verdict.verdict
    assert "a fresh reader could not be shown the record: 404" in verdict.sentence
