"""Leaving a note that is not saved yet: within the clinic, and out of it."""

from __future__ import annotations

from playwright.sync_api import Page

from harness.factors import Levelled
from harness.plugin import Save, Trial, factors, leave
from scenarios.note_page import FIELDS, NotePage
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
        with page.quickly():
            page.enter(save)
            go_on(page.page, case.way, practitioner.patient.name)
        headings = {"sign out": "Sign in", "shared with me": "Shared with me"}
        heading = headings.get(case.way, practitioner.patient.name)
        save.acknowledged(
            page.page.get_by_role("heading", name=heading, level=1, exact=True),
            signed_out=case.way == "sign out",
        )


def go_on(page: Page, way: str, patient: str) -> None:
    """Go on to another page of the clinic."""
    if way == "sign out":
        page.get_by_role("button", name="Sign out").click()
    elif way == "shared with me":
        page.get_by_role("link", name="Shared with me").click()
    else:
        page.get_by_role("link", name=patient, exact=True).click()


@factors(
    way=["reload", "another address", "closed tab"],
    text=["symbols", "bytes-65536"],
    # Too much for a browser to carry is as much whichever way the tab goes.
    where=lambda case: case.text == "symbols" or case.way == "another address",
)
def test_leave_the_clinic(practitioner: Practitioner, journal: Trial, case: Levelled) -> None:
    """The tab goes a moment after the last key: what it lets go without a question is stored."""
    number = practitioner.new_consultation()
    note = journal.record("consultation", key=number)
    page = practitioner.open(number)
    with note.save(**dict.fromkeys(FIELDS, "plain")) as save:
        page.enter(save)
        page.save_by("button")
        save.acknowledged(page.told_saved())
    with note.save(examination=case.text, conclusion="quotes") as save:
        vanish(page, save, case.way)
    # Who comes back finds the clinic, and what was sent on the way out had its time.
    practitioner.open(number)


def vanish(page: NotePage, save: Save, way: str) -> None:
    """Type and leave the clinic at once; whoever is asked stays until the text is saved."""
    ways = {"reload": "reload", "another address": "about:blank", "closed tab": "close"}
    with page.quickly():
        page.enter(save)
        left = leave(page.page, ways[way])
    if left.asked:
        save.acknowledged(page.told_saved())
    else:
        save.acknowledged(left, level="leaving")
