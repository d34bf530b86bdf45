"""What is deleted is gone, what is emptied is empty, and what is kept is whole."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


@factors(answer=["Delete for good", "Keep it"])
def test_delete_a_consultation(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """The practitioner deletes a note, or thinks better of it."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())

    page.page.get_by_role("button", name="Delete", exact=True).click()
    if case.answer == "Keep it":
        page.page.get_by_role("button", name="Keep it").click()
        return
    with note.delete() as deletion:
        page.page.get_by_role("button", name="Delete for good").click()
        deletion.acknowledged(page.page.get_by_role("button", name="New consultation"))


def test_empty_a_field(practitioner: Practitioner, journal: Trial) -> None:
    """A text is removed; the others stay."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as earlier:
        earlier.acknowledged(practitioner.write(number, earlier.values), level="transport")
    page = practitioner.open(number)
    with note.clear("history") as clearing:
        page.enter(clearing)
        page.save_by("button")
        clearing.acknowledged(page.told_saved())
