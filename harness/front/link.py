"""Connections to one target: kept open between requests, and never used twice at once."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

from harness.front.counts import Counts
from harness.front.framing import AnswerFramer
from harness.front.routing import Address

if TYPE_CHECKING:
    from harness.front.exchange import Exchange

CONNECT_S_MAX = 5.0
# Servers close what is idle for some seconds (5 is common, 2 the least seen); what is younger
# than this was not closed for being idle while a request is on its way.
IDLE_S_MAX = 1.0
# For what a client that has gone had sent before.
LEAVE_S_MAX = 30.0
HELD_BYTES_MAX = 65_536
_ENDED = select.POLLIN | select.POLLHUP | select.POLLERR


def reset(transport: asyncio.Transport) -> None:
    """End a connection so that its other end sees a reset, and nothing more of what was written."""
    if not transport.is_closing():
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Link(asyncio.Protocol):
    """One connection to a target, and the exchange that it serves just now."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.framer = AnswerFramer()
        self.exchange: Exchange | None = None
        self.full = False
        self.lost = False
        # On the loop's clock: when the target last said something, or took the connection.
        self.heard_s = asyncio.get_running_loop().time()
        self._poll = select.poll()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self.transport = cast(asyncio.Transport, transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def usable(self) -> bool:
        """Whether the target has neither closed it nor said something that nobody asked for.

        Asked of the kernel: what came since the loop last looked counts too.
        """
        if self.lost or self.transport.is_closing() or not self.framer.between:
            return False
        return not any(event & _ENDED for _, event in self._poll.poll(0))

    def data_received(self, data: bytes) -> None:
        """More of an answer, or of a tunnel."""
        if self.exchange is None:  # an answer that nobody asked for would be the next one's
            self.transport.abort()
            return
        if self.exchange.tunnel:
            self.exchange.client.transport.write(data)
            self.exchange.touch()
            if self.exchange.client.full:
                self.transport.pause_reading()
            return
        self.heard_s = self.exchange.client.now_s()
        self.framer.feed(data)
        self.exchange.pump_answer()

    def eof_received(self) -> bool:
        """The target has nothing more to say."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone; whoever was waiting is told."""
        self.lost = True
        self.pool.forget(self)
        if self.exchange is not None:
            self.exchange.link_lost(exc)

    def leave(self) -> None:
        """End the connection once what was written is sent; whatever comes is for nobody."""
        self.exchange = None
        self.transport.close()
        if self.transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(LEAVE_S_MAX, self.transport.abort)

    def pause_writing(self) -> None:
        """The target takes no more for now."""
        self.full = True

    def resume_writing(self) -> None:
        """It takes more."""
        self.full = False
        if self.exchange is not None:
            self.exchange.client.pump()


class Pool:
    """The connections to one target; counts say what became of its requests."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.counts = Counts()
        self._idle: deque[Link] = deque()

    def idle(self, now_s: float) -> Link | None:
        """A connection that is open and unused, the youngest first; None where there is none."""
        while self._idle:
            link = self._idle.pop()
            if now_s - link.heard_s <= IDLE_S_MAX and link.usable():
                return link
            link.transport.abort()
        return None

    async def connect(self) -> Link:
        """A new connection; raises OSError or TimeoutError where the target takes none."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S_MAX):
            _, link = await loop.create_connection(
                lambda: Link(self), self.address.host, self.address.port
            )
        return link

    def release(self, link: Link) -> None:
        """Keep a connection whose exchange is over for the next one."""
        link.exchange = None
        if link.lost or link.transport.is_closing():
            return
        link.transport.resume_reading()
        self._idle.append(link)

    def forget(self, link: Link) -> None:
        """It is gone."""
        if link in self._idle:
            self._idle.remove(link)

    def sweep(self, now_s: float) -> None:
        """Close what nobody used for too long."""
        while self._idle and now_s - self._idle[0].heard_s > IDLE_S_MAX:
            self._idle.popleft().transport.close()

    def close_idle(self) -> None:
        """Close every connection that serves nobody."""
        while self._idle:
            self._idle.pop().transport.abort()
