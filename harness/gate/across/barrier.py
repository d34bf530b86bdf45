"""A moment that several trials share: the last one to come has the act done, then all go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

POLL_S = 0.2
# So long after the last one came the act is done without those that are still missing.
AWAIT_S_MAX = 60.0


class Barrier:
    """Waits for expected_n trials, each of which comes to the moment or ends without it."""

    def __init__(self, expected_n: int, act: Callable[[], None]) -> None:
        self.waited_n = 0
        self.done = False
        self._left_n = 0
        self._expected_n = expected_n
        self._act = act
        self._acting = False
        self._last_s = time.monotonic()
        self._changed = threading.Condition()

    def wait(self) -> None:
        """Come to the moment, and return once the act is done; raises what the act raised, once."""
        with self._changed:
            self.waited_n += 1
            self._last_s = time.monotonic()
            while not self.done and (self._acting or not self._all_there()):
                self._changed.wait(POLL_S)
            if self.done:
                return
            self._acting = True
        try:
            self._act()
        finally:
            with self._changed:
                self.done = True
                self._changed.notify_all()

    def leave(self) -> None:
        """Say that a trial has ended, which will not come any more."""
        with self._changed:
            self._left_n += 1
            self._changed.notify_all()

    def _all_there(self) -> bool:
        come_n = self.waited_n + self._left_n
        return come_n >= self._expected_n or time.monotonic() - self._last_s > AWAIT_S_MAX
