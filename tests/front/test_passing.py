"""What passes through the front: everything, as it was sent, once."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from harness.front import Front
from harness.front.link import IDLE_S_MAX
from tests.front.application import Application, Caller, Request, await_quiet, ok, running

STOPS_S_MAX = 5.0


def suspend(process: psutil.Process) -> None:
    """Stop it; one that was only told to may still take what comes in the next moment."""
    process.suspend()
    until_s = time.monotonic() + STOPS_S_MAX
    while process.status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < until_s
        time.sleep(0.001)


Behind = Callable[..., Application]


async def echo(application: Application, request: Request) -> bytes:
    """Answer with the body that came."""
    return ok(request.body)


def test_what_is_sent_arrives_as_it_was_sent(behind: Behind, caller: Caller) -> None:
    """Head and body reach the application byte for byte: Host unchanged, nothing added."""
    old = behind(reply=echo)

    _, body = caller.ask("POST /notes?a=%2F", "X-Odd:  a  b ", "Cookie: a=1", body=b"\0text")

    assert b"\0text" == body
    (head,) = old.heads
    assert head == (
        b"POST /notes?a=%2F HTTP/1.1\r\nHost: h\r\nX-Odd:  a  b \r\nCookie: a=1\r\n"
        b"Content-Length: 5\r\n\r\n"
    )


def test_an_answer_comes_as_it_was_given(behind: Behind, caller: Caller) -> None:
    """The application's answer reaches the client byte for byte, with nothing of the front's."""
    answer = ok(b"abc", b"Set-Cookie: a=1", b"X-Odd: 1 ")

    async def give(application: Application, request: Request) -> bytes:
        return answer

    behind(reply=give)
    head, body = caller.ask()

    assert answer == head + body


def test_connections_are_kept_on_both_sides(behind: Behind, caller: Caller) -> None:
    """Requests one after the other use one connection of the client and one of the target."""
    old = behind()

    assert [caller.ask()[1] for _ in range(5)] == [old.name.encode()] * 5
    assert old.connections == 1


def test_requests_sent_together_are_answered_in_order(behind: Behind, caller: Caller) -> None:
    """A client need not wait for an answer before it sends more; answers keep the order."""

    async def tell(application: Application, request: Request) -> bytes:
        return ok(request.line.encode())

    behind(reply=tell)
    caller.send(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")

    assert [caller.answer()[1] for _ in range(3)] == [
        b"GET /1 HTTP/1.1", b"GET /2 HTTP/1.1", b"GET /3 HTTP/1.1"
    ]  # fmt: skip


def test_chunks_pass_both_ways(behind: Behind, caller: Caller) -> None:
    """Bodies in chunks pass as chunks, and the connection serves another request afterwards."""

    async def chunked(application: Application, request: Request) -> bytes:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + request.body

    behind(reply=chunked)
    for _ in range(2):
        caller.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        caller.send(b"2;x=y\r\nde\r\n0\r\n\r\n")
        caller.read(b"\r\n\r\n")

        assert b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" == caller.read(b"0\r\n\r\n")


def test_an_answer_without_a_length_ends_with_its_connection(
    behind: Behind, caller: Caller
) -> None:
    """Where only the connection's end ends an answer, the client sees that end."""

    async def until_eof(application: Application, request: Request) -> None:
        request.writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        await request.writer.drain()

    old = behind(reply=until_eof)
    caller.send(b"GET / HTTP/1.1\r\n\r\n")

    assert b"HTTP/1.1 200 OK\r\n\r\nall of it" == caller.rest()
    assert len(old.requests) == 1


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"200 OK"])
def test_answers_without_a_body(behind: Behind, caller: Caller, status: bytes) -> None:
    """204, 304 and answers to HEAD end with their head, whatever length they tell."""

    async def bare(application: Application, request: Request) -> bytes:
        length = b"" if status.startswith(b"204") else b"Content-Length: 99\r\n"
        return b"HTTP/1.1 " + status + b"\r\n" + length + b"\r\n"

    behind(reply=bare)
    method = b"HEAD" if status == b"200 OK" else b"GET"
    for _ in range(2):
        caller.send(method + b" / HTTP/1.1\r\n\r\n")

        assert caller.read(b"\r\n\r\n").startswith(b"HTTP/1.1 " + status)


