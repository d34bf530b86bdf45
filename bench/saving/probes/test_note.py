"""A note written as programs write it, so that a probe costs no browser."""

from __future__ import annotations

import json
import urllib.request

from harness.plugin import Trial


def test_note(url: str, journal: Trial) -> None:
    """Four texts, told stored by the answer."""
    key = f"probe-{journal.mark}"
    note = journal.record("note", key=key)
    with note.save(
        reason="plain", history="comparison", examination="symbols", conclusion="typography"
    ) as save:
        request = urllib.request.Request(  # noqa: S310 - the address that the canary gave
            f"{url}/notes/{key}", json.dumps(save.values).encode(), method="PUT"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            save.acknowledged(f"PUT /notes answered {answer.status}", level="transport")
