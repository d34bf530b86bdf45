"""What a page said and when, while somebody sets the clock of the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from harness.plugin.pages import RENDERED_JS, _ask
from tests.browsing import launched

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

HOUR_MS = 3_600_000
# The clock of the page's machine, before anything else has a hold of it.
CLOCK_JS = """(() => {
  const real = Date.now.bind(Date);
  let by = 0;
  Date.now = () => real() + by;
  window.setClock = (ms) => { by = ms; };
})()"""
BOARD = '<p role="status" id="status">Saved 14:03</p>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that says something already, whose clock can be set."""
    with browser.new_context() as context:
        context.add_init_script(CLOCK_JS)
        context.add_init_script(RENDERED_JS)
        found = context.new_page()
        found.goto("about:blank")
        found.set_content(BOARD)
        time.sleep(0.1)
        yield found


def said(page: Page, began_ms: float) -> dict[str, str]:
    return _ask(page.get_by_role("status"), int(began_ms))


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS, 0])
def test_a_clock_that_is_set_makes_no_old_word_new_and_no_new_one_old(
    page: Page, by_ms: int
) -> None:
    """What stood there before a save stays old, and what is said during it is fresh."""
    # A save begins now, and both ends of it are counted by the clock as it is set meanwhile.
    began_ms = time.time() * 1000 + by_ms
    page.evaluate("(by) => window.setClock(by)", by_ms)
    old = said(page, began_ms)
    page.evaluate("document.getElementById('status').textContent = 'Saved 14:03'")
    new = said(page, began_ms)

    assert ("old", "fresh") == (old["state"], new["state"])
    assert "Saved 14:03" == new["text"]


def test_a_page_that_opens_after_it_counts_by_the_new_clock(page: Page) -> None:
    """Only what a document has seen of the clock matters to it."""
    page.evaluate("(by) => window.setClock(by)", -HOUR_MS)
    began_ms = time.time() * 1000
    page.goto("data:text/html,<p role=status>Saved by another page</p>")

    assert "fresh" == said(page, began_ms)["state"]
