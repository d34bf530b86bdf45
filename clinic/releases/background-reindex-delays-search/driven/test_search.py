"""A note is found by what it is about."""

from __future__ import annotations

from harness.plugin import Trial, exact
from scenarios.practitioner import Practitioner

VISITS = ("Toux grasse", "Douleur au genou")


def test_notes_are_found(practitioner: Practitioner, journal: Trial) -> None:
    """Two notes, one after the other: each is listed under its reason, sooner or later."""
    for reason in VISITS:
        number = practitioner.new_consultation()
        note = journal.record("consultation", key=number)
        page = practitioner.open(number)
        with note.save(reason=exact(reason), history="plain") as save:
            page.enter(save)
            page.save_by("button")
            save.acknowledged(page.told_saved())
