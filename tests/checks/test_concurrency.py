"""Two saves at once, as the form settles them, and two handles of one record."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.checks.story import RecordStory, SaveStory, Story, form

Concurrent = Literal["last-wins", "conflict", "merge"]


def at_once(concurrent: Concurrent) -> tuple[Story, RecordStory, SaveStory, SaveStory]:
    """Two saves of both fields of one record that overlap; neither has its outcome yet."""
    story = Story(form("note", concurrent=concurrent))
    record = story.trial().record("7")
    return story, record, record.save("reason", "history"), record.save("reason", "history")


@pytest.mark.parametrize("winner", [0, 1], ids=["first", "second"])
def test_under_last_wins_either_of_two_overlapping_saves_is_right(winner: int) -> None:
    """The one that was acknowledged first may have been the last to be written."""
    story, record, *saves = at_once("last-wins")
    for save in saves:
        save.acknowledged()
    record.holds(**saves[winner].values)

    assert {} == story.ends().seen


def test_fields_of_two_overlapping_saves_mixed_are_torn() -> None:
    """Under last-wins one save is the last for all its fields: half of each is torn."""
    story, record, one, other = at_once("last-wins")
    one.acknowledged()
    other.acknowledged()
    record.holds(reason=one.values["reason"], history=other.values["history"])

    assert {"reason": "torn"} == story.ends().seen


def test_overlapping_saves_of_different_fields_are_both_due() -> None:
    """What one save did not touch is due as the other left it."""
    for lost, expected in ((False, {}), (True, {"history": "lost"})):
        story = Story()
        record = story.trial().record("7")
        one, other = record.save("reason"), record.save("history")
        other.acknowledged()
        one.acknowledged()
        if lost:
            record.holds(history=None)

        assert expected == story.ends().seen


def test_a_save_that_began_after_the_other_was_over_wins() -> None:
    """Saves that do not overlap are in order, whatever the form promises."""
    story = Story()
    record = story.trial().record("7")
    old = record.text("reason")
    record.save("reason").acknowledged()
    record.save("reason").acknowledged().holds(reason=old)

    assert {"reason": "lost"} == story.ends().seen


def test_under_conflict_the_loser_must_have_been_told() -> None:
    """Two overlapping saves that are both acknowledged lose one of them without a word."""
    story, _, one, other = at_once("conflict")
    one.acknowledged()
    other.acknowledged()

    assert {"reason": "reverted", "history": "reverted"} == story.ends().seen


def test_under_conflict_a_loser_that_was_told_is_fine() -> None:
    """A refusal is what a conflict is."""
    story, _, one, other = at_once("conflict")
    one.acknowledged()
    other.refused()

    assert {} == story.ends().seen


def test_a_refused_save_that_replaces_an_acknowledged_one_made_meanwhile_is_a_loss() -> None:
    """Told that it lost, and stored over the winner all the same: the winner's text is gone."""
    for first in ("acknowledged", "refused"):
        story, record, one, other = at_once("conflict")
        if first == "acknowledged":
            one.acknowledged()
            other.refused()
        else:
            other.refused()
            one.acknowledged()
        record.holds(**other.values)

        assert {"reason": "lost", "history": "lost"} == story.ends().seen


def test_under_conflict_saves_of_different_fields_may_both_stand() -> None:
    """Nothing is lost where nobody wrote over anybody."""
    story = Story(form("note", concurrent="conflict"))
    record = story.trial().record("7")
    one, other = record.save("reason"), record.save("history")
    one.acknowledged()
    other.acknowledged()

    assert {} == story.ends().seen


