"""When a value that was found is the value that was due: the contract of a field."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from functools import partial

from xxhash import xxh3_64_digest, xxh3_64_hexdigest

from harness.model import ABSENT, Contract, FileValue, Kind, Value

EXACT = Contract()
# What a text's fingerprint is made of its bytes by; what is no text has another kind of digest.
text_digest = xxh3_64_hexdigest
# The same as it is before it is spelled.
digest_bytes = xxh3_64_digest
PRINT_CHARS = 16
_DIGEST = hashlib.blake2b(digest_size=8)
# How pages and requests may spell a text: lines end there as they please.
LOOSE = Contract(newline="any")

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
        return _meaning(text.strip(), kind) or text
    if contract.newline == "any" and "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if contract.trim:
        text = text.rstrip()
    if contract.nfc:
        text = unicodedata.normalize("NFC", text)
    return text


def fingerprint(value: Value, contract: Contract = EXACT, kind: Kind = "text") -> str:
    """Sixteen characters that two values share where :func:`same` takes them for the same.

    ``-`` is NULL and ``?`` an absent place; everything else is a digest of 64 bits, so that of a
    million values that differ less than one in a million million is taken for another. That of a
    text is XXH3, which millions of texts cost little: it tells what was lost, cut or mixed up, and
    not what somebody computed on purpose to look the same.
    """
    if value is None:
        return "-"
    if value is ABSENT:
        return "?"
    if isinstance(value, str):
        return text_digest(canonical(value, contract, kind).encode("utf-8", "surrogatepass"))
    digest = _DIGEST.copy()
    digest.update(_spelled(value, contract, kind))
    return digest.hexdigest()


def printer(contract: Contract, kind: Kind) -> Callable[[Value], str]:
    """:func:`fingerprint` for very many values under one contract."""
    if kind in ("number", "date", "flag") or contract.trim or contract.nfc:
        return partial(fingerprint, contract=contract, kind=kind)
    ends_anyhow = contract.newline == "any"

    def print_(value: Value) -> str:
        if not isinstance(value, str) or (ends_anyhow and "\r" in value):
            return fingerprint(value, contract, kind)
        return text_digest(value.encode("utf-8", "surrogatepass"))

    return print_


def _spelled(value: Value, contract: Contract, kind: Kind) -> bytes:
    if isinstance(value, FileValue):
        return f"f{value.size_bytes} {value.sha256}".encode()
    if isinstance(value, tuple):
        return b"l" + b"".join(fingerprint(v, contract, kind).encode() + b"," for v in value)
    raise ValueError(f"nothing of {value!r} can be stored")


def is_nothing(value: Value) -> bool:
    """NULL, an absent place, the empty text and the empty list all hold nothing."""
    return value is None or value is ABSENT or value in ("", ())


def _meaning(word: str, kind: Kind) -> str | None:
    """What a number, a date or a flag says, in one spelling; None where it is none."""
    try:
        if kind == "number":
            return _number(Decimal(word))
        if kind == "date":
            return _date(datetime.fromisoformat(word))
    except (InvalidOperation, ValueError, OverflowError):
        return None
    if word.lower() in _TRUE | _FALSE:
        return "true" if word.lower() in _TRUE else "false"
    return None


def _number(number: Decimal) -> str | None:
    """Every digit counts: a decimal context would round what has more than it keeps."""
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        return None
    spelled = "".join(map(str, digits)).lstrip("0")
    if not spelled:
        return "0"
    whole = spelled.rstrip("0")
    return f"{'-' if sign else ''}{whole}e{exponent + len(spelled) - len(whole)}"


def _date(moment: datetime) -> str:
    """A day; the time of the day as well where there is one, for it is no less typed.

    Where an offset is told the moment counts, however far from Greenwich it was spelled.
    """
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    midnight = moment.time() == time()
    return moment.date().isoformat() if midnight else moment.isoformat()
