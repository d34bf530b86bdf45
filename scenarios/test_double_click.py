"""Hands that are faster than the network."""

from __future__ import annotations

from playwright.sync_api import Route

from harness.plugin import Trial, exact
from scenarios.practitioner import Practitioner


def test_double_click_on_a_prescription(practitioner: Practitioner, journal: Trial) -> None:
    """The button is pressed twice before the first answer: one prescription is written."""
    page = practitioner.open(practitioner.new_consultation())
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.page.route("**/documents", hold, times=1)
    document = journal.record("document")
    with document.save(title="symbols", kind=exact("prescription"), text="multiline") as save:
        page.page.get_by_text("Write a prescription").click()
        save.enter("title", page.page.get_by_label("Prescription title"))
        save.enter("text", page.page.get_by_label("Prescription text"))
        with page.page.expect_request("**/documents"):
            page.page.get_by_role("button", name="Add prescription").dblclick()
        with page.page.expect_response("**/documents"):
            held[0].continue_()
        save.acknowledged(page.documents)
    document.key = (page.number, str(page.documents.first.get_attribute("data-document")))