def test_under_merge_both_texts_have_to_stand_together() -> None:
    """A merge keeps what both wrote, in any order; one of them alone lost the other."""
    for held, expected in (("both", {}), ("one", {"reason"}), ("other", {"reason"})):
        story, record, one, other = at_once("merge")
        one.acknowledged()
        other.acknowledged()
        texts = {name: (str(one.values[name]), str(other.values[name])) for name in one.values}
        record.holds(reason=" ".join(texts["reason"]), history="\n".join(texts["history"][::-1]))
        if held != "both":
            record.holds(reason=texts["reason"][held == "other"])

        assert set(expected) == set(story.ends().seen)


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_an_overlapping_save_without_an_outcome_may_have_won(first: bool) -> None:
    """An unknown save that overlapped an acknowledged one may stand, whichever ended first."""
    story, record, one, other = at_once("last-wins")
    if first:
        other.unknown()
        one.acknowledged()
    else:
        one.acknowledged()
        other.unknown()
    record.holds(**other.values)

    assert {} == story.ends().seen


def test_an_unknown_save_that_was_over_before_may_not_stand() -> None:
    """What was cut before the acknowledged save began is older than it."""
    story = Story()
    record = story.trial().record("7")
    cut = record.text("reason")
    record.save("reason").unknown()
    record.save("reason").acknowledged().holds(reason=cut)

    assert {"reason": "lost"} == story.ends().seen


def test_two_handles_of_one_record_are_judged_as_one() -> None:
    """A second user's handle of the same key goes on where the first one left."""
    for lost, expected in ((False, {}), (True, {"history": "lost"})):
        story = Story()
        trial = story.trial()
        trial.record("7").save("reason", "history").acknowledged()
        second = trial.record("7").save("reason").acknowledged()
        if lost:
            second.holds(history=None)

        assert expected == story.ends().seen


def test_a_given_record_may_be_edited_in_every_case() -> None:
    """Of trials that edit one given row the last one's save is compared; the others are owed."""
    story = Story()
    story.row("note", "1", reason="Ancien")
    for _ in range(3):
        story.trial().record("1").save("reason").acknowledged()

    assert {} == story.ends().seen
    weighed = story.weighed()
    assert {"candidate/2/1/r1/s1"} == weighed.storage.saves_verified
    assert [0, 1] == sorted(weighed.journeys.owed)
    assert all(
        "a later save or deletion took its place" in said for said in weighed.journeys.owed.values()
    )


def test_a_given_record_that_lost_the_last_edit_is_blamed_on_its_trial() -> None:
    """The save that made a value due is the one that lost it."""
    story = Story()
    story.row("note", "1", reason="Ancien")
    story.trial().record("1").save("reason").acknowledged()
    story.trial().record("1").save("reason").acknowledged(stores=False)

    assert [("lost", "candidate/1/1")] == [(str(s.anomaly), s.trial) for s in story.ends().symptoms]


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [(("1", "2"), ["misplaced"]), (("1", "1"), []), (("1",), []), ((), [])],
    ids=["apart", "together", "one case", "none"],
)
def test_a_key_that_two_cases_made_is_as_the_baseline_has_it(
    baseline: tuple[str, ...], expected: list[str]
) -> None:
    """A row per user is one record of many cases; a key given out twice has lost the first."""
    story = Story()
    trials = [story.trial() for _ in range(2)]
    for trial in trials:
        trial.record("7").save("reason").acknowledged()
    for trial, key in zip(trials, baseline, strict=False):
        story.trial(again=trial, role="baseline").record(key).save("reason").acknowledged()

    assert expected == [str(s.anomaly) for s in story.ends().symptoms]
    if len(baseline) < 2:
        assert (
            "several cases made note 7, which was not there before; they are judged as one record"
            in story.judged().warnings
        )


def test_the_attempts_of_one_case_may_share_a_record() -> None:
    """A case that is run again works on the same row; only its last attempt is compared."""
    story = Story()
    trial = story.trial()
    trial.record("7").save("reason").acknowledged()
    story.trial(again=trial).record("7").save("reason").acknowledged()

    assert {} == story.ends().seen
    assert {0} == story.weighed().journeys.measured
    (warning,) = story.judged().warnings
    assert warning.startswith(
        "not compared: 1 acknowledged save; a later save or deletion took its place"
    )
