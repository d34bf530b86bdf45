"""One note open twice: who saves second is told, and decides."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from harness.factors import Levelled
from harness.plugin import Record, Trial, exact, factors
from scenarios.note_page import NotePage
from scenarios.practitioner import Practitioner


@factors(
    opened_in=["two tabs", "two browsers"],
    field_of_second=["reason", "history"],
    settled_by=["keep mine", "discard mine"],
)
def test_two_pages_of_one_note(
    sign_in: Callable[..., Practitioner], journal: Trial, case: Levelled
) -> None:
    """The first save stands, the second is refused with its text kept, until its author decides."""
    practitioner = sign_in()
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    mine = practitioner.open(number)
    elsewhere = sign_in() if case.opened_in == "two browsers" else practitioner
    theirs = elsewhere.open(number)

    with note.save(**{case.field_of_second: "comparison"}) as second:
        with mine.quickly():
            mine.enter(second)
            with note.save(reason="plain") as first:
                theirs.enter(first)
                theirs.save_by("button")
                first.acknowledged(theirs.told_saved())
            mine.save_by("shortcut")
        told = mine.failure.or_(mine.told_saved())
        told.wait_for()
        if mine.failure.is_hidden():
            # Nobody refused it, so both were told that theirs is stored.
            second.acknowledged(mine.told_saved())
            return
        second.refused(mine.failure)
    text = str(second.held[case.field_of_second])
    expect(mine.field(case.field_of_second)).to_have_value(text)
    settle(note, mine, case, text)


def settle(note: Record, mine: NotePage, case: Levelled, text: str) -> None:
    """Keep the text that was refused, or give it up for what is stored."""
    if case.settled_by == "keep mine":
        with note.save(**{case.field_of_second: exact(text)}) as kept:
            mine.page.get_by_role("button", name="Keep my text").click()
            kept.acknowledged(mine.told_saved())
    else:
        with note.discard(**{case.field_of_second: exact(text)}) as given_up:
            mine.page.get_by_role("button", name="Discard my text and reload").click()
            given_up.acknowledged(mine.field("reason"))
