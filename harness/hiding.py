"""Keeping secrets out of texts; light enough for the process that drives a load."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

HIDDEN = "***"
# Where a password stands in an address or a DSN: what is before it, and itself.
PASSWORDS = (
    re.compile(r"(://[^/:@]*:)(.+)(?=@)"),
    re.compile(r"(\bpassword\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&']+)"),
)
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_PARTS = re.compile(r"[\s,;=]+")
# Shorter ones are schemes and options, and stand in too many sentences.
_HEADER_WORD_CHARS_MIN = 8
# Below this a secret is replaced only where it stands as a word of its own.
_WORD_CHARS_MAX = 3


def passwords(dsn: str) -> frozenset[str]:
    """The passwords written in an address or a DSN, as they stand and decoded."""
    found = {m[2].strip("'") for pattern in PASSWORDS for m in pattern.finditer(dsn)}
    return frozenset(found | {unquote(password) for password in found})


def words_of_header(value: str) -> frozenset[str]:
    """A header's long words, and itself: an answer repeats a token without its ``Bearer``."""
    words = {value, *_PARTS.split(value)}
    return frozenset(word for word in words if len(word) >= _HEADER_WORD_CHARS_MIN)


def without_user(text: str) -> str:
    """The text without the names and passwords of its addresses."""
    return _USER.sub("", text)


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced by ``***``, longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > _WORD_CHARS_MAX:
            text = text.replace(secret, HIDDEN)
        elif secret:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    return text
