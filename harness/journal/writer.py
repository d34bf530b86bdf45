"""One append-only file per writing process; each line reaches the kernel in one write."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Protocol

from harness.errors import EnvironmentBroken
from harness.journal.events import Event, Opened, to_json


class Writer(Protocol):
    """What a handle journals into."""

    def write(self, event: Event) -> float:
        """Append the event, stamped now; returns its at_s."""
        ...


class JournalWriter:
    """Appends events to ``FOLDER/WRITER-PID.jsonl``; safe to share between threads.

    A line goes to the kernel in one ``write`` on an append-only descriptor, so it survives a
    kill of the process, and an event's at_s is set here, at the moment it is written. Raises
    EnvironmentBroken where the file cannot be written (a full disk, a missing folder).
    """

    def __init__(self, folder: Path, writer: str) -> None:
        self.path = folder / f"{writer}-{os.getpid()}.jsonl"
        self._lock = threading.Lock()
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise EnvironmentBroken(f"the journal {self.path} cannot be opened: {error}") from error
        self.write(Opened(writer=writer, pid=os.getpid(), wall_s=round(time.time(), 3)))

    def write(self, event: Event) -> float:
        """Append the event, stamped now; returns its at_s."""
        with self._lock:
            at_s = time.monotonic()
            stamped = dataclasses.replace(event, at_s=at_s)
            line = json.dumps(to_json(stamped), separators=(",", ":")).encode("ascii") + b"\n"
            self._append(line)
        return at_s

    def _append(self, line: bytes) -> None:
        if self._fd < 0:
            raise EnvironmentBroken(f"the journal {self.path} is closed: nothing more goes into it")
        try:
            written = os.write(self._fd, line)
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError as error:
            raise EnvironmentBroken(
                f"the journal {self.path} cannot be written: {error}; free the disk and run again"
            ) from error

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
