"""How a page is left, and what its user was told by that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from playwright.sync_api import Page, sync_playwright

from harness.browser import find_browser
from harness.errors import JourneyBroken, ScenarioError
from harness.plugin.departures import Departure, leave

ASKS = """<!doctype html><textarea id=text></textarea><script>
addEventListener("beforeunload", (event) => { if (text.value) event.preventDefault(); });
</script>"""


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    """A page that asks before it is left with a text in it."""
    found = find_browser()
    with sync_playwright() as playwright:
        path = str(found.path) if found.path else None
        browser = playwright.chromium.launch(executable_path=path, channel=found.channel)
        page = browser.new_context().new_page()
        page.route("**/*", lambda route: route.fulfill(body=ASKS, content_type="text/html"))
        page.goto("http://notes.test/1")
        yield page
        browser.close()


@pytest.mark.e2e
@pytest.mark.parametrize("how", ["reload", "http://notes.test/2", "close"])
def test_who_is_asked_stays_and_who_is_not_goes(opened: Page, how: str) -> None:
    """A page that asks is still there with its text; one that does not is gone."""
    opened.locator("#text").fill("unsaved")
    assert leave(opened, how).asked
    assert opened.locator("#text").input_value() == "unsaved"

    opened.locator("#text").fill("")
    left = leave(opened, how)

    assert (False, True) == (left.asked, left.gone)
    assert opened.is_closed() == (how == "close")


class Told:
    """A save that began at the first second."""

    id = "candidate/1/1/r1/s1"
    began_s = 1.0


SAVE = cast(Any, Told())


def test_a_departure_without_a_question_acknowledges() -> None:
    """Being let go is what the user was told; it is no refusal."""
    left = Departure("close", 2.0, gone=True)

    assert left.witness(SAVE, "leaving") == "left without a question (close)"
    with pytest.raises(JourneyBroken, match="let its user go"):
        left.witness(SAVE, "refusal")


def test_a_question_refuses() -> None:
    """Who is asked was told that something is not saved."""
    asked = Departure("reload", 2.0, asked=True)

    assert "asked before leaving (reload)" in asked.witness(SAVE, "refusal")
    with pytest.raises(JourneyBroken, match="asked its user to stay"):
        asked.witness(SAVE, "leaving")


def test_a_departure_is_evidence_of_its_own_save_alone() -> None:
    """An older departure, or one called something else, is a mistake of the scenario."""
    with pytest.raises(ScenarioError, match="left before this save"):
        Departure("close", 0.5, gone=True).witness(SAVE, "leaving")
    with pytest.raises(ScenarioError, match='level="leaving"'):
        Departure("close", 2.0, gone=True).witness(SAVE, "page")
