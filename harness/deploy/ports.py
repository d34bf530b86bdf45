"""Ports that no other gate of this user takes at the same moment."""

from __future__ import annotations

import random
import socket

from harness.errors import EnvironmentBroken
from harness.runs.disk import broken_disk
from harness.runs.lease import lease_base
from harness.runs.locks import FileLock

# Below the range from which kernels take ports for outgoing connections: a client that is
# reconnecting would otherwise take, or even connect to itself on, the port of an application
# that is just being restarted.
LOWEST = 20_000
HIGHEST = 32_000
TRIED_MAX = 200
HOST = "127.0.0.1"


class Port:
    """A port held for us until it is freed; the holder's death frees it too."""

    def __init__(self, number: int, lock: FileLock | None = None) -> None:
        self.number = number
        self._lock = lock

    @property
    def fixed(self) -> bool:
        """Whether it was not ours to choose."""
        return self._lock is None

    def free(self) -> None:
        """Let others have it; a second call does nothing."""
        if self._lock is not None:
            self._lock.free()


def reserve_port() -> Port:
    """A port that nothing listens on and no other gate of this user holds.

    Raises EnvironmentBroken after a bounded number of attempts.
    """
    folder = lease_base() / "ports"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise broken_disk("created", folder, error) from error
    for _ in range(TRIED_MAX):
        number = random.randint(LOWEST, HIGHEST)
        lock = FileLock.try_take(folder / str(number))
        if lock is None:
            continue
        if is_free(number):
            return Port(number, lock)
        lock.free()
    raise EnvironmentBroken(
        f"no free port among {TRIED_MAX} tried from {LOWEST} to {HIGHEST}; "
        "see what listens on this host (ss -ltnp)"
    )


def is_free(number: int) -> bool:
    """Whether a server could listen on that port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections that have ended do not keep a port from being listened on.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError:
            return False
        return True
