"""The HTTP server: granian, in as many worker processes as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from clinic import release
from clinic.settings import settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

DRAIN_S_MAX = 20


def application() -> Starlette:
    """The application, as each worker process creates it for itself."""
    release.activate(release.chosen())
    from clinic.application import create

    return create(settings())


def serve(host: str, port: int, workers: int) -> None:
    """Answer requests until SIGTERM, then finish those that have begun; raises SettingMissing."""
    settings()
    Server(
        "clinic.server:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        factory=True,
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=DRAIN_S_MAX,
        respawn_failed_workers=True,
    ).serve()
