"""What a release needs beside itself: its storages, and the plan's services that are commands."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

from harness.deploy.children import Child, end, kill
from harness.deploy.footing import Footing
from harness.deploy.health import ask_health
from harness.deploy.logs import size_of
from harness.deploy.ports import HOST, Port, is_free, reserve_port
from harness.deploy.postgres import PostgresServer, start_postgres
from harness.errors import EnvironmentBroken
from harness.plan.expand import placeholders
from harness.plan.schema import Service
from harness.plan.secrecy import passwords

STOP_S_MAX = 5.0
READY_S_MAX = 60.0
ASK_S_MAX = 10.0
POLL_S = 0.05
PART = "services"


def start_storages(footing: Footing, stack: ExitStack) -> dict[str, PostgresServer]:
    """A PostgreSQL for each storage of the plan that has no url of its own."""
    servers = {}
    for name, table in footing.plan.storages.items():
        if table.url is not None:
            continue
        server = start_postgres(
            footing.run.lease,
            f"{footing.name}-storage-{name}",
            name,
            footing.log(f"storage-{name}"),
        )
        stack.callback(server.stop)
        servers[name] = server
    return servers


def use_storages(footing: Footing, addresses: dict[str, str]) -> None:
    """Let the footing's commands name them, and its messages never show their passwords."""
    for name, address in addresses.items():
        footing.values[f"storage.{name}.url"] = address
        footing.secrets |= passwords(address)


def start_services(footing: Footing, stack: ExitStack) -> None:
    """Start the plan's services and wait for each; they end with the stack.

    Raises EnvironmentBroken: a service is part of what a release stands on.
    """
    services = footing.plan.services
    for name, service in services.items():
        port = port_for(footing, name, service)
        stack.callback(port.free)
        footing.values[f"service.{name}.host"] = HOST
        footing.values[f"service.{name}.port"] = str(port.number)
    children: list[Child] = []
    stack.callback(lambda: end(children, footing.marks(PART), STOP_S_MAX))
    for name, service in services.items():
        own = {"port": footing.values[f"service.{name}.port"]}
        begin = size_of(footing.log(name))
        child = footing.start(name, service.command or (), service.env, PART, own)
        children.append(child)
        _await_ready(footing, name, service, child, begin)


def port_for(footing: Footing, name: str, service: Service) -> Port:
    """A free port where the service can be told one, else the one it always has.

    Raises EnvironmentBroken where that one is taken.
    """
    texts = (*(service.command or ()), *service.env.values())
    told = {"port", f"service.{name}.port"} & {p for text in texts for p in placeholders(text)}
    if told or service.port is None:
        return reserve_port()
    return fixed_port(service.port, f"service {name} of {footing}")


def fixed_port(number: int, whose: str) -> Port:
    """The port of something that cannot be told one; raises EnvironmentBroken where it is taken."""
    if not is_free(number):
        raise EnvironmentBroken(
            f"port {number} of {whose} is taken; end what listens there, or put {{port}} into "
            "its command so that a free one can be given"
        )
    return Port(number)


def _await_ready(footing: Footing, name: str, service: Service, child: Child, begin: int) -> None:
    limit_s = service.ready.timeout_s_max if service.ready else READY_S_MAX
    question = _question(footing, name, service)
    deadline_s = time.monotonic() + limit_s
    while not question():
        code = child.exit_code()
        late = time.monotonic() >= deadline_s
        if code is not None or late:
            how = f"exited {code}" if code is not None else f"was not ready within {limit_s:g} s"
            raise EnvironmentBroken(f"service {name} {how}{footing.last_words(name, begin)}")
        time.sleep(POLL_S)


def _question(footing: Footing, name: str, service: Service) -> Callable[[], bool]:
    """Whether the service is ready now: as the plan says, else whether it listens."""
    port = int(footing.values[f"service.{name}.port"])
    ready = service.ready
    if ready is not None and ready.path is not None:
        path = ready.path
        return lambda: ask_health(f"http://{HOST}:{port}", path, None).good
    if ready is not None and ready.command is not None:
        words = ready.command
        return lambda: _exits_well(footing, name, words, service, str(port))
    texts = (*(service.command or ()), *service.env.values())
    listens = service.port is not None or any("port" in placeholders(text) for text in texts)
    return (lambda: _listens(port)) if listens else (lambda: True)


def _exits_well(
    footing: Footing, name: str, words: tuple[str, ...], service: Service, port: str
) -> bool:
    part = f"{PART}-ready"
    child = footing.start(f"{name}-ready", words, service.env, part, {"port": port})
    try:
        return child.wait(ASK_S_MAX) == 0
    finally:
        kill([child], footing.marks(part))


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
