"""One request and its answer, between a client's connection and a target's.

A request goes on once. What was sent on and got no answer is told to the client and never sent
again: a second sending could save twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING

from harness.front.faults import Fault
from harness.front.framing import END, AnswerHead, Malformed, RequestHead
from harness.front.link import HELD_BYTES_MAX, Link, Pool, reset

if TYPE_CHECKING:
    from harness.front.client import Client

ANSWER_S_MAX = 300.0
HELD_S_MAX = 900.0
TUNNEL_IDLE_S_MAX = 3_600.0


class Exchange:
    """A request on its way; link is None until it is sent on, and after its answer."""

    def __init__(self, client: Client, head: RequestHead, now_s: float) -> None:
        self.client = client
        self.head = head
        self.began_s = self.touched_s = now_s
        self.proxy = client.proxy
        self.target = ""
        self.pool: Pool | None = None
        self.link: Link | None = None
        self.tunnel = False
        self.request_ended = False
        self.answer_head: AnswerHead | None = None
        self.out: list[bytes] = []
        self._waiting: asyncio.Task[None] | None = None
        self._admitted = False
        self._held = False
        self._left = False
        self._over = False
        self._lost: Exception | None = None
        self._passed_bytes = {"request": 0, "answer": 0}
        self._resets: dict[str, Fault | None] = {}
        self._version = -1
        self._new_cookie = False

    def touch(self) -> None:
        """Something came or went."""
        self.touched_s = self.client.now_s()

    # The request

    def begin(self) -> None:
        """Send the request on, at once where nothing is in the way."""
        if not self.proxy.faults.lasting:
            self._choose()
            link = self.proxy.pools[self.target].idle(self.client.now_s())
            if link is not None:
                self._attach(link)
                return
        self._wait(self._prepare())

    def request_piece(self, data: bytes) -> None:
        """More of the body; the client's flush sends it."""
        self.out.append(data)

    def flush_request(self) -> None:
        """Send on what has gathered."""
        if self.link is None or not self.out:
            return
        data = self.out[0] if len(self.out) == 1 else b"".join(self.out)
        self.out.clear()
        part, ends = self._until_reset("request", data)
        if part:
            self.link.transport.write(part)
        if ends:
            self.cut()

    def _choose(self) -> None:
        """Decide on the target by the routing as it is now."""
        routing = self.proxy.routing
        if self._version == self.proxy.version and self.target:
            return
        self._version = self.proxy.version
        head = self.head
        self._new_cookie = False
        routed = routing.routed(head.method, head.path) if routing.routes else None
        if routed is not None:
            self.target = routed
            return
        kept = self.proxy.sticking.target_of(head) if routing.sticky else None
        if kept is not None and kept in routing.shares:
            self.target = kept
            return
        self.target = routing.shared()
        self._new_cookie = routing.sticky

    async def _prepare(self) -> None:
        """Wait for whatever holds the request, then for a connection."""
        faults = self.proxy.faults
        while await self._admit("request"):
            pool, seen = self.proxy.pools[self.target], faults.changed
            try:
                link = pool.idle(self.client.now_s()) or await pool.connect()
            except (OSError, TimeoutError) as error:
                pool.counts.down += 1
                why = str(error) or "it took no connection in time"
                self.client.refuse(
                    502, "target-down", f"The target {self.target} is down: nothing was sent. {why}"
                )
                return
            if seen is not faults.changed:  # told otherwise while it connected, before it was sent
                pool.release(link)
                continue
            self._waiting = None
            self._attach(link)
            self.client.pump()
            if self._left:
                self.leave()
            return

    async def _admit(self, side: str) -> bool:
        """Wait until no hold or delay of this side touches it; False where it was cut."""
        faults = self.proxy.faults
        while True:
            if side == "request":
                self._choose()
            about = (side, self.target, self.head.method, self.head.path)
            if side == "request" and any(faults.of("cut", *about)):
                self.cut()
                return False
            delays_s = [fault.seconds for fault in faults.of("delay", *about)]
            left_s = self.began_s + max(delays_s, default=0.0) - self.client.now_s()
            held = any(faults.of("hold", *about))
            if not held and (not delays_s or left_s <= 0):
                return True
            self._held = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if held else left_s):
                    await faults.changed.wait()
            self._held = False

    def _attach(self, link: Link) -> None:
        """From here on the target may act on it."""
        pool = link.pool
        pool.counts.sent += 1
        pool.counts.in_flight += 1
        self.pool, self.link, link.exchange = pool, link, self
        link.framer.method = self.head.method
        raw = self.head.raw
        if self.head.cookies:
            raw = self.proxy.sticking.without_cookie(raw)
        if self.proxy.forwarded:
            raw = self.client.forwarded(raw)
        self.out.append(raw)

    # The answer

    def pump_answer(self) -> None:
        """Pass on what the target has sent, as far as nothing is in the way."""
        link = self.link
        try:
            while link is not None and self._waiting is None:
                event = link.framer.read()
                if event is None or self.tunnel:
                    break
                if isinstance(event, AnswerHead):
                    self._answer_head(event)
                elif event is END:
                    if self.answer_head is None:  # only an interim answer has ended
                        continue
                    self._answer_end()
                    return
                else:
                    self.client.out.append(event)
        except Malformed as error:
            self._unanswered(f"answered what is no HTTP/1.1: {error}.")
            return
        if link is None or self.tunnel or not self._standing():
            return
        self.flush_answer()
        if self.client.full or (self._waiting and link.framer.held_bytes > HELD_BYTES_MAX):
            link.transport.pause_reading()

    def flush_answer(self) -> None:
        """Pass on to the client what has gathered, up to where a reset is asked for."""
        out = self.client.out
        if not out:
            return
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        self.touch()
        part, ends = self._until_reset("answer", data)
        if part:
            self.client.transport.write(part)
        if ends:
            self.cut()

    def _answer_head(self, head: AnswerHead) -> None:
        faults = self.proxy.faults
        if not self._admitted and faults.lasting and not head.interim:
            # The head is kept; what follows it stays where it is until it is let through.
            self.began_s = self.client.now_s()
            self._wait(self._admit_answer(head))
            return
        if head.interim:
            self.client.out.append(head.raw)
            return
        if head.status == 101 and not self.head.upgrade:
            raise Malformed("101 to a request that asked for no upgrade")
        self.answer_head = head
        raw = head.raw
        if self._new_cookie and head.status != 101:
            raw = self.proxy.sticking.with_cookie(raw, self.target)
        self.client.out.append(raw)
        if head.status == 101:
            self._open_tunnel()

    async def _admit_answer(self, head: AnswerHead) -> None:
        await self._admit("answer")
        self._waiting, self._admitted = None, True
        link = self.link
        try:
            self._answer_head(head)
        except Malformed as error:
            self._unanswered(f"answered what is no HTTP/1.1: {error}.")
        if link is None or self.link is None or self.tunnel:
            return
        if link.lost:
            self.link_lost(self._lost)
            return
        link.transport.resume_reading()
        self.pump_answer()

    def _open_tunnel(self) -> None:
        self.tunnel = True
        self.flush_answer()
        if self.link is not None:
            self.client.transport.write(self.link.framer.rest())
            self.client.pump()

    def _answer_end(self) -> None:
        self.flush_answer()
        link, answer = self.link, self.answer_head
        if link is None or answer is None:
            return  # a reset ended it
        reusable = answer.keep_alive and self.head.keep_alive and self.request_ended
        self._end("answered")
        if reusable and link.framer.between:
            link.pool.release(link)
        else:
            link.exchange = None
            link.transport.abort()
        self.client.answered(self, keep=self.head.keep_alive and answer.keep_alive)

    # Ends

    def link_lost(self, exc: Exception | None) -> None:
        """The target's connection ended while it was ours."""
        link = self.link
        if link is None:
            return
        if self.tunnel:
            self._end("answered")
            self.client.close()
            return
        if self._waiting is not None:  # the answer is held; it is still passed on afterwards
            self._lost = exc
            return
        try:
            self.pump_answer()
            if self._standing() and exc is None and link.framer.finish() is END:
                self._answer_end()
                return
        except Malformed:
            pass
        if self._standing():
            self._unanswered("took the request and ended the connection without a whole answer.")

    def _unanswered(self, what: str) -> None:
        """Tell the client that nobody knows whether the target acted on it."""
        began = self.answer_head is not None
        sentence = f"The target {self.target} {what} Whether it acted on it is not known."
        self.abandon()
        self.client.out.clear()
        if began:
            reset(self.client.transport)
        else:
            self.client.refuse(502, "no-answer", sentence)

    def leave(self) -> None:
        """The client has gone. What it sent still arrives, as it would without a front.

        What a fault holds has not left the client's network, and goes with it.
        """
        if self.link is None and not self._held:
            self._left = True  # it is sent as soon as there is a connection
            return
        self._stop_waiting()
        link = self.link
        self._end("unanswered")
        self.client.exchange = None
        if link is not None:
            link.leave()

    def cut(self) -> None:
        """End both connections at once, as a network would that breaks."""
        self.abandon(hard=True)
        reset(self.client.transport)

    def abandon(self, hard: bool = False) -> None:
        """Nobody waits for the answer any more; the target's connection ends with it."""
        self._stop_waiting()
        link = self.link
        self._end("unanswered")
        if link is not None:
            link.exchange = None
            reset(link.transport) if hard else link.transport.abort()

    def overdue(self, now_s: float) -> bool:
        """Whether it has taken longer than anything may."""
        if self.tunnel:
            return now_s - self.touched_s > TUNNEL_IDLE_S_MAX
        return now_s - self.touched_s > (HELD_S_MAX if self._waiting else ANSWER_S_MAX)

    def expire(self) -> None:
        """End what is overdue."""
        if self.tunnel or self.answer_head is not None:
            self.cut()
            return
        self.abandon()
        self.client.refuse(504, "too-late", f"The target {self.target} did not answer in time.")

    def _end(self, how: str) -> None:
        """Count it, once."""
        self.link = None
        if self.pool is not None and not self._over:
            self._over = True
            counts = self.pool.counts
            counts.in_flight -= 1
            setattr(counts, how, getattr(counts, how) + 1)

    def _until_reset(self, side: str, data: bytes) -> tuple[bytes, bool]:
        """What of the data may pass, and whether the connection is then to be reset."""
        if not self.proxy.faults.lasting:
            return data, False
        about = (side, self.target, self.head.method, self.head.path)
        asked = [fault.after_bytes for fault in self.proxy.faults.of("reset", *about)]
        passed = self._passed_bytes[side]
        self._passed_bytes[side] = passed + len(data)
        if asked and passed + len(data) >= min(asked):
            return data[: max(0, min(asked) - passed)], True
        return data, False

    def _standing(self) -> bool:
        """Whether it is still between a client and a target."""
        return self.link is not None

    def _wait(self, waiting: Coroutine[None, None, None]) -> None:
        self._waiting = asyncio.get_running_loop().create_task(waiting)

    def _stop_waiting(self) -> None:
        if self._waiting is not None and self._waiting is not asyncio.current_task():
            self._waiting.cancel()
        self._waiting = None
