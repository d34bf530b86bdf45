"""What stands behind the front in the tests: a real server that remembers every byte it got."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness.front import Front


@dataclass
class Request:
    """One request as it arrived."""

    head: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def line(self) -> str:
        """Its first line."""
        return self.head.partition(b"\r\n")[0].decode()


Reply = Callable[["Application", Request], Awaitable[bytes | None]]


def await_quiet(front: Front, target: str) -> None:
    """Return when no request is in flight at the target."""
    end_s = time.monotonic() + 10
    while front.answered()[target].in_flight:
        assert time.monotonic() < end_s, f"requests are still in flight at {target}"
        time.sleep(0.01)


def ok(body: bytes, *lines: bytes) -> bytes:
    """An answer with that body."""
    head = b"".join(line + b"\r\n" for line in lines)
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), head, body)


async def by_name(application: Application, request: Request) -> bytes | None:
    """Answer with the application's own name."""
    return ok(application.name.encode())


@dataclass
class Application:
    """Answers as reply says; None ends the connection."""

    name: str
    reply: Reply = by_name
    requests: list[Request] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while head := await reader.readuntil(b"\r\n\r\n"):
                    self.heads.append(head)
                    if b"expect: 100-continue" in head.lower():
                        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    request = Request(head, await body_of(head, reader), reader, writer)
                    self.requests.append(request)
                    answer = await self.reply(self, request)
                    if answer is None:
                        break
                    writer.write(answer)
                    await writer.drain()
        finally:
            writer.close()

    @property
    def lines(self) -> list[str]:
        """The first lines of what it was asked."""
        return [request.line for request in self.requests]


async def body_of(head: bytes, reader: asyncio.StreamReader) -> bytes:
    """The body that follows a head, as it came."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line.partition(b":")[2]))
        if line.startswith(b"transfer-encoding:"):
            whole = b""
            while not whole.endswith(b"0\r\n\r\n"):
                whole += await reader.readuntil(b"\r\n")
            return whole
    return b""


@contextmanager
def running(name: str, reply: Reply = by_name, port: int = 0) -> Iterator[Application]:
    """The application, listening until the end of the block; at a free port where none is told."""
    application = Application(name, reply)
    loop = asyncio.new_event_loop()
    listening = socket.create_server(("127.0.0.1", port))
    application.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def main() -> None:
        server = await asyncio.start_server(
            lambda *streams: application.serve(*streams),  # noqa: PLW0108 - a test may replace it
            sock=listening,
        )
        stop.append(asyncio.Event())
        ready.set()
        await stop[0].wait()
        server.close()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)  # and the connections are closed

    stop: list[asyncio.Event] = []
    ready = threading.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield application
    finally:
        loop.call_soon_threadsafe(stop[0].set)
        thread.join(10)
        loop.close()


class Caller:
    """A client that sends exactly the bytes it is given."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self.sock = socket.create_connection((host, int(port)), timeout=10)
        self._buffer = b""

    @property
    def unread(self) -> bytes:
        """What came and was not asked for."""
        return self._buffer

    def send(self, data: bytes) -> None:
        """Send it."""
        self.sock.sendall(data)

    def read(self, until: bytes) -> bytes:
        """What comes, up to and with these bytes; raises ConnectionError where it ends before."""
        while until not in self._buffer:
            self._more()
        end = self._buffer.index(until) + len(until)
        found, self._buffer = self._buffer[:end], self._buffer[end:]
        return found

    def read_bytes(self, count: int) -> bytes:
        """That many bytes."""
        while len(self._buffer) < count:
            self._more()
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def answer(self) -> tuple[bytes, bytes]:
        """Head and body of an answer with a Content-Length."""
        head = self.read(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return head, self.read_bytes(int(line.partition(b":")[2]))
        return head, b""

    def ask(self, line: str = "GET /", *lines: str, body: bytes = b"") -> tuple[bytes, bytes]:
        """One request and its answer."""
        more = "".join(f"{each}\r\n" for each in lines)
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.send(f"{line} HTTP/1.1\r\nHost: h\r\n{more}{length}\r\n".encode() + body)
        return self.answer()

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        with contextlib.suppress(ConnectionAbortedError):
            while True:
                self._more()
        rest, self._buffer = self._buffer, b""
        return rest

    def _more(self) -> None:
        data = self.sock.recv(65_536)
        if not data:
            raise ConnectionAbortedError(f"ended after {self._buffer!r}")
        self._buffer += data
