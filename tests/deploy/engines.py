"""What tests of containers ask the engine behind the deployer's back, and an engine that dies."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path

from docker.client import DockerClient
from docker.models.containers import Container

from harness.deploy.engine import RUN_LABEL, open_engine

SOCKET = "/var/run/docker.sock"
BYTES_AT_ONCE = 65536


def containers_of(client: DockerClient, run_id: str) -> list[Container]:
    """The containers of a run that are running."""
    return list(client.containers.list(filters={"label": f"{RUN_LABEL}={run_id}"}))


def left_of(run_id: str) -> list[str]:
    """What the engine has of a run: names of containers, networks and volumes."""
    client = open_engine(os.environ)
    wanted: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={run_id}"}
    try:
        return [
            *(str(one.name) for one in client.containers.list(all=True, filters=wanted)),
            *(str(one.name) for one in client.networks.list(filters=wanted)),
            *(one.name for one in client.volumes.list(filters=wanted)),
        ]
    finally:
        client.close()


class MortalEngine:
    """The real engine behind a socket of its own, which can be closed for good."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix://{path}"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """Close everything: whoever asks from now on gets no answer."""
        for one in (self._server, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._server.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(SOCKET)
                self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(BYTES_AT_ONCE):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
