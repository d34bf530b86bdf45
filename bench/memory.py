"""How much memory processes take that come and go while something is measured."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

# Each tells the most that it ever had, so that only what came in its last moment is not seen.
LOOK_S = 0.2
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@contextmanager
def peak_mb() -> Iterator[Callable[[], float]]:
    """The sum of what each process that is begun in the block ever had in memory, asked after it.

    What the system counts for a process that has ended holds what it had of whoever began it.
    """
    peaks_kb, over = dict[int, int](), threading.Event()
    before = {process.pid for process in psutil.Process().children()}

    def look() -> None:
        while not over.wait(LOOK_S):
            for pid in _begun_since(before):
                with suppress(OSError):
                    told = _PEAK.search(Path(f"/proc/{pid}/status").read_text("utf-8"))
                    if told:
                        peaks_kb[pid] = int(told[1])

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield lambda: sum(peaks_kb.values()) / 1024
    finally:
        over.set()
        looking.join()


def _begun_since(before: Collection[int]) -> Iterator[int]:
    for process in psutil.Process().children():
        if process.pid not in before:
            yield process.pid
            with suppress(psutil.NoSuchProcess):
                yield from (each.pid for each in process.children(recursive=True))
