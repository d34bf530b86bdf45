"""File locks that die with the process that took them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import EnvironmentBroken
from harness.runs.disk import broken_disk

POLL_S = 0.02


class FileLock:
    """An exclusive lock on a file; the kernel frees it when this process ends, however it ends.

    The descriptor is close-on-exec, as Python's are: a child that inherited it would keep the
    lock of a parent that is long dead.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle

    @classmethod
    def try_take(cls, path: Path) -> FileLock | None:
        """The lock, or None while another holds it; raises EnvironmentBroken."""
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise broken_disk("opened", path, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return cls(path, handle)

    def still_there(self) -> bool:
        """Whether the path still names the file that is locked."""
        try:
            named = self.path.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        locked = os.fstat(self._handle)
        return (named.st_dev, named.st_ino) == (locked.st_dev, locked.st_ino)

    def free(self) -> None:
        """Give the lock back; a second call does nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            try:
                # Closing alone leaves it to whom another thread is just starting.
                fcntl.flock(handle, fcntl.LOCK_UN)
            finally:
                os.close(handle)


@contextmanager
def locked(path: Path, limit_s: float) -> Iterator[None]:
    """Hold the lock for a short while; raises EnvironmentBroken when it stays taken limit_s."""
    deadline_s = time.monotonic() + limit_s
    while (lock := FileLock.try_take(path)) is None:
        if time.monotonic() > deadline_s:
            raise EnvironmentBroken(
                f"{path} is held by another process for more than {limit_s:.0f} s; "
                "see who holds it (fuser, lsof) and end that process"
            )
        time.sleep(POLL_S)
    try:
        yield
    finally:
        lock.free()
