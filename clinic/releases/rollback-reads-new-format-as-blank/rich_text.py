"""Texts with marks: what the new editor will write, in JSON."""

from __future__ import annotations

import json
from typing import Any


def document_of(text: str | None) -> str | None:
    """A text as it is stored; None stays None."""
    return None if text is None else json.dumps({"text": text, "marks": []}, ensure_ascii=False)


def text_of(document: Any) -> str | None:
    """The text of a stored document; None stays None."""
    return None if document is None else json.loads(document)["text"]
