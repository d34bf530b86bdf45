"""Where messages begin and end in a stream of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.front.framing import (
    CHUNK_LINE_BYTES_MAX,
    END,
    HEAD_BYTES_MAX,
    AnswerFramer,
    AnswerHead,
    Framer,
    Malformed,
    RequestHead,
    parse_answer,
    parse_request,
)

NAMES = st.from_regex(r"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True).filter(
    lambda name: name.lower() not in {"content-length", "transfer-encoding", "connection"}
)
VALUES = st.binary(max_size=20).map(lambda value: bytes(b for b in value if b not in b"\r\n\0"))
FIELDS = st.lists(st.tuples(NAMES.map(str.encode), VALUES), max_size=4).map(
    lambda fields: b"".join(b"%s: %s\r\n" % field for field in fields)
)
CHUNKS = st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from([b"", b";a=b"])))


@st.composite
def framed(draw: st.DrawFn) -> bytes:
    """Fields, an empty line and a body, framed by length or in chunks."""
    fields = draw(FIELDS)
    if draw(st.booleans()):
        body = draw(st.binary(max_size=60))
        return fields + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(data), more, data) for data, more in draw(CHUNKS))
    trailer = draw(FIELDS)
    return fields + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailer + b"\r\n"


@st.composite
def cut(draw: st.DrawFn, first_line: bytes) -> tuple[list[bytes], list[bytes]]:
    """Messages, and the same bytes in pieces of any size."""
    messages = [first_line + body for body in draw(st.lists(framed(), min_size=1, max_size=3))]
    stream = b"".join(messages)
    places = sorted(draw(st.sets(st.integers(1, max(1, len(stream) - 1)), max_size=12)))
    return messages, [stream[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]


def whole(framer: Framer[RequestHead] | AnswerFramer, pieces: list[bytes]) -> list[bytes]:
    """Every message that a framer finds, put together again."""
    found, message = [], b""
    for piece in pieces:
        framer.feed(piece)
        while (event := framer.read()) is not None:
            if event is END:
                found.append(message)
                message = b""
            else:
                message += event if isinstance(event, bytes) else event.raw
    assert framer.between
    return found


@given(cut(b"POST /a?b HTTP/1.1\r\n"))
def test_requests_are_the_same_in_any_pieces(case: tuple[list[bytes], list[bytes]]) -> None:
    """However a stream is cut, the same requests come out, byte for byte."""
    messages, pieces = case

    assert messages == whole(Framer(parse_request), pieces)


@given(cut(b"HTTP/1.1 200 OK\r\n"))
def test_answers_are_the_same_in_any_pieces(case: tuple[list[bytes], list[bytes]]) -> None:
    """However a stream is cut, the same answers come out, byte for byte."""
    messages, pieces = case

    assert messages == whole(AnswerFramer(), pieces)


@given(st.binary(max_size=200), st.sets(st.integers(1, 199)))
def test_any_bytes_are_read_or_refused(data: bytes, places: set[int]) -> None:
    """Whatever comes in whatever pieces is read or refused, and the refusal is the same."""
    stream = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + data
    order = sorted(places)
    pieces = [stream[a:b] for a, b in zip([0, *order], [*order, None], strict=True)]

    assert read_all([stream]) == read_all(pieces)


def read_all(pieces: list[bytes]) -> tuple[bytes, int, bool]:
    """What a framer made of it: the bytes read, the messages ended, whether it refused.

    How much was passed on before a refusal depends on the pieces, so it does not count then.
    """
    framer, read, ended = Framer(parse_request), b"", 0
    try:
        for piece in pieces:
            framer.feed(piece)
            while (event := framer.read()) is not None:
                ended += event is END
                read += event if isinstance(event, bytes) else b""
    except Malformed:
        return b"", ended, True
    return read, ended, False


@pytest.mark.parametrize(
    ("method", "head", "body_bytes"),
    [
        ("GET", b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 0),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5),
        ("GET", b"HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\nContent-Length: 5\r\n\r\n", -1),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\n", -2),
    ],
)
def test_what_follows_an_answers_head(method: str, head: bytes, body_bytes: int) -> None:
    """Status, method and fields say how long an answer's body is, or that there is none."""
    assert body_bytes == parse_answer(head, method).body_bytes


@pytest.mark.parametrize(
    ("line", "fields", "keeps"),
    [
        (b"HTTP/1.1", b"", True),
        (b"HTTP/1.1", b"Connection: foo, Close\r\n", False),
        (b"HTTP/1.0", b"", False),
        (b"HTTP/1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_whether_a_connection_stays(line: bytes, fields: bytes, keeps: bool) -> None:
    """A connection stays as its version and its fields say."""
    assert keeps is parse_request(b"GET / " + line + b"\r\n" + fields + b"\r\n").keep_alive


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length:\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length : 5\r\n",
        b"A: b\r\n c\r\n",
        b"A: b\nContent-Length: 5\r\n",
        b"A: b\0\r\n",
        b"nothing\r\n",
    ],
)
def test_a_head_of_two_meanings_is_refused(fields: bytes) -> None:
    """What a front and a server could frame differently is never sent on."""
    with pytest.raises(Malformed):
        parse_request(b"POST / HTTP/1.1\r\n" + fields + b"\r\n")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_other_first_lines_are_refused(raw: bytes) -> None:
    """Other versions, other spaces and requests to a proxy are refused."""
    with pytest.raises(Malformed):
        parse_request(raw)


@pytest.mark.parametrize(
    "stream",
    [
        b"GET / HTTP/1.1\r\nA: " + b"a" * HEAD_BYTES_MAX,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * CHUNK_LINE_BYTES_MAX,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"a" * HEAD_BYTES_MAX,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
)
def test_heads_and_chunks_have_limits(stream: bytes) -> None:
    """Heads, lines of chunks and trailers end within their limits, and data where its size says."""
    assert read_all([stream])[2] is True


def test_a_stream_that_ends() -> None:
    """An end closes a body without a length, is nothing between messages, and cuts any other."""
    open_ended = AnswerFramer()
    open_ended.feed(b"HTTP/1.1 200 OK\r\n\r\nabc")
    assert isinstance(open_ended.read(), AnswerHead)
    assert open_ended.read() == b"abc"
    assert open_ended.finish() is END
    assert AnswerFramer().finish() is None
    short = AnswerFramer()
    short.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc")
    assert isinstance(short.read(), AnswerHead)
    with pytest.raises(Malformed, match="within"):
        short.finish()


def test_the_path_of_a_request() -> None:
    """The path has no query, and no address where a request names one."""
    assert parse_request(b"GET /a/b?c=http://d HTTP/1.1\r\n\r\n").path == "/a/b"
    assert parse_request(b"GET http://host:1/a?b HTTP/1.1\r\n\r\n").path == "/a"
    assert parse_request(b"OPTIONS * HTTP/1.1\r\n\r\n").path == "*"