def test_a_client_that_asks_first_is_told_to_go_on(behind: Behind, caller: Caller) -> None:
    """With Expect: 100-continue it is the application that says when the body may come."""
    old = behind(reply=echo)
    caller.send(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")

    assert b"HTTP/1.1 100 Continue\r\n\r\n" == caller.read(b"\r\n\r\n")
    assert old.requests == []
    caller.send(b"abc")
    assert caller.answer()[1] == b"abc"


@pytest.mark.parametrize("said", [b"100 Continue", b"103 Early Hints"])
def test_an_interim_answer_and_the_answer_may_come_at_once(
    behind: Behind, caller: Caller, said: bytes
) -> None:
    """Where a target's 1xx and its answer arrive in one piece both are passed on."""

    async def both(application: Application, request: Request) -> bytes:
        return b"HTTP/1.1 " + said + b"\r\n\r\n" + ok(request.line.encode())

    behind(reply=both)
    for line in ("GET /1", "GET /2"):
        caller.send(f"{line} HTTP/1.1\r\n\r\n".encode())

        assert b"HTTP/1.1 " + said + b"\r\n\r\n" == caller.read(b"\r\n\r\n")
        assert f"{line} HTTP/1.1".encode() == caller.answer()[1]


def test_an_upgrade_becomes_a_tunnel(behind: Behind, front: Front, caller: Caller) -> None:
    """After 101 bytes pass both ways as they are, and a switch leaves the tunnel where it is."""

    async def upgrade(application: Application, request: Request) -> None:
        request.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nfirst"
        )
        while data := await request.reader.read(100):
            request.writer.write(data.upper())

    behind(reply=upgrade)
    caller.send(b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nearly")
    caller.read(b"\r\n\r\n")

    assert b"firstEARLY" == caller.read_bytes(10)
    front.to(behind("new").name)
    caller.send(b"\0\r\n\r\nabc")
    assert b"\0\r\n\r\nABC" == caller.read_bytes(8)


def test_large_bodies_are_streamed_and_not_held(
    behind: Behind, caller: Caller, front: Front
) -> None:
    """64 MB pass both ways, unharmed, and the front holds a small part of them at a time."""
    megabytes = 64

    async def slow_echo(application: Application, request: Request) -> None:
        digest = hashlib.sha256(request.body).hexdigest().encode()
        request.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(request.body))
        await asyncio.sleep(0.3)
        request.writer.write(request.body)
        await request.writer.drain()
        request.writer.write(digest)

    before = rss_bytes(front.pid)
    behind(reply=slow_echo)
    sent = bytes(1_000_000) * megabytes
    caller.sock.settimeout(60)
    thread = threading.Thread(
        target=caller.send,
        args=(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(sent) + sent,),
    )
    thread.start()
    caller.read(b"\r\n\r\n")
    grown = rss_bytes(front.pid) - before
    received = 0
    while received < len(sent):
        received += len(caller.sock.recv(1 << 20))
    thread.join(60)

    assert max(grown, rss_bytes(front.pid) - before) < 16_000_000
    assert received >= len(sent) - 65_536


def rss_bytes(pid: int) -> int:
    """How much memory a process holds."""
    return int(psutil.Process(pid).memory_info().rss)


