"""What an error makes of a trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError

from harness.errors import EnvironmentBroken, ScenarioError
from harness.journal.writer import JournalWriter
from harness.plugin.requests import Requests
from harness.plugin.trials import outcome_of
from tests.plugin.conftest import spec_in


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (
            PlaywrightError("Page.goto: net::ERR_NETWORK_CHANGED at http://127.0.0.1/"),
            "environment",
        ),
        (PlaywrightError("Page.goto: net::ERR_CONNECTION_REFUSED at http://127.0.0.1/"), "broken"),
        (PlaywrightError("Target page, context or browser has been closed"), "environment"),
        (EnvironmentBroken("the disk is full"), "environment"),
        (ScenarioError("no field is called 'resaon'"), "misused"),
        (AssertionError("expected visible"), "broken"),
    ],
)
def test_only_what_the_release_can_have_done_is_held_against_it(
    error: Exception, outcome: str
) -> None:
    """What the host or the scenario broke is not a broken journey."""
    assert outcome == outcome_of(error)


class Dropped:
    """A request that the browser gave up."""

    method = "GET"
    url = "http://127.0.0.1:8000/static/page.js"

    def __init__(self, failure: str) -> None:
        self.failure = failure


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        ("net::ERR_NETWORK_CHANGED", "net::ERR_NETWORK_CHANGED at /static/page.js"),
        ("net::ERR_CONNECTION_RESET", ""),
    ],
)
def test_a_script_that_the_host_kept_from_loading_is_seen(
    tmp_path: Path, failure: str, trouble: str
) -> None:
    """A page without its scripts breaks a journey as a bad release does: it is told apart."""
    with JournalWriter(tmp_path, "test") as writer:
        requests = Requests("candidate/0/1", spec_in(tmp_path)[0], writer)
        requests._failed(Dropped(failure))  # type: ignore[arg-type]

    assert trouble == requests.host_trouble
