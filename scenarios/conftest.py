"""Fixtures of the clinic's scenarios, and how others are shown what was saved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Playwright

from harness.plugin import reader
from scenarios.accounts import PASSWORD, Accounts
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


@pytest.fixture(scope="session")
def accounts(playwright: Playwright, url: str, worker_id: str) -> Accounts:
    """The people that this pytest worker has for itself."""
    return Accounts(playwright, url, int(worker_id.removeprefix("gw").replace("master", "0")))


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


# --- what others are shown -------------------------------------------------------------------


@pytest.fixture(scope="session")
def colleague_state(accounts: Accounts) -> Any:
    """The session of another doctor of the practice."""
    return accounts.colleague.state


@reader("consultation", storage_state="colleague_state")
def colleague_reads_note(context: BrowserContext, url: str, key: str) -> dict[str, str] | None:
    """Another doctor opens the consultation."""
    page = _opened(context, f"{url}/consultations/{key}")
    if page is None:
        return None
    return {name: page.locator(f"#{name}").input_value() for name in FIELDS}


@reader("diagnoses", storage_state="colleague_state")
def colleague_reads_diagnoses(
    context: BrowserContext, url: str, key: str
) -> dict[str, list[str]] | None:
    """Another doctor reads the list of diagnoses."""
    page = _opened(context, f"{url}/consultations/{key}")
    if page is None:
        return None
    held = page.locator("#diagnoses input").evaluate_all("all => all.map(one => one.value)")
    return {"code": held[0::2], "label": held[1::2]}


@reader("document", storage_state="colleague_state")
def colleague_downloads(
    context: BrowserContext, url: str, key: tuple[str, str]
) -> dict[str, object] | None:
    """Another doctor finds the document in the consultation and downloads it."""
    page = _opened(context, f"{url}/consultations/{key[0]}")
    line = _only(page, f"li[data-document='{key[1]}']")
    if line is None:
        return None
    kind = line.locator(".tag").text_content()
    content = _download(line.get_by_role("link"))
    held = {"file": content} if kind == "upload" else {"text": content.read_text("utf-8")}
    return {"title": line.locator("strong").text_content(), "kind": kind, **held}


@reader("share")
def recipient_downloads(
    context: BrowserContext, url: str, key: tuple[str, str, str]
) -> dict[str, str | None] | None:
    """The recipient signs in, finds the document, and downloads it."""
    document, kind, recipient = key
    portal = kind == "patient"
    login = f"patient{recipient}" if portal else f"dr{recipient}"
    words = {"login": login, "password": PASSWORD, "kind": kind}
    context.request.post(f"{url}/api/sign-in", data=words)
    page = _opened(context, f"{url}/portal" if portal else f"{url}/shared")
    link = _only(page, f"a[href$='/documents/{document}']")
    if link is None:
        return None
    title = link.locator("xpath=..").locator("strong") if portal else link
    digest = hashlib.sha256(_download(link).read_bytes()).hexdigest()
    return {"recipient": kind, "title": title.text_content(), "digest": digest}


def _opened(context: BrowserContext, url: str) -> Page | None:
    page = context.new_page()
    answer = page.goto(url)
    return None if answer is not None and answer.status == 404 else page


def _only(page: Page | None, selector: str) -> Locator | None:
    found = page.locator(selector) if page is not None else None
    return found if found is not None and found.count() else None


def _download(link: Locator) -> Path:
    with link.page.expect_download() as download:
        link.click()
    return Path(download.value.path())
