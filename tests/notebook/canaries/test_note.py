"""A note as somebody writes it, all day long."""

from __future__ import annotations

from playwright.sync_api import Page

from harness.factors import Levelled
from harness.plugin import Trial, corpus, exact, factors


@factors(text=corpus.classes)
def test_note(page: Page, journal: Trial, case: Levelled) -> None:
    """Everything that a note can hold is typed and saved at once."""
    note = journal.record("note")
    page.goto("/new")
    with note.save(
        title="plain",
        summary=case.text,
        body=case.text,
        lines=[case.text] * 2,
        effort=exact("12.25"),
        due=exact("2024-02-29"),
        kind=exact("task"),
        pinned=exact("true"),
        attachment=2048,
    ) as save:
        for name in save.names:
            save.enter(name, page.get_by_label(name.capitalize()))
        page.get_by_role("button", name="Save").click()
        save.acknowledged(page.get_by_role("status"))
        note.key = page.url.rpartition("/")[2].partition("?")[0]
