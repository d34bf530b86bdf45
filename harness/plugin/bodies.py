"""What a request's body says, leaf by leaf: the texts that left the browser."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

TEXT_CHARS_MAX = 4096
LEAVES_MAX = 2000
HIDDEN = "…"
_SECRET = re.compile(
    r"passw|passphrase|pwd|token|csrf|xsrf|secret|api_?key|\b(pass|otp)$", re.IGNORECASE
)

Leaf = tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Body:
    """The leaves of a body: (path, text), and digests of what was too long to keep.

    A JSON null is (path, None) with an empty digest; a file is (path, None) with its digest.
    """

    leaves: tuple[tuple[str, str | None], ...] = ()
    digests: tuple[str, ...] = ()
    opaque: bool = False


OPAQUE = Body(opaque=True)


def read_body(body: bytes | None, content_type: str | None, kept: Collection[str] = ()) -> Body:
    """The leaves of a body; opaque where the browser withheld it, or where it is no text.

    A leaf whose name looks like a secret loses its value, unless the name is one of kept.
    """
    kind = (content_type or "").split(";")[0].strip().lower()
    if body is None:
        return OPAQUE if kind else Body()
    if kind == "application/x-www-form-urlencoded":
        leaves = _of_form(body)
    elif kind == "multipart/form-data":
        leaves = _of_multipart(body, content_type or "")
    else:
        leaves = _of_text(body)
    found = [_hide(leaf, kept) for _, leaf in zip(range(LEAVES_MAX), leaves, strict=False)]
    if any(digest == _UNREADABLE for _, _, digest in found):
        return OPAQUE
    return Body(tuple((path, text) for path, text, _ in found), tuple(d for _, _, d in found))


_UNREADABLE = "unreadable"


def _of_form(body: bytes) -> Iterator[Leaf]:
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=LEAVES_MAX
        )
    except ValueError:
        yield "", None, _UNREADABLE
        return
    for name, value in pairs:
        yield from _of_value(name, value)


def _of_multipart(body: bytes, content_type: str) -> Iterator[Leaf]:
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if boundary is None:
        yield "", None, _UNREADABLE
        return
    for part in body.split(b"--" + boundary[1].encode("latin-1", "replace")):
        head, blank, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        if not blank or name is None:
            continue
        path = name[1].decode("utf-8", "replace")
        content = content.removesuffix(b"\r\n")
        if re.search(rb"[; ]filename\*?=", head):
            yield path, None, hashlib.sha256(content).hexdigest()
        else:
            yield from _of_value(path, content.decode("utf-8", "replace"))


def _of_text(body: bytes) -> Iterator[Leaf]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        yield "", None, _UNREADABLE
        return
    try:
        data = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        yield _text("", text)
        return
    yield from _of_json("", data)


def _of_json(path: str, data: object) -> Iterator[Leaf]:
    """Leaves of a JSON value, at most LEAVES_MAX deep in width; path is dotted."""
    stack: list[tuple[str, object]] = [(path, data)]
    while stack:
        at, value = stack.pop()
        if isinstance(value, dict) and value:
            stack += [(f"{at}.{k}" if at else str(k), v) for k, v in reversed(value.items())]
        elif isinstance(value, list) and value:
            places = range(len(value) - 1, -1, -1)
            stack += [(f"{at}.{n}" if at else str(n), value[n]) for n in places]
        elif value is None:
            yield at, None, ""
        elif isinstance(value, str):
            yield from _of_value(at, value)
        else:
            yield _text(at, json.dumps(value))


def _of_value(path: str, text: str) -> Iterator[Leaf]:
    """A text; where it is a JSON object or list of its own, what that holds stands below it."""
    if text[:1] in ("{", "[") and text[-1:] in ("}", "]"):
        try:
            data = json.loads(text, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict | list) and data:
            yield from _of_json(path, data)
            if _SECRET.search(text):
                return
    yield _text(path, text)


def _text(path: str, text: str) -> Leaf:
    if len(text) <= TEXT_CHARS_MAX:
        return path, text, ""
    return path, None, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _hide(leaf: Leaf, kept: Collection[str]) -> Leaf:
    path = leaf[0]
    names = re.split(r"[.\[\]]+", path)
    if _SECRET.search(path) and not any(name in kept for name in names):
        return path, HIDDEN, ""
    return leaf
