"""Where trials tell the gate of their moments, and wait until it has done what comes then."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

from harness.errors import EnvironmentBroken

LINE_BYTES_MAX = 4096
POLL_S = 0.2
# An act may migrate and start a release; it never outlives the round that waits for it.
ACT_S_MAX = 900.0
# What the systems' socket addresses hold at the least, without the zero at their end.
PATH_BYTES_MAX = 103


@dataclass(frozen=True, slots=True)
class Moment:
    """What a trial tells: the number of its worker's address, its id, and how far it is."""

    worker: int
    trial: str
    kind: str


Answer: TypeAlias = Callable[[Moment], None]


@dataclass(slots=True)
class Switchboard:
    """An address, path, at which moments are told; each in a thread of its own.

    What the answer raised is kept in errors: the trial goes on all the same.
    """

    path: Path
    answer: Answer
    errors: list[BaseException] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def settle(self, limit_s: float = ACT_S_MAX) -> None:
        """Wait for acts that go on, then raise the first thing that went wrong while trials waited.

        A trial that gave up, or died, leaves its act behind. Raises EnvironmentBroken past the
        limit.
        """
        end_s = time.monotonic() + limit_s
        for thread in list(self._threads):
            thread.join(max(0.0, end_s - time.monotonic()))
            if thread.is_alive():
                raise EnvironmentBroken(
                    f"what was done between the releases took longer than {limit_s:g} s; see the "
                    "logs of both"
                )
        if self.errors:
            raise self.errors[0]

    def _take(self, line: socket.socket) -> None:
        with line:
            with _kept_in(self.errors):
                told = line.makefile("rb").readline(LINE_BYTES_MAX)
                if told:  # else whoever called has died before a word
                    self.answer(_moment(told))
            with suppress(OSError):
                line.sendall(b"go\n")

    def listen(self, server: socket.socket, ended: threading.Event) -> None:
        """Take every caller until the end."""
        server.settimeout(POLL_S)
        while not ended.is_set():
            try:
                line, _ = server.accept()
            except TimeoutError:
                continue
            except OSError as error:
                self.errors.append(EnvironmentBroken(f"the line to the scenarios failed: {error}"))
                return
            line.settimeout(None)
            thread = threading.Thread(target=self._take, args=(line,), daemon=True)
            self._threads.append(thread)
            thread.start()


@dataclass(frozen=True, slots=True)
class _kept_in:  # noqa: N801 - reads as the block it opens, as contextlib's own do
    """Whatever is raised inside is kept, to be raised again where the gate waits."""

    errors: list[BaseException]

    def __enter__(self) -> None:
        """The block begins."""

    def __exit__(
        self, kind: object, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[True]:
        if error is not None:
            self.errors.append(error)
        return True


def _moment(told: bytes) -> Moment:
    facts = json.loads(told)
    return Moment(int(facts["worker"]), str(facts["trial"]), str(facts["moment"]))


@contextmanager
def open_switchboard(answer: Answer, folder: Path) -> Iterator[Switchboard]:
    """A switchboard for as long as the block lasts; raises EnvironmentBroken where none can be.

    Its address is in a folder of its own below the one given, where that path is short enough.
    """
    ended = threading.Event()
    with _place(folder) as place:
        board = Switchboard(place / "line", answer)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            try:
                server.bind(str(board.path))
                server.listen(64)
            except OSError as error:
                raise EnvironmentBroken(
                    f"no line to the scenarios at {board.path}: {error}"
                ) from error
            thread = threading.Thread(target=board.listen, args=(server, ended), daemon=True)
            thread.start()
            try:
                yield board
            finally:
                ended.set()
                thread.join()


@contextmanager
def _place(folder: Path) -> Iterator[Path]:
    """A folder that goes with the block, and with the one given where the block does not end."""
    prefix = "line-"
    room = len(str(folder).encode()) + len(f"/{prefix}12345678/line") <= PATH_BYTES_MAX
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder if room else None) as place:
        yield Path(place)
