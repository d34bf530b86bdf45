"""Values that say where they belong: a short token at both ends of natural text.

A token is ``zq`` and nineteen characters of 0-9a-z: the run's tag (4), the trial (4), the form
(1), the record's ordinal (3), the field (2), the revision (2) and a checksum (3), so that one
stored value alone tells which save it came from, and whether it is whole.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from harness.corpus import TextClass
from harness.model import Role

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_WIDTHS = (("trial", 4), ("form", 1), ("record", 3), ("field", 2), ("revision", 2))
_CHECK_WIDTH = 3
_CHECKS_N: int = 36**_CHECK_WIDTH
# A look-ahead, so that a damaged token never hides the whole one that begins within it.
_TOKEN = re.compile(r"zq(?=([0-9a-z]{16})([0-9a-z]{3}))")
_MARK = re.compile(r"zm(?=([0-9a-z]{8})([0-9a-z]{3}))")
TOKEN_CHARS = 21
# A text has one of so many numbers in it, which hardly ever is the same for two fields of a run.
_NUMBERS_N = 1_000_000
# So many of its first characters say which record it belongs to.
RECORD_CHARS = 14

ATTEMPTS_MAX = 32
# Each counts its attempts by itself.
_ROLES: tuple[Role, ...] = ("candidate", "baseline", "upgraded", "rolled-back", "origin")
USERS_MAX = 500_000
TRIALS_N = 36**4
CACHED_MAX = 1_024
# Every two digits, so that four are two looks into a table that stays near.
_PAIRS: tuple[str, ...] = tuple(high + low for high in _DIGITS for low in _DIGITS)


class Trace(NamedTuple):
    """Where a value belongs; run is the run's four-character tag, the rest are numbers.

    form and field are places in the plan, record and revision count from 1.
    """

    run: str
    trial: int
    form: int
    record: int
    field: int
    revision: int


def trial_number(role: Role, number: int, attempt: int) -> int:
    """One number for a case's attempt on a deployment; attempts count from 1.

    The users of a load count from the other end, one attempt each. Raises ValueError past
    ATTEMPTS_MAX attempts or USERS_MAX users.
    """
    if role == "load":
        if not 0 <= number < USERS_MAX:
            raise ValueError(f"user {number} is not within 0..{USERS_MAX - 1}")
        return TRIALS_N - 1 - number
    if not 1 <= attempt <= ATTEMPTS_MAX:
        raise ValueError(f"attempt {attempt} is not within 1..{ATTEMPTS_MAX}")
    return (number * ATTEMPTS_MAX + attempt - 1) * len(_ROLES) + _ROLES.index(role)


def token(trace: Trace) -> str:
    """The token of a trace; raises ValueError where a number does not fit its place."""
    body = _body(trace)
    return f"zq{body}{_check(_crc(body))}"


def find_traces(text: str) -> tuple[Trace, ...]:
    """The traces of every whole token in the text, in order; a damaged token is no token."""
    found = (_read(match) for match in _TOKEN.finditer(text))
    return tuple(trace for trace in found if trace is not None)


def make_text(text_class: TextClass, trace: Trace, max_chars: int | None = None) -> str:
    """The text of a class for one place: token, natural body, token; at most max_chars long.

    A class without marker is its body alone. Where a token does not fit, a number that differs
    from place to place stands for it. Raises ValueError where nothing fits at all.
    """
    (made,) = make_texts((("", text_class, trace.field, max_chars),), trace).values()
    return made


def make_texts(
    fields: Iterable[tuple[str, TextClass, int, int | None]], trace: Trace
) -> dict[str, str]:
    """What :func:`make_text` makes for several fields of one save, by their names.

    Each is a name, a class, a place and a max_chars; all else of the place is the trace's.
    """
    run, trial, form, record, _, revision = trace
    # Users of a load wait for this: what the fields have in common is spelled once.
    place = _of_form(run, trial, form) + _of_record(record)
    place_crc = zlib.crc32(place.encode("ascii"))
    made = {}
    for name, text_class, field, max_chars in fields:
        here, spelled = _of_revision(field, revision)
        crc = zlib.crc32(spelled, place_crc)
        body = text_class.write(crc % _NUMBERS_N)
        mark = f"zq{place}{here}{_check(crc)}"
        whole = f"{mark} {body} {mark}" if text_class.marker else body
        if max_chars is not None and not 0 < len(whole) <= max_chars:
            whole = _cut(body, mark if text_class.marker else "", crc % _NUMBERS_N, max_chars)
        made[name] = whole
    return made


def _cut(body: str, mark: str, number: int, max_chars: int) -> str:
    """As much of a text as fits; a text without a token has no mark."""
    if max_chars < 1:
        raise ValueError(f"a text of at most {max_chars} characters says nothing")
    if not mark:
        return body[:max_chars]
    room_chars = max_chars - 2 * (TOKEN_CHARS + 1)
    if room_chars > 0:
        return f"{mark} {body[:room_chars]} {mark}"
    if max_chars >= TOKEN_CHARS:
        return mark
    return str(number).rjust(max_chars, "7")[-max_chars:]


def mark(run: str, trial: int) -> str:
    """A word for texts that a scenario spells out: whose run and trial they are, and no field.

    A copy of it is right wherever the application puts one, unlike that of a token.
    """
    body = _tag(run) + _digits(trial, 4, "trial")
    return f"zm{body}{_check(_crc(body))}"


def find_marks(text: str) -> tuple[tuple[str, int], ...]:
    """(run, trial) of every whole mark in the text; a damaged mark is none."""
    return tuple(
        (body[:4], int(body[4:], 36))
        for body, check in _MARK.findall(text)
        if _check(_crc(body)) == check
    )


def file_bytes(trace: Trace, size_bytes: int) -> bytes:
    """The bytes of a file for one place: its token at both ends where it fits, noise between."""
    seed = hashlib.sha256(token(trace).encode()).digest()
    noise = (seed * (size_bytes // len(seed) + 1))[:size_bytes]
    mark = token(trace).encode()
    if size_bytes < 2 * len(mark):
        return noise
    return mark + noise[len(mark) : size_bytes - len(mark)] + mark


def _body(trace: Trace) -> str:
    record = _of_form(trace.run, trace.trial, trace.form) + _of_record(trace.record)
    return record + _of_revision(trace.field, trace.revision)[0]


# A user of a load has one trial for many records, and all users count them alike.
@lru_cache(maxsize=CACHED_MAX)
def _of_form(run: str, trial: int, form: int) -> str:
    return _tag(run) + _digits(trial, 4, "trial") + _digits(form, 1, "form")


@lru_cache(maxsize=CACHED_MAX)
def _of_record(record: int) -> str:
    return _digits(record, 3, "record")


@lru_cache(maxsize=CACHED_MAX)
def _of_revision(field: int, revision: int) -> tuple[str, bytes]:
    place = _digits(field, 2, "field") + _digits(revision, 2, "revision")
    return place, place.encode("ascii")


@lru_cache(maxsize=16)
def _tag(run: str) -> str:
    if not re.fullmatch(r"[0-9a-z]{4}", run):
        raise ValueError(f"a run's tag is four of 0-9a-z, not {run!r}")
    return run


def _digits(number: int, width: int, name: str) -> str:
    """The number in so many digits, four at most."""
    if not 0 <= number < 36**width:
        raise ValueError(f"{name} {number} does not fit {width} digits of a token")
    high, low = divmod(number, len(_PAIRS))
    return (_PAIRS[high] + _PAIRS[low])[-width:]


def _crc(body: str) -> int:
    return zlib.crc32(body.encode("ascii"))


def _check(crc: int) -> str:
    high, low = divmod(crc % _CHECKS_N, 36)
    return _PAIRS[high] + _DIGITS[low]


def _read(match: re.Match[str]) -> Trace | None:
    body, check = match.groups()
    if _check(_crc(body)) != check:
        return None
    numbers: dict[str, int] = {}
    at = 4
    for name, width in _WIDTHS:
        numbers[name] = int(body[at : at + width], 36)
        at += width
    return Trace(body[:4], **numbers)
