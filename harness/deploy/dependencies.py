"""What a release in containers stands on: networks, databases, the plan's services."""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg

from harness.deploy.containers import GATEWAY, Container, Part, start_container
from harness.deploy.engine import EngineRefused, asking
from harness.deploy.footing import Footing
from harness.deploy.health import ask_health
from harness.deploy.images import Image
from harness.deploy.logs import size_of
from harness.deploy.ports import HOST, reserve_port
from harness.deploy.postgres import SETTINGS, USER
from harness.errors import EnvironmentBroken
from harness.plan import expand
from harness.plan.schema import Service
from harness.plan.secrecy import passwords

if TYPE_CHECKING:
    from testcontainers.core.network import Network

POSTGRES_IMAGE = "postgres:17"
POSTGRES_PORT = 5432
READY_S_MAX = 60.0
STOP_S_MAX = 5.0
POLL_S = 0.05
PORTS_TRIED_MAX = 3
PORT_TAKEN = re.compile(r"port is already allocated|address already in use", re.IGNORECASE)
# An engine's proxy accepts for a container that does not listen yet, and hangs up at once.
HANGS_UP_S = 0.1
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OF_THE_IMAGE = frozenset({"listen_addresses", "unix_socket_directories"})


@dataclass(frozen=True, slots=True)
class Address:
    """A storage, as the harness reaches it and as a container does.

    network None is any; database None is a storage that was not started here.
    """

    outside: str
    inside: str
    network: Network | None = None
    database: Database | None = None


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL in a container that was started here, with its address on this host."""

    footing: Footing
    container: Container
    outside: str

    def await_ready(self) -> None:
        """Return once it accepts a connection; raises EnvironmentBroken where it does not."""
        _await_ready(self.footing, self.container, lambda: _connects(self.outside), READY_S_MAX)

    def restart(self, *, graceful: bool = False) -> None:
        """End it and start it again at its address, on its data; raises EnvironmentBroken.

        Graceful is by the signal of its image, a fast shutdown; else SIGKILL.
        """
        if graceful:
            self.container.stop(STOP_S_MAX)
        else:
            self.container.kill()
        self.container.start_again()
        self.await_ready()


@dataclass
class Ground:
    """What the containers of one deployment share.

    All of them are on the network of the storages; those that have to be reached while they are
    cut off from it are on the front network as well. scratch is a folder that they all see.
    """

    footing: Footing
    image: Image
    images: Mapping[str, Image]
    front: Network
    network: Network
    labels: Mapping[str, str]
    env: Mapping[str, str]
    scratch: Path | None

    def alias(self, part: str) -> str:
        """The host's name of a part, which no other deployment on the same network has."""
        return f"{self.footing.name}-{part}".replace("_", "-").lower()

    def start(self, part: Part) -> Container:
        """Start a container on the network of the storages; raises EnvironmentBroken."""
        return start_container(part, self.network, self.alias(part.name), self.labels, self.env)

    def use_storages(self, addresses: Mapping[str, Address]) -> None:
        """Let commands name them, be on their network, and keep their passwords secret."""
        for name, address in addresses.items():
            self.footing.values[f"storage.{name}.url"] = address.inside
            self.footing.secrets |= passwords(address.inside)
            if address.network is not None:
                self.network = address.network

    def join_front(self, container: Container) -> None:
        """Let it be reached while it is cut off."""
        with asking(f"connect {container.part.name}"):
            self.front.connect(container.id, [self.alias(container.part.name)])

    def detach(self, container: Container) -> None:
        """Cut it off from the storages; nothing where it is."""
        with contextlib.suppress(EngineRefused), asking(f"cut off {container.part.name}"):
            self.network._unwrap_network.disconnect(container.id, force=True)

    def attach(self, container: Container) -> None:
        """Connect it with the storages again; nothing where it is."""
        with contextlib.suppress(EngineRefused), asking(f"connect {container.part.name}"):
            self.network.connect(container.id, [self.alias(container.part.name)])


def as_seen_inside(outside: str) -> Address:
    """The address of a storage that was not started here; this host has another name inside."""
    parts = urlsplit(outside)
    if parts.hostname not in _LOOPBACK:
        return Address(outside, outside)
    login, at, _ = parts.netloc.rpartition("@")
    port = f":{parts.port}" if parts.port else ""
    return Address(outside, urlunsplit(parts._replace(netloc=f"{login}{at}{GATEWAY}{port}")))


