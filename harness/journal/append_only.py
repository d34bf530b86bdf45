"""One append-only file per writing process; each line reaches the kernel in one write."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.errors import EnvironmentBroken


class AppendOnly:
    """A file that only grows, line by line; safe to share between threads.

    A line goes to the kernel in one ``write`` on an append-only descriptor, so a kill of the
    process loses none. One that goes in by half, as on a full disk, is taken back, so that no later
    line follows it. Raises EnvironmentBroken where the file cannot be opened or written (a full
    disk, a missing folder).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(path, flags, 0o600)
            self._size = os.fstat(self._fd).st_size
        except OSError as error:
            raise EnvironmentBroken(f"the journal {path} cannot be opened: {error}") from error

    def append(self, line: str) -> None:
        """Write one line of ASCII, to which the end is added."""
        with self._lock:
            self._append(line)

    def _append(self, line: str) -> None:
        """The same, for whoever holds the lock."""
        self._write(line.encode("ascii") + b"\n")

    def _write(self, data: bytes) -> None:
        """Whole lines, all of them or none; whoever calls holds the lock."""
        if self._fd < 0:
            raise EnvironmentBroken(f"the journal {self.path} is closed: nothing more goes into it")
        try:
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as error:
            self._take_back()
            raise EnvironmentBroken(
                f"the journal {self.path} cannot be written: {error}; free the disk and run again"
            ) from error
        self._size += len(data)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            # What is torn stays the last line: nothing comes after it.
            os.close(self._fd)
            self._fd = -1

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
