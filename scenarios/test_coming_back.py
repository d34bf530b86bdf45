"""What a browser, a page or a server remembers of a note must not come back over newer text."""

from __future__ import annotations

from harness.plugin import Trial, leave
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner

READING_MS = 10_000


def test_come_back_to_a_note(practitioner: Practitioner, journal: Trial) -> None:
    """A note is opened again, read, and changed in two saves; the rest of it stays as it was."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())

    page.page.clock.install()
    page.open()
    page.page.clock.run_for(READING_MS)
    for name in ("history", "conclusion"):
        with note.save(**{name: "comparison"}) as save:
            page.enter(save)
            page.save_by("button")
            save.acknowledged(page.told_saved())


def test_next_patient(practitioner: Practitioner, journal: Trial) -> None:
    """A tab is closed on one patient's note and the next one's opened: nothing goes along."""
    one, other = practitioner.new_consultation(), practitioner.new_consultation_of_another()
    page = practitioner.open(one)
    with journal.record("consultation", key=one).save(**dict.fromkeys(FIELDS, "plain")) as save:
        with page.quickly():
            page.enter(save)
            left = leave(page.page, "close")
        save.acknowledged(left, level="leaving")

    page = practitioner.open(other)
    with journal.record("consultation", key=other).save(reason="symbols") as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())
