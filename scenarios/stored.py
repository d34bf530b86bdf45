"""How the clinic stores what its users type, where that is not plain to see."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os

SEALED = "sealed:"
NONCE_BYTES = 16
TAG_BYTES = 32
SIGNATURE = "\n-- \n"


def text_of(content: str | bytes | None) -> str | None:
    """The text of a prescription, kept as bytes; what is no UTF-8 stays visible as such."""
    if isinstance(content, bytes):
        return content.decode("utf-8", "surrogateescape")
    return content


def bytes_of(text: str) -> bytes:
    """What storage holds of a text."""
    return text.encode("utf-8", "surrogateescape")


text_of.inverse = bytes_of  # type: ignore[attr-defined]


def opened(stored: str | bytes | None) -> str | None:
    """The text of a release that seals its notes; what cannot be opened stays visible as such."""
    sealed = text_of(stored)
    if sealed is None or not sealed.startswith(SEALED):
        return sealed
    whole = base64.b64decode(sealed.removeprefix(SEALED))
    head, hidden = whole[: NONCE_BYTES + TAG_BYTES], whole[NONCE_BYTES + TAG_BYTES :]
    nonce, tag = head[:NONCE_BYTES], head[NONCE_BYTES:]
    key = hashlib.sha256(os.environ["CLINIC_SECRET"].encode()).digest()
    if not hmac.compare_digest(tag, hmac.digest(key, nonce + hidden, "sha256")):
        return sealed
    pad = hashlib.shake_256(key + nonce).digest(len(hidden))
    return bytes(a ^ b for a, b in zip(hidden, pad, strict=True)).decode("utf-8", "surrogateescape")


def unsigned(stored: str | bytes | None) -> str | None:
    """The conclusion of a release that stores its author's name below it."""
    conclusion = text_of(stored)
    typed, _, _ = (conclusion or "").rpartition(SIGNATURE)
    return typed or conclusion


def plain_of(stored: str | bytes | None) -> str | None:
    """The text of a release that keeps it with its marks; what is none stays visible as such."""
    document = text_of(stored)
    try:
        return str(json.loads(document or "")["text"])
    except (ValueError, KeyError, TypeError):
        return document


def document_of(text: str) -> str:
    """What storage holds of a text with its marks."""
    return json.dumps({"text": text, "marks": []}, ensure_ascii=False)


plain_of.inverse = document_of  # type: ignore[attr-defined]
