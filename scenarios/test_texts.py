"""Texts that are long, and texts that stay while others beside them are edited."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


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
