"""What helps to write a note: texts are folded away, a template is inserted. All of it is saved."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, exact, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner

TEMPLATE = "General condition:\nHeart and lungs:\nAbdomen:\nNervous system:"


@factors(examination=["open", "folded", "unfolded again"])
def test_fold_a_text(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A text is folded once it is written, and perhaps unfolded; then the note is saved."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    with (
        journal.record("consultation", key=number).save(**dict.fromkeys(FIELDS, "plain")) as save,
        page.quickly(),
    ):
        page.enter(save, FIELDS[:3])
        if case.examination != "open":
            page.fold("examination")
        if case.examination == "unfolded again":
            page.unfold("examination")
        page.enter(save, FIELDS[3:])
        page.save_by("button")
        save.acknowledged(page.told_saved())


@factors(template=["kept", "written over"])
def test_insert_a_template(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A template is inserted and saved, and perhaps written over; then the note is concluded."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(reason="symbols", examination=exact(TEMPLATE)) as save:
        page.enter(save, ["reason"])
        page.insert_template()
        save.typed(examination=page.field("examination").input_value())
        page.save_by("button")
        save.acknowledged(page.told_saved())
    if case.template == "written over":
        with note.save(examination="plain") as save:
            page.enter(save)
            page.save_by("button")
            save.acknowledged(page.told_saved())
    with note.save(conclusion="plain") as save:
        page.enter(save)
        page.save_by("shortcut")
        save.acknowledged(page.told_saved())
