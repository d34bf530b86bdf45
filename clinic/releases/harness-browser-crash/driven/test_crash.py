"""A scenario whose browser dies: nothing that the release could help."""

from __future__ import annotations

from harness.plugin import Trial
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


def test_browser_crashes(practitioner: Practitioner, journal: Trial) -> None:
    """The browser's process is gone before the note is saved, each time."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.page.goto("chrome://crash")
        page.save_by("button")
        save.acknowledged(page.told_saved())
