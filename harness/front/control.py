"""What the gate's process tells the front: one JSON line a command, one line an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from harness.front.faults import fault_from
from harness.front.proxy import Proxy

LINE_BYTES_MAX = 1_000_000


class Control(asyncio.Protocol):
    """The gate's end of the line; the front ends with it, so that nothing is left behind."""

    def __init__(self, proxy: Proxy, hello: dict[str, Any], ended: asyncio.Event) -> None:
        self._proxy = proxy
        self._hello = hello
        self._ended = ended
        self._buffer = b""
        self._acts: dict[str, Callable[[dict[str, Any]], object]] = {
            "add": lambda told: proxy.add(told["target"], told["url"]),
            "split": lambda told: proxy.split(told["shares"], told["sticky"]),
            "route": lambda told: proxy.route(told["pattern"], told["target"]),
            "begin": lambda told: proxy.begin(fault_from(told["fault"])),
            "end": lambda told: proxy.faults.end(told["number"]),
            "forward": lambda told: setattr(proxy, "forwarded", told["on"]),
            "counts": lambda told: proxy.counts(),
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say where the front is reached."""
        self._transport = cast(asyncio.Transport, transport)
        self._say(self._hello)

    def data_received(self, data: bytes) -> None:
        """Do what whole lines say."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._say(self.answer(line))
        if len(self._buffer) > LINE_BYTES_MAX:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The gate has gone or wants the front to go."""
        self._ended.set()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do one command; what it gave, or what is wrong with it."""
        try:
            told = json.loads(line)
            return {"gave": self._acts[told["do"]](told)}
        except (ValueError, TypeError, KeyError) as error:
            return {"error": str(error)}

    def _say(self, facts: dict[str, Any]) -> None:
        self._transport.write(json.dumps(facts).encode() + b"\n")
