"""Pages that ask who one is, where another page was to be: a session that has ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page

_ASKS_JS = "() => window.__harness ? window.__harness.asksWho() : false"


def asks_who(page: Page) -> bool:
    """Whether a page has one visible field for a password that is there already.

    Two of them, or one for a new password, are a form that somebody fills. A page that cannot be
    asked does not.
    """
    from playwright.sync_api import Error as PlaywrightError

    try:
        return bool(page.evaluate(_ASKS_JS))
    except PlaywrightError:
        return False


def sign_in_shown(pages: Iterable[Page]) -> str:
    """What is said of the first page that asks who one is; "" where none does."""
    for page in pages:
        if not page.is_closed() and asks_who(page):
            return f"a sign-in page is shown, {address_of(page)}: is the session still good?"
    return ""


def address_of(page: Page) -> str:
    """Where a page is, without what its address says beside that, which may be a secret."""
    parts = urlsplit(page.url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
