"""How others are shown what was saved: colleagues, and those with whom something was shared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page

from harness.model import Key
from harness.plugin import Record, reader
from scenarios.accounts import PASSWORD
from scenarios.note_page import FIELDS

# Every document and share is looked up in storage; to be shown it takes a visit, and scenarios
# about something else make many.
_looked_at: set[tuple[str, Key]] = set()


def have_others_look(*records: Record) -> None:
    """Have these documents and shares looked at by who may, once the scenario is over."""
    _looked_at.update((record.form.name, record.key) for record in records if record.key)


@reader("consultation", storage_state="colleague_state")
def colleague_reads_note(context: BrowserContext, url: str, key: str) -> dict[str, str] | None:
    """Another doctor opens the consultation."""
    page = _opened(context, f"{url}/consultations/{key}")
    if page is None:
        return None
    return {name: page.locator(f"#{name}").input_value() for name in FIELDS}


@reader("consultation", storage_state="colleague_state")
def program_reads_note(
    new_context: Callable[[], BrowserContext], url: str, key: str
) -> dict[str, str | None] | None:
    """Another doctor's program asks for the consultation; it needs no page."""
    answer = new_context().request.get(f"{url}/api/consultations/{key}")
    if answer.status == 404:
        return None
    held = answer.json()
    return {name: held[name] for name in FIELDS}


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
    new_context: Callable[[], BrowserContext], url: str, key: Key
) -> dict[str, str | Path | None] | None:
    """Another doctor finds the document in the consultation and downloads it."""
    if ("document", key) not in _looked_at:
        return {}
    page = _opened(new_context(), f"{url}/consultations/{key[0]}")
    line = _only(page, f"li[data-document='{key[1]}']")
    if line is None:
        return None
    kind = line.locator(".tag").text_content()
    content = _download(line.get_by_role("link"))
    held = {"file": content} if kind == "upload" else {"text": content.read_text("utf-8")}
    return {"title": line.locator("strong").text_content(), "kind": kind, **held}


@reader("share")
def recipient_downloads(
    new_context: Callable[[], BrowserContext], url: str, key: Key
) -> dict[str, str | None] | None:
    """The recipient signs in, finds the document, and downloads it."""
    if ("share", key) not in _looked_at:
        return {}
    document, kind, recipient = key
    portal = kind == "patient"
    login = f"patient{recipient}" if portal else f"dr{recipient}"
    context = new_context()
    context.request.post(
        f"{url}/api/sign-in", data={"login": login, "password": PASSWORD, "kind": kind}
    )
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
