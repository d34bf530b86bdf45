"""HTTP/1.1 messages in a stream of bytes: where each begins and ends, and nothing held whole.

What is read is passed on as it came, chunk sizes included; only what decides where a message ends
is understood, and what two readers could understand differently is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

HEAD_BYTES_MAX = 65_536
CHUNK_LINE_BYTES_MAX = 1_024

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST = re.compile(rb"(%s) ([\x21-\x7e\x80-\xff]+) HTTP/1\.([01])\r\n" % _TOKEN)
_ANSWER = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n\0]*)?\r\n")
_FIELDS = re.compile(rb"(?:%s:[^\r\n\0]*\r\n)*\r\n" % _TOKEN)
_WANTED = re.compile(
    rb"\n(content-length|transfer-encoding|connection|upgrade|cookie):([^\r]*)",
    re.IGNORECASE,
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?")
_TRAILER = re.compile(rb"%s:[^\r\n\0]*" % _TOKEN)
_DIGITS = re.compile(rb"\d{1,18}")


class Malformed(ValueError):
    """These bytes are no HTTP/1.1 message, or one that could be understood in two ways."""


class Mark(Enum):
    """What a framer gives at the end of a message."""

    END = "end"


END = Mark.END
NO_BODY, CHUNKED, UNTIL_EOF = 0, -1, -2  # else the bytes of the body


class Head(Protocol):
    """The start of a message; body_bytes is a count, CHUNKED or UNTIL_EOF."""

    @property
    def body_bytes(self) -> int:
        """How long what follows is."""
        ...


@dataclass(frozen=True, slots=True)
class RequestHead:
    """raw is the head as it came, its empty line included; path has no query; names as sent."""

    raw: bytes
    method: str
    path: str
    body_bytes: int
    keep_alive: bool
    upgrade: bool
    cookies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """raw is the head as it came; below 200, except 101, another answer follows."""

    raw: bytes
    status: int
    body_bytes: int
    keep_alive: bool

    @property
    def interim(self) -> bool:
        """Whether another answer to the same request follows."""
        return self.status < 200 and self.status != 101


def parse_request(raw: bytes) -> RequestHead:
    """Understand a request's head; raises Malformed."""
    line = _REQUEST.match(raw)
    if line is None:
        raise Malformed(f"no HTTP/1.1 request begins like this: {raw[:60]!r}")
    fields = _fields(raw, line.end())
    length, chunked = _length(fields)
    if chunked and length is not None:
        raise Malformed("a request with both Content-Length and Transfer-Encoding")
    if chunked and line[3] == b"0":
        raise Malformed("an HTTP/1.0 request with Transfer-Encoding")
    tokens = _tokens(fields)
    method = line[1].decode("ascii")
    if method == "CONNECT":
        raise Malformed("CONNECT asks for a proxy, and this is not one")
    return RequestHead(
        raw=raw,
        method=method,
        path=_path(line[2].decode("latin-1")),
        body_bytes=CHUNKED if chunked else length or NO_BODY,
        keep_alive=_keeps(line[3], tokens),
        upgrade=b"upgrade" in tokens and b"upgrade" in fields,
        cookies=tuple(fields.get(b"cookie", ())),
    )


def parse_answer(raw: bytes, method: str) -> AnswerHead:
    """Understand the head of an answer to a request of that method; raises Malformed."""
    line = _ANSWER.match(raw)
    if line is None:
        raise Malformed(f"no HTTP/1.1 answer begins like this: {raw[:60]!r}")
    status = int(line[2])
    fields = _fields(raw, line.end())
    if status < 200 or status in (204, 304) or method == "HEAD":
        body_bytes = NO_BODY
    else:
        length, chunked = _length(fields)
        # Transfer-Encoding wins, as it does in browsers.
        body_bytes = CHUNKED if chunked else UNTIL_EOF if length is None else length
    keeps = _keeps(line[1], _tokens(fields)) and body_bytes != UNTIL_EOF
    return AnswerHead(raw, status, body_bytes, keeps)


def _fields(raw: bytes, begin: int) -> dict[bytes, list[bytes]]:
    """The values that matter to a front, by lower-case name."""
    if _FIELDS.fullmatch(raw, begin) is None:
        raise Malformed("a head with a line that is no `name: value`")
    fields: dict[bytes, list[bytes]] = {}
    for found in _WANTED.finditer(raw, begin - 1):
        fields.setdefault(found[1].lower(), []).append(found[2].strip(b" \t"))
    return fields


def _length(fields: dict[bytes, list[bytes]]) -> tuple[int | None, bool]:
    """The Content-Length, None without one, and whether the body comes in chunks."""
    codings = b",".join(fields.get(b"transfer-encoding", ())).lower()
    if codings and codings.strip() != b"chunked":
        raise Malformed(f"the transfer encoding {codings[:40]!r}; only chunked is understood")
    lengths = set(fields.get(b"content-length", ()))
    if len(lengths) > 1 or not all(_DIGITS.fullmatch(value) for value in lengths):
        raise Malformed(f"the content length {sorted(lengths)[:3]!r}, which is no single number")
    return (int(lengths.pop()) if lengths else None), bool(codings)


def _tokens(fields: dict[bytes, list[bytes]]) -> set[bytes]:
    told = fields.get(b"connection")
    return {word.strip().lower() for word in b",".join(told).split(b",")} if told else set()


def _keeps(minor: bytes, tokens: set[bytes]) -> bool:
    return b"close" not in tokens if minor == b"1" else b"keep-alive" in tokens


