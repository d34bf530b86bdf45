"""Texts that are easily changed on their way, too long for some, or edited many times."""

from __future__ import annotations

from playwright.sync_api import expect

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner

EDITS_N = 10
# Shorter than the pause after which the page saves by itself.
EDIT_MS = 100


def test_spelling_is_kept(practitioner: Practitioner, journal: Trial) -> None:
    """Blanks at the end, accents in two parts, line breaks and blank lines are part of a text."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(
        reason="trailing", history="combining", examination="multiline", conclusion="plain"
    ) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())


def test_long_text_is_stored_or_refused(practitioner: Practitioner, journal: Trial) -> None:
    """64 KiB in one field: the page says whether they are stored, and keeps them where not."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())
    with note.save(history="bytes-65536") as long:
        page.enter(long)
        page.save_by("button")
        expect(page.told_saved().or_(page.failure)).to_be_visible()
        if page.failure.is_visible():
            long.refused(page.failure)
        else:
            long.acknowledged(page.told_saved())
    expect(page.field("history")).to_have_value(str(long.held["history"]))


def test_many_edits_before_one_save(practitioner: Practitioner, journal: Trial) -> None:
    """A text is edited ten times before the page saves it: only the last edit is due."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(history="plain") as save:
        text = str(save.history)
        for edit in range(1, EDITS_N):
            begun = text[: len(text) * edit // EDITS_N]
            page.field("history").fill(begun)
            save.typed(history=begun)
            page.page.wait_for_timeout(EDIT_MS)
        page.enter(save)
        save.acknowledged(page.told_saved("autosave"))


@factors(text=["chars-1000", "bytes-65536"])
def test_long_texts(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """Texts have no limit of their own: each is stored to its last character."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    with journal.record("consultation", key=number).save(
        **dict.fromkeys(FIELDS, case.text)
    ) as save:
        with page.quickly():
            page.enter(save)
            page.save_by("button")
        save.acknowledged(page.told_saved())


@factors(text=["symbols", "comparison"])
def test_edit_on_later_visits(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A note is written, and on two later visits one of its texts: the others stay as they are."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    for names in (FIELDS, ["history"], ["conclusion"]):
        page = practitioner.open(number)
        with note.save(**dict.fromkeys(names, case.text)) as save:
            page.enter(save)
            page.save_by("button")
            save.acknowledged(page.told_saved())
