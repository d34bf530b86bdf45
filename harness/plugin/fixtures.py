"""The fixtures: pytest-playwright's own chain, with a link changed here and there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.browser import SHELL, SYSTEM_FULL, find_browser
from harness.errors import BrowserMissing
from harness.factors import Levelled
from harness.journal.handles import Trial
from harness.plugin import evidence, readers
from harness.plugin import session as sessions
from harness.plugin.steps import records_of, steps_of
from harness.plugin.trials import RUNNING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext


# Nothing but the application is to be reached.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def url(pytestconfig: pytest.Config) -> str:
    """Where the application answers, without a slash at the end."""
    return sessions.of(pytestconfig).spec.url


@pytest.fixture(scope="session")
def base_url(url: str) -> str:
    """What pytest-playwright resolves page.goto("/...") against."""
    return url


@pytest.fixture
def journal(request: pytest.FixtureRequest) -> Trial:
    """The trial's journal: journal.record("FORM") gives a record's handle."""
    return request.node.stash[RUNNING].trial  # type: ignore[no-any-return]


@pytest.fixture
def case() -> Levelled:
    """The row of levels this test runs with; without factors, one without levels."""
    return Levelled({})


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], browser_name: str
) -> dict[str, Any]:
    """The browser that is here, kept from calling home."""
    if browser_name != "chromium" or "channel" in browser_type_launch_args:
        return browser_type_launch_args
    headed = browser_type_launch_args.get("headless") is False
    launch = {**browser_type_launch_args}
    found = find_browser()
    path, channel = (_headed(), None) if headed and found.path else (found.path, found.channel)
    if path is not None:
        launch["executable_path"] = str(path)
    elif channel is not None and not headed:
        launch["channel"] = channel
    no_sandbox = [] if SHELL in found.name and not headed else _no_sandbox()
    launch["args"] = [*launch.get("args", []), *QUIET, *no_sandbox]
    return launch


def _headed() -> Path:
    """A system's browser with windows; the headless shell has none."""
    for name in SYSTEM_FULL:
        path = shutil.which(name)
        if path:
            return Path(path)
    raise BrowserMissing(
        f"--headed needs a browser with windows, one of {', '.join(SYSTEM_FULL)}; install one, or "
        "drive without --headed"
    )


def _no_sandbox() -> list[str]:
    """A full browser does not start as root inside its own sandbox."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Make a further browser context of this trial: another user, another device."""
    running = request.node.stash[RUNNING]
    calls = sessions.of(request.config).calls
    traced: list[tuple[BrowserContext, object]] = []

    def make(**how: Any) -> BrowserContext:
        context = new_context(**how)
        running.pages.watch(context)
        if running.spec.trace:
            evidence.start_trace(context)
            traced.append((context, how.get("storage_state")))
        return context

    yield make
    kept: list[tuple[Path, int, object]] = []
    traces: list[str] = []
    for number, (context, state) in enumerate(traced, start=1):
        paths = evidence.keep_trace(running.spec, running.id, number, context)
        jar = calls.jar(context.request)
        kept += [(running.spec.evidence.parent / path, jar, state) for path in paths]
        traces += paths
    if kept:
        steps = steps_of(calls, running.id, kept, running.pages.acts)
        records = records_of(calls, running.trial.records)
        told = {"steps": steps, "records": records}
        running.evidence += evidence.keep_steps(running.spec, running.id, told)
    running.evidence += traces


@pytest.fixture(scope="session")
def _reading(
    browser: Browser,
    browser_context_args: dict[str, Any],
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
) -> Iterator[readers.Reading]:
    session = sessions.of(pytestconfig)

    def open_context(**how: Any) -> BrowserContext:
        context = browser.new_context(**{**browser_context_args, **how})
        context.set_default_timeout(session.spec.action_s_max * 1000)
        if session.spec.trace:
            session.calls.leave_out(context.request)
        return context

    reading = readers.Reading(
        open_context=open_context,
        storage_state=request.getfixturevalue,
        url=session.spec.url,
        writer=session.writer,
        at_once=bool(session.spec.urls),
    )
    yield reading
    reading.again(only_due=False)
