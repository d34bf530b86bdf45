"""How a note of the board is shown to somebody else; copied as conftest.py of the scenarios."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from harness.plugin import reader


@reader("note")
def note_page(context: BrowserContext, url: str, key: str) -> dict[str, object] | None:
    page = context.new_page()
    answer = page.goto(f"{url}/notes/{key}")
    if answer is None or not answer.ok:
        return None
    return {
        "title": page.locator("h1").text_content(),
        "body": page.locator("textarea").input_value(),
    }
