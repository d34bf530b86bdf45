"""What a deployment tells of itself, whatever it runs on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from harness.deploy.footing import Footing
from harness.deploy.logs import tail_of
from harness.deploy.ports import HOST, Port
from harness.model import Release, Role

APP = "app"
MIGRATE_S_MAX = 300.0
PREPARE_S_MAX = 300.0
STOP_S_MAX = 5.0


class Standing:
    """A release on its footing, at a port of this host; acts on it hold ``_acting``."""

    def __init__(self, footing: Footing, port: Port, storages: Mapping[str, str]) -> None:
        self.storages = storages
        self._footing = footing
        self._port = port
        self._log_begin = 0
        self._acting = threading.RLock()

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

    def tail(self, lines: int = 20) -> str:
        """The last lines the application printed, without secrets."""
        return tail_of(self._footing.log(APP), lines, self._footing.known_secrets)


def use_port(footing: Footing, port: Port, inside: int | None = None) -> None:
    """Let the plan's texts name the address of the release; inside is its port in a container."""
    footing.values["port"] = str(port.number if inside is None else inside)
    footing.values["url"] = f"http://{HOST}:{port.number}"
