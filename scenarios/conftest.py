"""Fixtures of the clinic's scenarios; importing the readers makes them known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright

from scenarios import readers  # noqa: F401 - importing it makes the readers known
from scenarios.accounts import Accounts
from scenarios.practitioner import Practitioner


@pytest.fixture(scope="session")
def accounts(playwright: Playwright, url: str, worker_id: str) -> Accounts:
    """The people that this pytest worker has for itself."""
    return Accounts.of_worker(playwright, url, worker_id)


@pytest.fixture
def sign_in(
    accounts: Accounts, new_context: Callable[..., BrowserContext]
) -> Callable[..., Practitioner]:
    """Make a practitioner: sign_in("locum", "fr") is a locum who works in French."""

    def make(role: str = "doctor", language: str = "en") -> Practitioner:
        account = accounts.practitioner(role)
        context = new_context(storage_state=account.state)
        return Practitioner(accounts, account, context, language)

    return make


@pytest.fixture
def practitioner(sign_in: Callable[..., Practitioner]) -> Practitioner:
    """A doctor who works in English."""
    return sign_in()


@pytest.fixture(scope="session")
def colleague_state(accounts: Accounts) -> Any:
    """The session of another doctor of the practice."""
    return accounts.colleague.state
