"""Leaving a note that is not saved yet: within the clinic, and out of it."""

from __future__ import annotations

from playwright.sync_api import Page

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


@factors(
    way=["sign out", "patient's name", "shared with me"],
    release={"1.0.*": {"way": ["sign out", "patient's name"]}},
)
def test_leave_within_the_clinic(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """A way on within the clinic waits for the save: who arrives has lost nothing."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    with journal.record("consultation", key=number).save(
        **dict.fromkeys(FIELDS, "multiline")
    ) as save:
        page.enter(save)
        leave(page.page, case.way, practitioner.patient.name)
        headings = {"sign out": "Sign in", "shared with me": "Shared with me"}
        heading = headings.get(case.way, practitioner.patient.name)
        save.acknowledged(page.page.get_by_role("heading", name=heading, level=1, exact=True))


def leave(page: Page, way: str, patient: str) -> None:
    """Go on to another page of the clinic."""
    if way == "sign out":
        page.get_by_role("button", name="Sign out").click()
    elif way == "shared with me":
        page.get_by_role("link", name="Shared with me").click()
    else:
        page.get_by_role("link", name=patient, exact=True).click()


@factors(way=["reload", "another address", "closed tab"])
def test_leave_the_clinic(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """The tab goes with an edit that nobody was told of: each text is the old or the new one."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())
    with note.save(examination="symbols", conclusion="quotes") as save:
        page.enter(save)
        with journal.fault(case.way):
            vanish(page.page, case.way)


def vanish(page: Page, way: str) -> None:
    """Leave without asking the page."""
    if way == "reload":
        page.reload()
    elif way == "another address":
        page.goto("about:blank")
    else:
        page.close()
