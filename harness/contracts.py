"""When a value that was found is the value that was due: the contract of a field."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from harness.model import Contract, Kind, Value

EXACT = Contract()

_TRUE = frozenset({"t", "true", "1", "on", "yes"})
_FALSE = frozenset({"f", "false", "0", "off", "no"})


def same(due: Value, found: Value, contract: Contract = EXACT, kind: Kind = "text") -> bool:
    """Whether found keeps what due promised, within what the contract declares and no further.

    Numbers, dates and flags compare by what they mean (``12.50`` is ``12.5``); NULL, the empty
    text and an absent place are three different values.
    """
    if isinstance(due, tuple) and isinstance(found, tuple):
        pairs = zip(due, found, strict=False)
        return len(due) == len(found) and all(same(d, f, contract, kind) for d, f in pairs)
    if isinstance(due, str) and isinstance(found, str):
        return due == found or canonical(due, contract, kind) == canonical(found, contract, kind)
    return due == found


def canonical(text: str, contract: Contract, kind: Kind = "text") -> str:
    """The one spelling that stands for all that the contract treats as the same text."""
    if kind in ("number", "date", "flag"):
        return _meaning(text, kind)
    if contract.newline == "any":
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if contract.trim:
        text = text.rstrip()
    if contract.nfc:
        text = unicodedata.normalize("NFC", text)
    return text


def _meaning(text: str, kind: Kind) -> str:
    word = text.strip()
    try:
        if kind == "number":
            return format(Decimal(word).normalize(), "f")
        if kind == "date":
            return date.fromisoformat(word[:10]).isoformat()
    except (InvalidOperation, ValueError):
        return text
    if word.lower() in _TRUE | _FALSE:
        return "true" if word.lower() in _TRUE else "false"
    return text
