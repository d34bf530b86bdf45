"""The fixtures of the clinic's scenarios, and who looks for a note in its patient's list."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from harness.plugin import reader
from scenarios.conftest import accounts, colleague_state, practitioner, sign_in

__all__ = ["accounts", "colleague_state", "practitioner", "sign_in"]


@reader("consultation", storage_state="colleague_state")
def colleague_finds_note(context: BrowserContext, url: str, key: str) -> dict[str, str | None]:
    """Another doctor finds the note in the list of its patient, by what it is about."""
    page = context.new_page()
    page.goto(f"{url}/consultations/{key}")
    page.locator("h1 a").click()
    row = page.get_by_role("row").filter(has=page.locator(f"a[href='/consultations/{key}']"))
    return {"reason": row.locator(".clip").text_content()}
