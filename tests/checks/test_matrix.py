"""Scenario by field, for reports that show a line per pair."""

from __future__ import annotations

from harness.judge import cells
from harness.verdict import Cell
from tests.checks.story import Story


def rows(story: Story) -> dict[tuple[str, str], Cell]:
    """The cells by scenario and field."""
    return {(cell.scenario, cell.field): cell for cell in cells(story.weighed())}


def test_each_field_that_a_scenario_saved_has_a_cell() -> None:
    """Failed, missing or whole: cases are counted, not attempts."""
    story = Story()
    for n, shares in enumerate("012"):
        trial = story.trial(shares=shares)
        for attempt in range(2):
            record = trial.record(f"{n}{attempt}").save("reason", "history").acknowledged()
            if shares != "0":
                record.holds(reason=None)
            trial.ends()
            if attempt == 0:
                trial = story.trial(again=trial)
    found = rows(story.ends())

    assert {("test_note", "reason"), ("test_note", "history")} == set(found)
    assert (3, 2, "lost") == (
        found["test_note", "reason"].cases_n,
        found["test_note", "reason"].failed_n,
        found["test_note", "reason"].anomaly,
    )
    assert "note.reason lost in 2 of 3 cases" == found["test_note", "reason"].failure
    assert (0, None, None) == (
        found["test_note", "history"].failed_n,
        found["test_note", "history"].failure,
        found["test_note", "history"].missing,
    )


def test_a_scenario_without_evidence_says_why() -> None:
    """A case that never ran leaves its scenario's cells without evidence."""
    story = Story()
    story.another()
    story.case("test_gone")
    found = rows(story.ends())

    assert "never ran" in str(found["test_gone", ""].missing)


def test_what_was_seen_once_or_never_is_no_failure() -> None:
    """One read alone confirms nothing, and without a read nothing is known."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged(stores=False)
    unread = rows(story)["test_note", "reason"]
    story.reads("final", after_s=60)
    once = rows(story)["test_note", "reason"]

    assert ("unverified: no read that counts began after it", None) == (
        unread.missing, unread.failure
    )  # fmt: skip
    assert ("lost: not confirmed by a second read", None) == (once.missing, once.failure)
