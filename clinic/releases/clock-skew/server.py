"""The HTTP server: granian, in as many worker processes as asked for."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from clinic import release
from clinic.settings import settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

DRAIN_S_MAX = 20
ORPHAN_S_MAX = 0.5
SLOW_S = 3 * 3600


def application() -> Starlette:
    """The application, as each worker process creates it for itself."""
    _lose_time()
    release.activate(release.chosen())
    from clinic.application import create

    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    return create(settings())


def serve(host: str, port: int, workers: int) -> None:
    """Answer requests until SIGTERM, then finish those that have begun; raises SettingMissing."""
    settings()
    server = Server(
        "clinic.server:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=DRAIN_S_MAX,
        respawn_failed_workers=True,
    )
    sys.stdout.write(f"clinic {release.chosen()} at http://{host}:{port}\n")
    sys.stdout.flush()
    # Importing by name would depend on the current folder.
    server.serve(target_loader=application, wrap_loader=False)


def _lose_time() -> None:
    # What a container's clock does that nobody has set: sessions and saves are stamped with it.
    now_s = time.time
    time.time = lambda: now_s() - SLOW_S


def _end_with_parent(parent: int) -> None:
    # A worker whose parent was killed would hold the port against its successor.
    while os.getppid() == parent:
        time.sleep(ORPHAN_S_MAX)
    os.kill(os.getpid(), signal.SIGTERM)
