"""Saves of one text, a moment apart."""

from __future__ import annotations

from harness.factors import Levelled
from harness.plugin import Trial, corpus, factors
from scenarios.practitioner import Practitioner

SAVES_N = 5


@factors(text=corpus.COMMIT)
def test_save_again_and_again(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """A history is saved, something else comes to mind, and it is saved again, and again."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    for _ in range(SAVES_N):
        with note.save(history=case.text) as save:
            page.enter(save)
            page.save_by("button")
            save.acknowledged(page.told_saved())
