"""Whatever answers at the health address, asking it ends, and soon."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from harness.deploy import health
from harness.deploy.health import Answer, ask_health

LIMIT_S = 0.5
DROP_S = 0.05
OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that takes one question and answers as it is told."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def work() -> None:
            with server.accept()[0] as taken:
                taken.recv(65_536)
                try:
                    answer(taken)
                except OSError:
                    # Whoever asked has hung up, which is what is asked for.
                    return

        thread = threading.Thread(target=work)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)
        assert not thread.is_alive()


def whole(body: bytes) -> Callable[[socket.socket], None]:
    return lambda taken: taken.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def drops(head: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def answer(taken: socket.socket) -> None:
        taken.sendall(head)
        for _ in range(100):
            taken.sendall(drop)
            time.sleep(DROP_S)

    return answer


@pytest.mark.parametrize(
    ("head", "drop"),
    [(OK, b"X-A: b\r\n"), (OK + b"Content-Length: 1000\r\n\r\n", b" "), (b"HTTP/1.1 200 ", b"O")],
)
def test_an_answer_in_drops_has_one_deadline(
    monkeypatch: pytest.MonkeyPatch, head: bytes, drop: bytes
) -> None:
    """Headers, body or the first line: each piece comes in time, and the whole never does."""
    monkeypatch.setattr(health, "ANSWER_S_MAX", LIMIT_S)
    began_s = time.monotonic()
    with answering(drops(head, drop)) as url:
        answer = ask_health(url, "/health", "release")
        took_s = time.monotonic() - began_s

    assert not answer.good
    assert "no whole answer within" in str(answer)
    assert LIMIT_S <= took_s < 4 * LIMIT_S


def test_an_answer_in_one_piece_is_read() -> None:
    """Status and release are what was sent."""
    with answering(whole(b'{"release": "1.2"}')) as url:
        assert Answer(200, "1.2") == ask_health(url, "/health", "release")


@pytest.mark.parametrize("body", [b"[" * 500_000, b'{"a":' * 150_000, b"\xff", b"[]", b""])
def test_a_body_that_is_no_answer_names_no_release(body: bytes) -> None:
    """Nested without end, no text, no table, nothing: the status counts, and no release."""
    with answering(whole(body)) as url:
        assert Answer(200, None) == ask_health(url, "/health", "release")
