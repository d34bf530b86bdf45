"""A breaker: what fails again and again is left alone for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any


@dataclass
class Breaker:
    """Closed until failures_max calls in a row took longer than call_s_max; then open for open_s."""

    failures_max: int
    open_s: float
    call_s_max: float
    failures: int = 0
    until_s: float = 0.0

    async def call(self, work: Coroutine[Any, Any, Any], otherwise: Any) -> Any:
        """What the work returns; raises TimeoutError. While open, what is to be had otherwise."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self.until_s:
            work.close()
            return otherwise
        try:
            async with asyncio.timeout(self.call_s_max):
                found = await work
        except TimeoutError:
            self.failures += 1
            if self.failures >= self.failures_max:
                self.failures, self.until_s = 0, now_s + self.call_s_max + self.open_s
            raise
        self.failures = 0
        return found
