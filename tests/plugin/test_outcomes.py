"""What an error makes of a trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError

from harness.errors import EnvironmentBroken, ScenarioError
from harness.journal.events import TrialEnded
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.model import Case
from harness.plugin.requests import Requests
from harness.plugin.session import Session
from harness.plugin.trials import Running, outcome_of
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


def test_a_trial_that_completed_without_a_request_is_run_again(tmp_path: Path) -> None:
    """What the host dropped may have been a script of the page: such a trial is no evidence."""
    spec, _ = spec_in(tmp_path)
    session = Session(spec, by_author=False, worker="main")
    running = Running(session, Case("test_x.py::test_a", 0, "test_a", "test_x.py", 1))
    running.began()
    running.pages._requests._failed(Dropped("net::ERR_NETWORK_CHANGED"))  # type: ignore[arg-type]
    running.end()
    session.close()

    (ended,) = [e for e in read_journal(spec.journal) if isinstance(e, TrialEnded)]
    assert ("environment", "net::ERR_NETWORK_CHANGED at /static/page.js") == (
        ended.outcome,
        ended.message,
    )


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