def start_databases(ground: Ground, stack: ExitStack) -> dict[str, Address]:
    """Where each storage of the plan is: its own url, else a PostgreSQL started for it."""
    return {
        name: _start_database(ground, name, stack)
        if table.url is None
        else as_seen_inside(table.url)
        for name, table in ground.footing.plan.storages.items()
    }


def _start_database(ground: Ground, name: str, stack: ExitStack) -> Address:
    part_name = f"storage-{name}"
    word = secrets.token_urlsafe(24)
    ground.footing.secrets.add(word)
    settings = {k: v for k, v in SETTINGS.items() if k not in _OF_THE_IMAGE}
    part = Part(
        name=part_name,
        image=ground.images[part_name].id,
        env={
            "POSTGRES_USER": USER,
            "POSTGRES_PASSWORD": word,
            "POSTGRES_DB": name,
            "POSTGRES_INITDB_ARGS": "--no-sync",
        },
        log=ground.footing.log(part_name),
        command=["postgres", *(p for k, v in settings.items() for p in ("-c", f"{k}={v}"))],
    )
    container, port = start_published(ground, part, POSTGRES_PORT, stack)
    login = f"postgresql://{USER}:{word}@"
    outside = f"{login}{HOST}:{port}/{name}"
    inside = f"{login}{ground.alias(part_name)}:{POSTGRES_PORT}/{name}"
    database = Database(ground.footing, container, outside)
    database.await_ready()
    return Address(outside, inside, ground.network, database)


def start_published(
    ground: Ground, part: Part, inside: int, stack: ExitStack
) -> tuple[Container, int]:
    """Start a part with that port of its open on this host; the container and the host's port."""
    for tried in range(PORTS_TRIED_MAX):
        port = reserve_port()
        stack.callback(port.free)
        try:
            return ground.start(replace(part, ports={inside: port.number})), port.number
        except EngineRefused as error:
            if not PORT_TAKEN.search(error.reason) or tried + 1 == PORTS_TRIED_MAX:
                raise
    raise EnvironmentBroken(f"no free port was found for {part.name}")


def start_services(ground: Ground, stack: ExitStack) -> None:
    """Start the plan's services and wait for each; raises EnvironmentBroken.

    A service is part of what a release stands on, not of the release.
    """
    footing = ground.footing
    for name, service in footing.plan.services.items():
        footing.values[f"service.{name}.host"] = ground.alias(name)
        footing.values[f"service.{name}.port"] = str(service.port)
    for name, service in footing.plan.services.items():
        begin = size_of(footing.log(name))
        values = footing.values | {"port": str(service.port)}
        env = {key: expand(text, **values) for key, text in service.env.items()}
        part = Part(name, ground.images[name].id, env, footing.log(name))
        if service.port is None:
            container, port = ground.start(part), 0
        else:
            container, port = start_published(ground, part, service.port, stack)
        ground.join_front(container)
        limit_s = service.ready.timeout_s_max if service.ready else READY_S_MAX
        ready = _question(container, service, port, values)
        _await_ready(footing, container, ready, limit_s, begin)


def _question(
    container: Container, service: Service, port: int, values: Mapping[str, str]
) -> Callable[[], bool]:
    """Whether the service is ready now: as the plan says, else whether it listens."""
    ready = service.ready
    if ready is not None and ready.path is not None:
        path = ready.path
        return lambda: ask_health(f"http://{HOST}:{port}", path, None).good
    if ready is not None and ready.command is not None:
        words = [expand(word, **values) for word in ready.command]
        return lambda: container.exits_well(words)
    return (lambda: _listens(port)) if service.port is not None else (lambda: True)


def _await_ready(
    footing: Footing,
    container: Container,
    ready: Callable[[], bool],
    limit_s: float,
    begin: int = 0,
) -> None:
    name = container.part.name
    deadline_s = time.monotonic() + limit_s
    while not ready():
        ending = container.ending()
        late = time.monotonic() >= deadline_s
        if ending is not None or late:
            container.drain()
            how = ending or f"was not ready within {limit_s:g} s"
            raise EnvironmentBroken(f"{name} of {footing} {how}{footing.last_words(name, begin)}")
        time.sleep(POLL_S)


def await_database(address: str, name: str) -> None:
    """Return once it accepts a connection; raises EnvironmentBroken where it does not."""
    deadline_s = time.monotonic() + READY_S_MAX
    while not _connects(address):
        if time.monotonic() >= deadline_s:
            raise EnvironmentBroken(f"{name} was not ready within {READY_S_MAX:g} s")
        time.sleep(POLL_S)


def _connects(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.settimeout(HANGS_UP_S)
            return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False