def test_an_answer_that_comes_early(behind: Behind, caller: Caller) -> None:
    """An answer given before its request has ended is passed on, and what is left is for nobody."""

    async def never(application: Application, request: Request) -> None:
        raise AssertionError

    old = behind(reply=never)

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ok(b"too large"))
        await writer.drain()

    old.serve = early  # type: ignore[method-assign]
    caller.send(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc")

    assert caller.answer()[1] == b"too large"


@pytest.mark.parametrize("asked", [False, True])
def test_the_sender_is_told_only_where_asked(
    behind: Behind, front: Front, caller: Caller, asked: bool
) -> None:
    """X-Forwarded-For and -Proto are added where somebody wants them, and else nothing is."""
    old = behind()
    front._tell("forward", on=asked)
    caller.ask()
    front._tell("forward", on=False)

    assert asked is (b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n" in old.heads[0])


# What does not come back


def test_a_target_that_is_down_is_answered_for(front: Front, caller: Caller) -> None:
    """Where nothing listens the front says so: 502, a sentence, and a header of its own."""
    front.to("nobody")
    before = front.answered()["nobody"].down
    head, body = caller.ask()

    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\nHarness-Front: target-down\r\n")
    assert body.startswith(b"The target nobody is down: nothing was sent.")
    assert front.answered()["nobody"].down == before + 1


def test_a_target_that_comes_back_at_its_address_is_used_at_once(front: Front) -> None:
    """Connections from before a restart fail no request, and no wait follows while it was down."""
    port, answers = 0, []
    for number in range(4):
        with running("back", port=port) as application:
            port = int(application.url.rpartition(":")[2])
            if not number:
                front.add("back", application.url)
            front.to("back")
            answers += [Caller(front.url).ask()[1] for _ in range(3)]
        head, _ = Caller(front.url).ask("POST /notes", body=b"text")
        assert b"Harness-Front: target-down" in head

    assert answers == [b"back"] * 12
    counts = front.answered()["back"]
    assert (counts.sent, counts.answered, counts.unanswered, counts.down) == (12, 12, 0, 4)


@pytest.mark.parametrize("kept", [0, 3])
def test_a_request_without_an_answer_is_never_repeated(
    behind: Behind, front: Front, caller: Caller, kept: int
) -> None:
    """What was sent on, on a new connection or a kept one, arrives once, answered or not."""

    async def takes_and_leaves(application: Application, request: Request) -> bytes | None:
        return None if request.line.startswith("POST") else ok(b"")

    old = behind(reply=takes_and_leaves)
    for _ in range(kept):
        caller.ask()
    head, body = caller.ask("POST /notes", body=b"text")

    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\nHarness-Front: no-answer\r\n")
    assert b"Whether it acted on it is not known." in body
    assert old.lines == ["GET / HTTP/1.1"] * kept + ["POST /notes HTTP/1.1"]
    counts = front.answered()[old.name]
    assert (counts.sent, counts.answered, counts.unanswered) == (kept + 1, kept, 1)


def test_a_kept_connection_that_the_target_has_closed_is_not_used(
    behind: Behind, front: Front, caller: Caller
) -> None:
    """A request goes over a new connection where the kept one was closed before it was sent.

    The front is stopped meanwhile, so that it meets the request and the end at the same moment.
    """
    old = behind()
    caller.ask()
    front.answered()  # whoever answers this has put the connection by
    stopped = psutil.Process(front.pid)
    suspend(stopped)
    caller.send(b"POST /notes HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext")
    old.requests[0].writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    stopped.resume()

    assert caller.answer()[1] == old.name.encode()
    assert (old.connections, old.lines[1:]) == (2, ["POST /notes HTTP/1.1"])


def test_a_connection_is_not_kept_for_long(behind: Behind, front: Front, caller: Caller) -> None:
    """What a target may soon close for being idle is not used, however busy the host is.

    The front is stopped meanwhile, so that it meets the request before it has closed anything.
    """
    old = behind()
    caller.ask()
    stopped = psutil.Process(front.pid)
    suspend(stopped)
    caller.send(b"POST /notes HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext")
    time.sleep(IDLE_S_MAX + 0.05)
    stopped.resume()

    assert caller.answer()[1] == old.name.encode()
    assert old.connections == 2


def test_half_an_answer_is_not_whole_for_the_client(behind: Behind, caller: Caller) -> None:
    """Where the target breaks off within an answer the client's connection breaks as well."""

    async def half(application: Application, request: Request) -> None:
        request.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")

    behind(reply=half)
    caller.send(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        caller.rest()


@pytest.mark.parametrize("answer", [b"SSH-2.0\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n"])
def test_what_is_no_answer_is_not_passed_on(behind: Behind, caller: Caller, answer: bytes) -> None:
    """A target that speaks no HTTP, or upgrades unasked, is answered for."""

    async def odd(application: Application, request: Request) -> bytes:
        return answer

    behind(reply=odd)

    assert b"no-answer" in caller.ask()[0]


def test_what_is_no_request_is_refused(behind: Behind, front: Front) -> None:
    """A request that could be understood in two ways is answered with 400 and not sent on."""
    old = behind()
    caller = Caller(front.url)
    caller.send(
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    head, _ = caller.answer()

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\nHarness-Front: malformed\r\n")
    assert old.connections == 0


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("length", [100, 3_000_000])
def test_what_was_sent_on_the_way_out_arrives(
    behind: Behind, front: Front, caller: Caller, kept: bool, length: int
) -> None:
    """A client may send a save and be gone: it arrives whole, as it would without a front."""
    old = behind(reply=echo)
    for number in range(5):
        if kept:
            caller.ask()
        else:
            front.add(old.name, old.url)  # and no connection to it is open
        leaving = Caller(front.url)
        leaving.send(b"POST /%d HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (number, length))
        leaving.send(b"a" * length)
        leaving.sock.close()
    deadline_s = time.monotonic() + 10
    while len(saves := [r for r in old.requests if r.line.startswith("POST")]) < 5:
        assert time.monotonic() < deadline_s, old.lines
        time.sleep(0.01)

    assert [len(save.body) for save in saves] == [length] * 5


def test_a_client_that_leaves_takes_its_request_with_it(
    behind: Behind, front: Front, caller: Caller
) -> None:
    """The target of a client that has gone loses the connection too, as without a front."""
    left = threading.Event()

    async def waits(application: Application, request: Request) -> None:
        assert await request.reader.read(1) == b""
        left.set()

    old = behind(reply=waits)
    caller.send(b"GET / HTTP/1.1\r\n\r\n")
    while not old.requests:
        pass
    caller.sock.close()

    assert left.wait(10)
    await_quiet(front, old.name)
    assert front.answered()[old.name].unanswered == 1
