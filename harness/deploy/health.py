"""Waiting until a release answers, and answers as itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.errors import UsageError
from harness.plan.schema import Health

POLL_S = 0.05
ANSWER_S_MAX = 5.0
BODY_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question to the health address gave: an HTTP status, or the failure in words.

    release is what the asked key of the JSON body holds, None where there is no such text.
    """

    status: int
    release: str | None = None
    failure: str = ""

    @property
    def good(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return self.failure or f"HTTP {self.status}"


def await_answer(
    ask: Callable[[], Answer],
    accept: Callable[[Answer], bool],
    limit_s: float,
    failed: Callable[[], bool] = lambda: False,
) -> Answer:
    """The first accepted answer, else the last one when limit_s is over or ``failed`` says so."""
    deadline_s = time.monotonic() + limit_s
    while True:
        answer = ask()
        if accept(answer) or failed() or time.monotonic() >= deadline_s:
            return answer
        time.sleep(POLL_S)


def health_problem(answer: Answer, health: Health, release: str) -> str:
    """What keeps the answer from being that release's good health; "" where nothing does."""
    if not answer.good:
        return (
            f"GET {health.path} was to answer 2xx within {health.timeout_s_max:g} s, "
            f"the last attempt gave {answer}"
        )
    if health.release is None or answer.release == release:
        return ""
    if answer.release is None:
        return (
            f"{health.path} answers no release: its JSON has no text under {health.release!r}, "
            f"waited {health.timeout_s_max:g} s"
        )
    return f"{health.path} answers release {answer.release!r}, not {release!r}"


def ask_health(url: str, path: str, key: str | None) -> Answer:
    """Ask once, without proxies or redirects; the whole answer has ANSWER_S_MAX to come.

    Raises UsageError on an address that is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is no address; write http://HOST:PORT")
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname, parts.port, timeout=ANSWER_S_MAX)
    answers: list[Answer] = []

    def work() -> None:
        answers.append(_ask(connection, parts.path.rstrip("/") + path, key))

    # A timeout of the socket is one for each piece: an answer in drops would never be over.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(ANSWER_S_MAX)
    if not answers:
        _cut_off(connection)
        return Answer(0, failure=f"no whole answer within {ANSWER_S_MAX:g} s")
    return answers[0]


def _ask(connection: http.client.HTTPConnection, path: str, key: str | None) -> Answer:
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(BODY_BYTES_MAX)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(0, failure=str(error) or type(error).__name__)
    finally:
        connection.close()
    return Answer(response.status, _named(body, key))


def _cut_off(connection: http.client.HTTPConnection) -> None:
    """End whoever still waits for the rest."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def _named(body: bytes, key: str | None) -> str | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        # Brackets within brackets, for as long as the answer may be.
        return None
    named = data.get(key) if isinstance(data, dict) else None
    return named if isinstance(named, str) else None
