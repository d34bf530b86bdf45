"""Leaving a page: it lets its user go, or has the browser ask whether to stay.

A page that holds unsaved text can have the browser ask. One that does not ask says by that that
nothing is lost by going, and nobody is told anything afterwards: that is its acknowledgement.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import JourneyBroken, ScenarioError
from harness.journal.handles import Save

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Frame, Page

RELOAD = "reload"
CLOSE = "close"
LEAVE_S_MAX = 15.0
SLICE_MS = 20


@dataclass(slots=True)
class Departure:
    """How a page was left: asked, where the browser asked first, and the user stayed."""

    how: str
    began_s: float
    asked: bool = False
    gone: bool = False

    def witness(self, save: Save, level: str) -> str:
        """What the user was told by it; raises where this departure says something else."""
        if level not in ("leaving", "refusal"):
            raise ScenarioError(
                f"{save.id}: a page that was left says nothing more; write "
                'save.acknowledged(left, level="leaving")'
            )
        if self.began_s < save.began_s:
            raise ScenarioError(f"{save.id}: the page was left before this save; leave it within")
        if (level == "refusal") != self.asked:
            what = "asked its user to stay" if self.asked else "let its user go without a question"
            raise JourneyBroken(f"the page {what} ({self.how})")
        if self.asked:
            return f"asked before leaving ({self.how}): what is not saved may be lost"
        return f"left without a question ({self.how})"


def leave(page: Page, how: str) -> Departure:
    """Leave a page by "reload", "close", or an address to go to; who is asked stays.

    Raises JourneyBroken where the page neither went nor asked.
    """
    departure = Departure(how, time.monotonic())

    def answer(dialog: Dialog) -> None:
        departure.asked = departure.asked or dialog.type == "beforeunload"
        dialog.dismiss()

    def navigated(frame: Frame) -> None:
        departure.gone = departure.gone or frame == page.main_frame

    page.on("dialog", answer)
    page.on("framenavigated", navigated)
    try:
        _go(page, how)
        _await(page, departure)
    finally:
        page.remove_listener("dialog", answer)
        page.remove_listener("framenavigated", navigated)
    return departure


def _go(page: Page, how: str) -> None:
    """Begin to leave. What Playwright itself would wait for never comes to who stays."""
    if how == CLOSE:
        page.close(run_before_unload=True)
    elif how == RELOAD:
        page.evaluate("() => location.reload()")
    else:
        page.evaluate("url => location.assign(url)", how)


def _await(page: Page, departure: Departure) -> None:
    from playwright.sync_api import Error as PlaywrightError

    end_s = time.monotonic() + LEAVE_S_MAX
    while time.monotonic() < end_s:
        departure.gone = departure.gone or page.is_closed()
        if departure.gone or departure.asked:
            return
        try:
            page.wait_for_timeout(SLICE_MS)
        except PlaywrightError:
            if not page.is_closed():
                raise
    raise JourneyBroken(
        f"the page was still there {LEAVE_S_MAX:g} s after leaving it ({departure.how}), "
        "and asked nothing"
    )
