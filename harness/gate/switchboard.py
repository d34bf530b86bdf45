"""Where trials tell the gate of their moments, and wait until it has done what comes then."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from harness.errors import EnvironmentBroken

LINE_BYTES_MAX = 4096
POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Moment:
    """What a trial tells: the number of its worker, its id, and how far it is."""

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

    def raise_errors(self) -> None:
        """Raise the first thing that went wrong while a trial waited."""
        if self.errors:
            raise self.errors[0]

    def _take(self, line: socket.socket) -> None:
        with line:
            try:
                told = json.loads(line.makefile("rb").readline(LINE_BYTES_MAX))
                self.answer(Moment(int(told["worker"]), str(told["trial"]), str(told["moment"])))
            except BaseException as error:  # noqa: BLE001 - raised again where the gate waits
                self.errors.append(error)
            with suppress(OSError):
                line.sendall(b"go\n")

    def listen(self, server: socket.socket, ended: threading.Event) -> None:
        """Take every caller until the end."""
        server.settimeout(POLL_S)
        while not ended.is_set():
            with suppress(TimeoutError):
                line, _ = server.accept()
                line.settimeout(None)
                thread = threading.Thread(target=self._take, args=(line,), daemon=True)
                self._threads.append(thread)
                thread.start()


@contextmanager
def open_switchboard(answer: Answer) -> Iterator[Switchboard]:
    """A switchboard for as long as the block lasts; raises EnvironmentBroken where none can be."""
    ended = threading.Event()
    # Below a run's own folder the path may be longer than a socket's address can be.
    with tempfile.TemporaryDirectory(prefix="harness-line-") as folder:
        board = Switchboard(Path(folder) / "line", answer)
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
