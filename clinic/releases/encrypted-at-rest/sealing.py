"""Notes at rest: sealed with a key that the database does not have."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from clinic.settings import settings

# What was written before notes were sealed has no mark, and is read as it stands.
MARK = "sealed:"
NONCE_BYTES = 16
TAG_BYTES = 32


def seal(text: str | None) -> str | None:
    """The text as it is stored; None stays None."""
    if text is None:
        return None
    nonce, plain = secrets.token_bytes(NONCE_BYTES), text.encode()
    hidden = _stream(nonce, plain)
    return MARK + base64.b64encode(nonce + _tag(nonce + hidden) + hidden).decode()


def opened(stored: str | None) -> str | None:
    """The text as it was typed; raises ValueError where it was changed at rest."""
    if stored is None or not stored.startswith(MARK):
        return stored
    whole = base64.b64decode(stored.removeprefix(MARK))
    nonce, tag = whole[:NONCE_BYTES], whole[NONCE_BYTES : NONCE_BYTES + TAG_BYTES]
    hidden = whole[NONCE_BYTES + TAG_BYTES :]
    if not hmac.compare_digest(tag, _tag(nonce + hidden)):
        raise ValueError("a sealed note was changed at rest")
    return _stream(nonce, hidden).decode()


def _stream(nonce: bytes, text: bytes) -> bytes:
    pad = hashlib.shake_256(_key() + nonce).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, pad, strict=True))


def _tag(content: bytes) -> bytes:
    return hmac.digest(_key(), content, "sha256")


def _key() -> bytes:
    return hashlib.sha256(settings().secret.encode()).digest()
