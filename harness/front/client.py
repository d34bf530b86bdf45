"""A client's connection: its requests one after the other, and the front's own answers."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from harness.front.exchange import Exchange
from harness.front.framing import END, Framer, Malformed, RequestHead, parse_request
from harness.front.link import HELD_BYTES_MAX, reset

if TYPE_CHECKING:
    from harness.front.proxy import Proxy

# From the end of one request to the end of the next one's head.
IDLE_S_MAX = 75.0
# A connection that is ending is still read for a while: a reset would destroy the last answer.
LINGER_S_MAX = 2.0
OWN_HEADER = "Harness-Front"


class Client(asyncio.Protocol):
    """One connection; exchange is the request that is on its way, if any."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.framer: Framer[RequestHead] = Framer(parse_request)
        self.exchange: Exchange | None = None
        self.out: list[bytes] = []
        self.full = False
        self._loop = asyncio.get_running_loop()
        self._quiet_since_s = self.now_s()
        self._ending_since_s: float | None = None
        self._draining = False
        self._paused = False

    def now_s(self) -> float:
        """The loop's clock."""
        return self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands, unless the network is cut or too many stand already."""
        self.transport = cast(asyncio.Transport, transport)
        self.proxy.admit(self)

    def data_received(self, data: bytes) -> None:
        """More of a request, or of a tunnel."""
        if self._ending_since_s is not None:
            return
        self.framer.feed(data)
        self.pump()

    def eof_received(self) -> bool:
        """The client has left: as without a front, the target loses the connection too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.proxy.clients.discard(self)
        if self.exchange is not None:
            self.exchange.leave()

    def pause_writing(self) -> None:
        """The client takes no more for now."""
        self.full = True

    def resume_writing(self) -> None:
        """It takes more."""
        self.full = False
        if self.exchange is not None and self.exchange.link is not None:
            self.exchange.link.transport.resume_reading()

    def pump(self) -> None:
        """Send on what came, as far as nothing is in the way."""
        try:
            while self._ready() and (event := self.framer.read()) is not None:
                self._take(event)
        except Malformed as error:
            self._malformed(error)
            return
        exchange = self.exchange
        if exchange is not None and exchange.link is not None:
            if exchange.tunnel:
                exchange.touch()
                exchange.link.transport.write(self.framer.rest())
            exchange.flush_request()
        self._press_back()

    def _ready(self) -> bool:
        """Whether what comes next has somewhere to go."""
        exchange = self.exchange
        if exchange is None:
            return self._ending_since_s is None
        link = exchange.link
        return not (link is None or exchange.request_ended or exchange.tunnel or link.full)

    def _take(self, event: RequestHead | bytes | object) -> None:
        exchange = self.exchange
        if isinstance(event, RequestHead):
            self.exchange = exchange = Exchange(self, event, self.now_s())
            exchange.begin()
        elif event is END and self._draining:
            self._draining = False
            self._quiet_since_s = self.now_s()
        elif event is END and exchange is not None:
            exchange.request_ended = True
        elif exchange is not None:
            exchange.touch()
            exchange.request_piece(cast(bytes, event))

    def _press_back(self) -> None:
        """Read no more while too much of what came waits; the end of a connection is seen later."""
        exchange = self.exchange
        link = exchange.link if exchange is not None else None
        waits = self.framer.held_bytes > HELD_BYTES_MAX and not self._ready()
        paused = waits or (link is not None and link.full)
        if paused != self._paused and not self.transport.is_closing():
            self._paused = paused
            if paused:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def answered(self, exchange: Exchange, keep: bool) -> None:
        """The answer is whole: close, or take the next request."""
        if self.exchange is not exchange:
            return
        self.exchange = None
        self._quiet_since_s = self.now_s()
        if not keep:
            self.close()
            return
        # An answer may come before its request has ended; what is left of it is for nobody.
        self._draining = not exchange.request_ended
        if self.framer.held_bytes or self._paused:
            self._loop.call_soon(self.pump)

    def refuse(self, status: int, word: str, sentence: str) -> None:
        """Answer in the front's own name, and end the connection."""
        self.exchange = None
        body = f"{sentence}\n".encode()
        phrase = HTTPStatus(status).phrase
        head = (
            f"HTTP/1.1 {status} {phrase}\r\n{OWN_HEADER}: {word}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
            "Connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.close()

    def close(self) -> None:
        """End the connection once what was written is sent; what still comes is not read."""
        if self._ending_since_s is not None or self.transport.is_closing():
            return
        self._ending_since_s = self.now_s()
        self.exchange = None
        self.framer.rest()
        if self._paused:
            self.transport.resume_reading()
        self.transport.write_eof()

    def _malformed(self, error: Malformed) -> None:
        exchange, self.exchange = self.exchange, None
        if exchange is not None:  # the target has half of it
            exchange.abandon()
            if exchange.answer_head is not None:
                reset(self.transport)
                return
        self.refuse(400, "malformed", f"The front does not send this on: {error}.")

    def forwarded(self, raw: bytes) -> bytes:
        """A request's head that tells for whom it is sent on."""
        host = self.transport.get_extra_info("peername")[0]
        return raw[:-2] + f"X-Forwarded-For: {host}\r\nX-Forwarded-Proto: http\r\n\r\n".encode()

    def sweep(self, now_s: float) -> None:
        """End what has taken too long."""
        exchange = self.exchange
        if self._ending_since_s is not None:
            if now_s - self._ending_since_s > LINGER_S_MAX:
                self.transport.abort()
        elif exchange is not None:
            if exchange.overdue(now_s):
                exchange.expire()
        elif now_s - self._quiet_since_s > IDLE_S_MAX:
            self.transport.close()

    def cut(self) -> None:
        """Reset the connection, and the target's with it."""
        if self.exchange is not None:
            self.exchange.cut()
        else:
            reset(self.transport)