def _path(target: str) -> str:
    if "://" in target.partition("?")[0]:
        target = "/" + target.partition("://")[2].partition("/")[2]
    return target.partition("?")[0]


H = TypeVar("H", bound=Head)
Event: TypeAlias = H | bytes | Mark


class Framer(Generic[H]):
    """Bytes go in by feed, in any pieces; read gives one thing at a time.

    Whoever does not read on keeps the next message waiting: that is how requests queue.
    """

    def __init__(self, parse: Callable[[bytes], H]) -> None:
        self._parse = parse
        self._buffer = b""
        self._searched = 0
        self._left = 0
        self._trailer_bytes = 0
        self._read: Callable[[], Event[H] | None] = self._head

    @property
    def held_bytes(self) -> int:
        """How much was fed and not read."""
        return len(self._buffer)

    @property
    def between(self) -> bool:
        """Whether no message has begun."""
        return self._read == self._head and not self._buffer

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        self._buffer = self._buffer + data if self._buffer else data

    def read(self) -> Event[H] | None:
        """A head, a piece of its body, or END; None where more has to be fed. Raises Malformed."""
        return self._read()

    def finish(self) -> Mark | None:
        """The stream ended: END where that ends the message, None where no message had begun.

        Raises Malformed where it cuts one.
        """
        if self._read == self._until_eof:
            self._read = self._head
            return END
        if self.between:
            return None
        raise Malformed("the connection ended within a message")

    def rest(self) -> bytes:
        """Take what was fed and not read, whatever it is: the stream is no HTTP from here."""
        rest, self._buffer = self._buffer, b""
        return rest

    def _take(self, count: int) -> bytes:
        buffer = self._buffer
        if count >= len(buffer):
            self._buffer = b""
            return buffer
        self._buffer = buffer[count:]
        return buffer[:count]

    def _head(self) -> H | None:
        if self._buffer.startswith(b"\r\n"):  # some clients send one more after a body
            self._buffer = self._buffer.lstrip(b"\r\n")
            self._searched = 0
        end = self._buffer.find(b"\r\n\r\n", self._searched) + 4
        if (len(self._buffer) if end < 4 else end) > HEAD_BYTES_MAX:
            raise Malformed(f"a head of more than {HEAD_BYTES_MAX} bytes")
        if end < 4:
            self._searched = max(0, len(self._buffer) - 3)
            return None
        self._searched = 0
        head = self._parse(self._take(end))
        self._left = head.body_bytes
        self._read = {
            NO_BODY: self._end,
            CHUNKED: self._chunked,
            UNTIL_EOF: self._until_eof,
        }.get(self._left, self._counted)
        self._left = max(0, self._left)
        return head

    def _end(self) -> Mark:
        self._read = self._head
        return END

    def _counted(self) -> bytes | None:
        if not self._buffer:
            return None
        piece = self._take(self._left)
        self._left -= len(piece)
        if not self._left:
            self._read = self._end
        return piece

    def _until_eof(self) -> bytes | None:
        return self._take(len(self._buffer)) or None

    def _chunked(self) -> bytes | None:
        """As many whole lines and as much data as there is, in one piece."""
        buffer, at = self._buffer, 0
        while True:
            if self._left:
                at, short = self._data(buffer, at)
                if short:
                    break
            end = buffer.find(b"\r\n", at)
            if (len(buffer) if end < 0 else end) - at > CHUNK_LINE_BYTES_MAX:
                raise Malformed(f"a chunk's line of more than {CHUNK_LINE_BYTES_MAX} bytes")
            if end < 0:
                break
            size = _CHUNK.fullmatch(buffer, at, end)
            if size is None:
                raise Malformed(f"the chunk size {buffer[at : min(end, at + 40)]!r}")
            at = end + 2
            self._left = int(size[1], 16) + 2  # and the end of its line
            if self._left == 2:
                self._left, self._read, self._trailer_bytes = 0, self._trailer, 0
                break
        return (self._take(at) if at else None) or (
            self._trailer() if self._read == self._trailer else None
        )

    def _data(self, buffer: bytes, at: int) -> tuple[int, bool]:
        """Pass over a chunk's data and the end of its line; whether there is not enough."""
        stop = min(at + self._left, len(buffer))
        after = self._left - (stop - at)
        # Of the two bytes after the data those that are here, whichever they are.
        ending = b"\r\n"[max(0, 2 - self._left) : 2 - after] if after < 2 else b""
        if ending and buffer[stop - len(ending) : stop] != ending:
            raise Malformed("a chunk that is longer than its size")
        self._left = after
        return stop, bool(after)

    def _trailer(self) -> bytes | None:
        buffer, at = self._buffer, 0
        while (end := buffer.find(b"\r\n", at)) >= 0:
            empty = end == at
            if not empty and _TRAILER.fullmatch(buffer, at, end) is None:
                raise Malformed("a trailer with a line that is no `name: value`")
            at = end + 2
            if empty:
                self._read = self._end
                break
        self._trailer_bytes += at
        if self._trailer_bytes + (len(buffer) - at if end < 0 else 0) > HEAD_BYTES_MAX:
            raise Malformed(f"a trailer of more than {HEAD_BYTES_MAX} bytes")
        return self._take(at) if at else None


class AnswerFramer(Framer[AnswerHead]):
    """Answers of one connection; method is that of the request whose answer comes next."""

    def __init__(self) -> None:
        self.method = "GET"
        super().__init__(lambda raw: parse_answer(raw, self.method))
