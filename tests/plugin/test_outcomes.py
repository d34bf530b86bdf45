"""What an error makes of a trial."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error as PlaywrightError

from harness.errors import EnvironmentBroken, ScenarioError
from harness.plugin.trials import outcome_of


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
