"""What the front does to requests and answers while a block lasts, and not a moment longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from harness.front import Front
from tests.front.application import Application, Caller, Request, await_quiet, ok

Behind = Callable[..., Application]


def test_held_requests_go_where_they_are_due_afterwards(behind: Behind, front: Front) -> None:
    """A request that was held over a switch is sent once, to the new target."""
    old, new = behind("old"), behind("new")
    callers = [Caller(front.url) for _ in range(3)]
    with front.hold():
        for caller in callers:
            caller.send(b"POST /notes HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext")
        time.sleep(0.1)
        front.to(new.name)

        assert (old.requests, new.requests) == ([], [])
    assert [new.name.encode()] * 3 == [caller.answer()[1] for caller in callers]
    assert (len(old.requests), len(new.requests)) == (0, 3)


def test_requests_held_from_one_target_may_leave_for_another(behind: Behind, front: Front) -> None:
    """A hold of one target lets its requests go as soon as a switch sends them elsewhere."""
    old, new = behind("old"), behind("new")
    caller = Caller(front.url)
    with front.hold(target=old.name):
        caller.send(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(0.05)
        front.to(new.name)

        assert caller.answer()[1] == new.name.encode()


def test_a_held_answer_was_acted_on(behind: Behind, caller: Caller, front: Front) -> None:
    """With answers held the application has the request, and the client has nothing until then."""
    old = behind()
    with front.hold(side="answer"):
        caller.send(b"POST /notes HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext")
        while not old.requests:
            time.sleep(0.01)
        caller.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            caller.sock.recv(1)
    caller.sock.settimeout(10)

    assert caller.answer()[1] == old.name.encode()


def test_a_held_answer_survives_its_target(behind: Behind, caller: Caller, front: Front) -> None:
    """An answer that was whole when its target ended the connection is passed on afterwards."""

    async def last(application: Application, request: Request) -> None:
        request.writer.write(ok(b"last words"))

    old = behind(reply=last)
    with front.hold(side="answer"):
        caller.send(b"GET / HTTP/1.1\r\n\r\n")
        while not old.requests:
            time.sleep(0.01)
        time.sleep(0.1)

    assert caller.answer()[1] == b"last words"


def test_who_gives_up_is_never_sent_on(behind: Behind, front: Front, caller: Caller) -> None:
    """The request of a client that left while it was held does not reach the application."""
    old = behind()
    with front.hold():
        caller.send(b"POST /notes HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext")
        time.sleep(0.1)
        caller.sock.close()
        time.sleep(0.1)

    assert Caller(front.url).ask()[1] == old.name.encode()
    assert old.lines == ["GET / HTTP/1.1"]


@pytest.mark.parametrize("side", ["request", "answer"])
def test_delays_last_as_long_as_asked(
    behind: Behind, front: Front, caller: Caller, side: str
) -> None:
    """What is delayed comes that much later, and what is not meant comes at once."""
    behind()
    with front.delayed(0.3, pattern="POST /slow*", side=side):  # type: ignore[arg-type]
        began_s = time.monotonic()
        caller.ask("POST /slow/1", body=b"a")
        took_s = time.monotonic() - began_s
        caller.ask("GET /slow/1")
        after_s = time.monotonic() - began_s - took_s

    assert took_s >= 0.3
    assert after_s < 0.3


def test_a_delay_is_healed_with_its_block(behind: Behind, front: Front, caller: Caller) -> None:
    """What still waits when the block ends goes on at once."""
    behind()
    with front.delayed(60):
        caller.send(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(0.05)

    assert caller.answer()[1]


@pytest.mark.parametrize("passed", [0, 20, 60])
def test_a_reset_lets_as_many_bytes_pass(
    behind: Behind, front: Front, caller: Caller, passed: int
) -> None:
    """The client gets that many bytes of the answer and then a reset; the application acted."""

    async def long(application: Application, request: Request) -> bytes:
        return ok(b"a" * 100)

    old = behind(reply=long)
    with front.reset(passed):
        caller.send(b"POST /notes HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext")
        got = caller.read_bytes(passed)
        with pytest.raises(ConnectionResetError):
            caller.sock.recv(1)

    assert passed == len(got)
    assert caller.unread == b""
    assert old.lines == ["POST /notes HTTP/1.1"]
    assert front.answered()[old.name].unanswered == 1


def test_a_reset_may_cut_a_request(behind: Behind, front: Front, caller: Caller) -> None:
    """Of the request's side the application gets so many bytes, and never the whole."""
    old = behind()
    head = b"POST /notes HTTP/1.1\r\nContent-Length: 50\r\n\r\n"
    with front.reset(len(head) + 10, side="request"):
        caller.send(head + b"a" * 50)
        with pytest.raises(ConnectionResetError):
            caller.sock.recv(1)
    await_quiet(front, old.name)

    assert old.requests == []


def test_what_is_shorter_than_a_reset_passes(behind: Behind, front: Front, caller: Caller) -> None:
    """A reset after more bytes than an answer has does nothing to it."""
    old = behind()
    with front.reset(10_000):
        assert caller.ask()[1] == old.name.encode()
        assert caller.ask()[1] == old.name.encode()


def test_a_cut_ends_what_is_under_way_and_what_comes(behind: Behind, front: Front) -> None:
    """A cut resets idle connections, requests in flight and new ones, and sends nothing on."""
    gone = threading.Event()

    async def waits(application: Application, request: Request) -> bytes | None:
        if request.line.startswith("GET /slow"):
            try:
                await request.reader.read(1)
            finally:
                gone.set()
            return None
        return ok(b"")

    old = behind(reply=waits)
    idle, busy = Caller(front.url), Caller(front.url)
    idle.ask()
    busy.send(b"GET /slow HTTP/1.1\r\n\r\n")
    while not front.answered()[old.name].in_flight:
        time.sleep(0.01)
    with front.cut():
        for caller in (idle, busy):
            with pytest.raises(ConnectionResetError):
                caller.sock.recv(1)
        with pytest.raises(ConnectionResetError):
            Caller(front.url).ask()

        assert gone.wait(10)
    assert Caller(front.url).ask("GET /after")[0]
    assert old.lines[-1] == "GET /after HTTP/1.1"


def test_a_cut_of_some_leaves_the_others(behind: Behind, front: Front, caller: Caller) -> None:
    """A cut by path resets requests of that path only."""
    old = behind()
    other = Caller(front.url)
    with front.cut(pattern="/notes/*"):
        other.send(b"GET /notes/1 HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            other.sock.recv(1)

        assert caller.ask("GET /else")[1] == old.name.encode()
    assert old.lines == ["GET /else HTTP/1.1"]


def test_faults_are_healed_when_their_block_breaks(behind: Behind, front: Front) -> None:
    """An error in the block heals its fault as well."""
    old = behind()
    with pytest.raises(ZeroDivisionError), front.hold(), front.cut():
        _ = 1 / 0

    assert Caller(front.url).ask()[1] == old.name.encode()
