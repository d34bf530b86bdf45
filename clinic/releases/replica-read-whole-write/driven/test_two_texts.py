"""Two texts of a note are changed, one right after the other, in a note saved a while ago."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, corpus, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner

A_WHILE_MS = 6_000


@factors(text=corpus.COMMIT[:3])
def test_change_two_texts(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A note is saved; later its history is changed and saved, and at once its conclusion."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, case.text)) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())

    page.page.wait_for_timeout(A_WHILE_MS)
    for name in ("history", "conclusion"):
        with note.save(**{name: case.text}) as save:
            page.enter(save)
            page.save_by("button")
            save.acknowledged(page.told_saved())
