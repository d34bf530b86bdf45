"""How the notes of a probe are thrown away again."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from harness.plugin import remover


@remover("note")
def throw_away(context: BrowserContext, url: str, key: str) -> None:
    """Delete the note, as the button on its page does."""
    answer = context.request.post(f"{url}/notes/{key}/delete")
    assert answer.ok, f"{answer.status} {answer.text()}"
