"""Password hashes: scrypt at a cost that keeps a sign-in near 10 ms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

COST = 4096


def digest(password: str) -> str:
    """What is stored instead of the password."""
    salt = os.urandom(16)
    return ":".join(base64.b64encode(part).decode() for part in (salt, _scrypt(password, salt)))


def matches(password: str, stored: str) -> bool:
    """Whether the password is the one whose digest is stored."""
    salt, expected = (base64.b64decode(part) for part in stored.split(":"))
    return hmac.compare_digest(expected, _scrypt(password, salt))


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=COST, r=8, p=1)
