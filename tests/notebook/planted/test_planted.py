"""A note that stays, and is watched."""

from __future__ import annotations

from playwright.sync_api import Page

from harness.plugin import Trial


def test_planted(page: Page, journal: Trial) -> None:
    """A few texts, as somebody wrote them before a release came."""
    note = journal.record("note")
    page.goto("/new")
    with note.save(title="plain", summary="symbols", body="plain", lines=["quotes"]) as save:
        for name in save.names:
            save.enter(name, page.get_by_label(name.capitalize()))
        page.get_by_role("button", name="Save").click()
        save.acknowledged(page.get_by_role("status"))
        note.key = page.url.rpartition("/")[2].partition("?")[0]
