"""What a deployment tells of itself, whatever it runs on."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from harness.deploy.footing import Footing
from harness.deploy.logs import size_of, tail_of
from harness.deploy.ports import HOST, Port
from harness.errors import UsageError
from harness.model import Release, Role

APP = "app"
WORKER = "worker-"
MIGRATE_S_MAX = 300.0
PREPARE_S_MAX = 300.0
STOP_S_MAX = 5.0
# How long a release has to finish what it is doing: what engines give by themselves.
END_S_MAX = 10.0


class OwnStorage(Protocol):
    """A storage that the harness itself has started."""

    def restart(self, *, graceful: bool = False) -> None:
        """End it and start it again at the same address, on the same data.

        Graceful, it is shut down; else it ends as a crash would end it. Raises EnvironmentBroken.
        """
        ...


class Standing:
    """A release on its footing, at a port of this host; ``own`` are storages of the harness."""

    def __init__(
        self,
        footing: Footing,
        port: Port,
        storages: Mapping[str, str],
        own: Mapping[str, OwnStorage],
    ) -> None:
        self.storages = storages
        self._footing = footing
        self._port = port
        self._own = own
        self._log_begins: dict[str, int] = {}
        self._lock = threading.RLock()
        self._over = False

    @property
    def release(self) -> Release:
        """What runs here."""
        return self._footing.release

    @property
    def role(self) -> Role:
        """What it runs as."""
        return self._footing.role

    @property
    def url(self) -> str:
        """Where the application answers."""
        return self._footing.values["url"]

    @property
    def logs(self) -> Path:
        """The folder that holds what it printed."""
        return self._footing.run.logs

    def restart_storage(self, name: str, *, graceful: bool = False) -> None:
        """End a storage and start it again at its address; raises UsageError, EnvironmentBroken."""
        with self._acting():
            own = self._own.get(name)
            if own is None:
                raise UsageError(self._no_own(name))
            own.restart(graceful=graceful)

    def tail(self, lines: int = 20) -> str:
        """The last lines the application printed, without secrets."""
        return tail_of(self._footing.log(APP), lines, self._footing.known_secrets)

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """One act at a time, and none that could start anything again once it is over."""
        with self._lock:
            if self._over:
                raise UsageError(f"{self._footing} has ended; nothing can be done to it any more")
            yield

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """The last act of all; one that still waits for an answer gives up."""
        self._over = True
        with self._lock:
            yield

    def _begin_logs(self, parts: Collection[str]) -> None:
        """What these print from now on belongs to their next start."""
        self._log_begins |= {part: size_of(self._footing.log(part)) for part in parts}

    def _last_words(self, part: str) -> str:
        """The end of a sentence: what that part has printed last since its start."""
        return self._footing.last_words(part, self._log_begins.get(part, 0))

    def _no_own(self, name: str) -> str:
        if name not in self.storages:
            return f"{self._footing} has no storage {name!r}; it has {', '.join(self.storages)}"
        return (
            f"storage {name} runs at an address that was given and cannot be restarted; leave "
            f"url out of [storage.{name}], and the harness starts one of its own"
        )


def chosen(footing: Footing, parts: Collection[str], part: str | None) -> Collection[str]:
    """The parts that an act is for: the one named, else all; raises UsageError."""
    if part is None:
        return parts
    if part not in parts:
        raise UsageError(f"{footing} has no part {part!r}; it has {', '.join(parts)}")
    return (part,)


def use_port(footing: Footing, port: Port, inside: int | None = None) -> None:
    """Let the plan's texts name the address of the release; inside is its port in a container."""
    footing.values["port"] = str(port.number if inside is None else inside)
    footing.values["url"] = f"http://{HOST}:{port.number}"
