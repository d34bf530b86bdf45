"""The fixtures of what is planted and probed: the clinic's own, and synthetic people for them."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Playwright

from canaries.identity import Synthetic, in_production
from harness.model import Key
from harness.plugin import remover
from scenarios.accounts import Accounts, answered
from scenarios.conftest import colleague_state, practitioner, sign_in

__all__ = ["accounts", "author_state", "colleague_state", "practitioner", "sign_in"]


@pytest.fixture(scope="session")
def accounts(playwright: Playwright, url: str, worker_id: str) -> Accounts:
    """Synthetic people in production, those of the seed elsewhere."""
    if in_production():
        return Synthetic(playwright, url, os.environ)
    return Accounts.of_worker(playwright, url, worker_id)


@pytest.fixture(scope="session")
def author_state(accounts: Accounts) -> Any:
    """The session of the doctor who wrote."""
    return accounts.practitioner().state


@remover("consultation", storage_state="author_state")
def author_deletes(context: BrowserContext, url: str, key: str) -> None:
    """The author deletes the consultation, with its documents and their shares."""
    token = answered(context.request.get(f"{url}/api/session"))["csrf_token"]
    answer = context.request.delete(
        f"{url}/api/consultations/{key}", headers={"X-CSRF-Token": token}
    )
    assert answer.ok or answer.status == 404, f"{answer.status} {answer.text()}"


@pytest.fixture(scope="session")
def inboxes(accounts: Accounts) -> Any:
    """The sessions of those who were told, both in one: their cookies have names of their own."""
    if not isinstance(accounts, Synthetic):
        return None
    states = [accounts.recipient(kind).state for kind in ("patient", "practitioner")]
    return {"cookies": [cookie for state in states for cookie in state["cookies"]], "origins": []}


@remover("message", storage_state="inboxes")
def recipient_dismisses(context: BrowserContext, url: str, key: Key) -> None:
    """Who was told of a document takes the message out of the inbox."""
    kind, _, text = key
    inbox = f"{url}/api/inbox"
    answer = answered(context.request.get(f"{inbox}?kind={kind}"))
    for message in answer["messages"]:
        if message["message"] == text:
            headers = {"X-CSRF-Token": answer["csrf_token"]}
            gone = context.request.delete(f"{inbox}/{message['id']}?kind={kind}", headers=headers)
            assert gone.ok or gone.status == 404, f"{gone.status} {gone.text()}"
