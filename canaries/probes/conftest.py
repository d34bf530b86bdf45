"""How the recipients of a probe are shown what was shared with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext

from harness.model import Key
from harness.plugin import reader


@reader("share", storage_state="inboxes")
def synthetic_recipient_downloads(
    new_context: Callable[[], BrowserContext], url: str, key: Key
) -> dict[str, str | None] | None:
    """The patient or the colleague opens what was shared, and downloads the document."""
    document, kind, _ = key
    portal = kind == "patient"
    page = new_context().new_page()
    page.goto(f"{url}/portal" if portal else f"{url}/shared")
    link = page.locator(f"a[href$='/documents/{document}']")
    if not link.count():
        return None
    title = link.locator("xpath=..").locator("strong") if portal else link
    with page.expect_download() as download:
        link.click()
    content = Path(download.value.path()).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"recipient": kind, "title": title.text_content(), "digest": digest}
