"""One record, asked for over HTTP: without redirects, within a limit, and never from a cache."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from harness.errors import StorageUnreadable
from harness.hiding import scrub, words_of_header

BODY_BYTES_MAX = 20_000_000
WORDS_CHARS_MAX = 120
_T = TypeVar("_T")
# What stands between may answer for the application; this asks it not to.
ASKED: Mapping[str, str] = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: its status, its headers (those of one name joined by commas), and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks an API for records; headers are secrets, and whole answers have limit_s to come."""

    url: SplitResult = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    limit_s: float

    @property
    def address(self) -> str:
        """Where it is, as it may be shown."""
        port = f":{self.url.port}" if self.url.port is not None else ""
        return f"{self.url.scheme}://{self.url.hostname}{port}{self.url.path.rstrip('/')}"

    def record(self, path: str) -> dict[str, Any] | None:
        """The JSON object that is answered, numbers as they are spelled; None for a 404 with one.

        Raises StorageUnreadable on anything else, and says what was answered.
        """
        answer = self._ask(path)
        told = f"answered HTTP {answer.status}"
        age = answer.headers.get("age", "0")
        if any(one.strip() != "0" for one in age.split(",")):
            raise StorageUnreadable(
                f"{told} with Age {self.shown(age)}: a cache's answer, which says nothing of "
                "storage; let these requests pass the cache by"
            )
        if answer.status not in (200, 404):
            raise StorageUnreadable(f"{told}{self._why(answer)}")
        try:
            data = json.loads(
                answer.body,
                parse_int=str,
                parse_float=str,
                parse_constant=str,
                object_pairs_hook=_once,
            )
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            kind = self.shown(answer.headers.get("content-type", ""))
            raise StorageUnreadable(
                f"{told} with the content type {kind}, and no JSON object but "
                f"{self._words(answer.body)}; is it a sign-in page?"
            )
        # A 404 that is no JSON is the word of a gateway or a sign-in, not the API's on a record.
        return data if answer.status == 200 else None

    def scrubbed(self, text: str) -> str:
        """The text without the headers' secrets, also as JSON spells them."""
        values = self.headers.values()
        secrets = {*values, *(word for value in values for word in words_of_header(value))}
        return scrub(text, secrets | {json.dumps(secret)[1:-1] for secret in secrets})

    def shown(self, text: str, chars_max: int = WORDS_CHARS_MAX) -> str:
        """A text of somebody else's on one short line, without secrets or what could steer.

        Secrets go first: a cut would leave half of one, and an escape another spelling.
        """
        return f"{' '.join(self.scrubbed(text).split())!r:.{chars_max}}"

    def _why(self, answer: Answered) -> str:
        """What an answer that is no record says, with advice."""
        if 300 <= answer.status < 400:
            return (
                f" and leads to {self._where(answer)}: a sign-in is before it; give the "
                "canary's target headers that are let in"
            )
        denied = answer.status in (401, 403)
        hint = ": permission denied, do the target's headers still hold?" if denied else ""
        return f"{hint}: {self._words(answer.body)}"

    def _words(self, body: bytes) -> str:
        return self.shown(body.decode("utf-8", "replace"))

    def _where(self, answer: Answered) -> str:
        """Where a redirect leads; what stands before the host or behind the path is a secret."""
        try:
            parts = urlsplit(answer.headers.get("location", ""))
        except ValueError:
            return "what is no address"
        host = parts.netloc.rpartition("@")[2]
        return self.shown(parts._replace(netloc=host, query="", fragment="").geturl())

    def _ask(self, path: str) -> Answered:
        secure = self.url.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self.url.hostname or "", self.url.port, timeout=self.limit_s)
        connection.auto_open = 0
        late = threading.Event()

        def ask() -> tuple[http.client.HTTPResponse, bytes]:
            connection.connect()
            if late.is_set():
                connection.close()
                raise TimeoutError
            target = self.url.path.rstrip("/") + path
            connection.request("GET", target, headers={**ASKED, **self.headers})
            response = connection.getresponse()
            return response, response.read(BODY_BYTES_MAX + 1)

        try:
            response, body = _within(self.limit_s, ask)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._silent(error) from None
        finally:
            late.set()
            _hang_up(connection)
        if len(body) > BODY_BYTES_MAX:
            raise StorageUnreadable(
                f"answered more than {BODY_BYTES_MAX} bytes: no record is so long"
            )
        told: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            told.setdefault(name.lower(), []).append(value)
        joined = {name: ", ".join(values) for name, values in told.items()}
        return Answered(response.status, joined, body)

    def _silent(self, error: Exception) -> StorageUnreadable:
        """Why nothing came; without the error's words where they quote a header."""
        if isinstance(error, TimeoutError):
            return StorageUnreadable(f"timed out: no whole answer within {self.limit_s:g} s")
        if isinstance(error, OSError | http.client.HTTPException):
            words = self.scrubbed(str(error) or type(error).__name__)
            return StorageUnreadable(f"cannot be reached: {words:.{WORDS_CHARS_MAX}}")
        return StorageUnreadable("cannot be asked: the target's headers are no text of one line")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs; raises StorageUnreadable where a key has two values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise StorageUnreadable(
            "answered an object that has a key more than once: which of its values is stored "
            "nobody knows"
        )
    return found


def _within(limit_s: float, work: Callable[[], _T]) -> _T:
    """What the work returns or raises; TimeoutError where that takes longer.

    A socket's timeout is one for each address and each piece, and none for looking a name up:
    only who does not do it himself can stop waiting for it.
    """
    thread = ThreadPoolExecutor(1)
    try:
        return thread.submit(work).result(limit_s)
    finally:
        thread.shutdown(wait=False)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End the line, also for a thread that still reads from it."""
    line: socket.socket | None = connection.sock
    if line is not None:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
    connection.close()
