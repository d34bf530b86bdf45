"""A note is stored only with its allergies; who leaves them out is told so."""

from __future__ import annotations

from harness.plugin import Record, Save, Trial, exact
from scenarios.note_page import FIELDS, NotePage
from scenarios.practitioner import Practitioner


def test_allergies_are_asked_for(practitioner: Practitioner, journal: Trial) -> None:
    """Without allergies nothing is stored and the page says why; with them all of it is."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("button")
        if "allergies" in journal.forms:
            save.refused(page.failure.filter(has_text="Allergies"))
        else:
            save.acknowledged(page.told_saved())
    if "allergies" in journal.forms:
        save_with_allergies(page, note, journal.record("allergies", key=number), save)


def save_with_allergies(page: NotePage, note: Record, allergies: Record, refused: Save) -> None:
    """Fill in what was left out, and save what is still on the page with it."""
    kept = {name: exact(str(text)) for name, text in refused.held.items()}
    with note.save(**kept) as save, allergies.save(allergies="comparison") as asked:
        asked.enter("allergies", page.page.get_by_label("Allergies", exact=True))
        page.save_by("button")
        save.acknowledged(page.told_saved())
        asked.acknowledged(page.told_saved())
