"""The browser that a gate would drive, for tests that look at a page themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from harness.browser import find_browser


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser until the block ends."""
    found = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.path, channel=found.channel)
        yield browser
        browser.close()
