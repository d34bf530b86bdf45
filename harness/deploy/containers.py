"""Containers of a run: started with its labels, their output in its logs, ended with it."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.deploy.children import KILLED
from harness.deploy.engine import EngineRefused, NotFound, asking, settle_testcontainers
from harness.errors import EnvironmentBroken

if TYPE_CHECKING:
    from docker.client import DockerClient
    from docker.models.containers import Container as Wrapped
    from testcontainers.core.network import Network

T = TypeVar("T")

POLL_S = 0.05
DRAIN_S_MAX = 5.0
REMOVAL_S_MAX = 10.0
HANDS = 8
_BUSY = re.compile(r"in progress|active endpoints|in use", re.IGNORECASE)
MIB_BYTES = 1024 * 1024
KILLED_CODE = 137
# What a shell and a container's init say by these codes.
_EXITS = {
    126: "what it was to run cannot be run in its image",
    127: "what it was to run is not in its image",
    KILLED_CODE: f"SIGKILL: {KILLED}",
}
GATEWAY = "host.docker.internal"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Part:
    """What a container is to be: command None is the image's own; ports map its to the host's."""

    name: str
    image: str
    env: Mapping[str, str]
    log: Path
    command: Sequence[str] | None = None
    ports: Mapping[int, int] = field(default_factory=dict)
    memory_mb_max: int | None = None
    folders: Sequence[Path] = ()


class Container:
    """A container that was started; what it prints is in its part's log."""

    def __init__(self, part: Part, wrapped: Wrapped) -> None:
        self.part = part
        self._wrapped = wrapped
        self._reader: threading.Thread | None = None

    @property
    def id(self) -> str:
        """By which the engine knows it."""
        return str(self._wrapped.id)

    def state(self) -> Mapping[str, Any]:
        """What the engine says of it now: Status, ExitCode, OOMKilled; {} where it is gone."""
        try:
            with asking(f"look at {self.part.name}"):
                self._wrapped.reload()
        except NotFound:
            return {"Status": "removed", "ExitCode": None}
        found: Mapping[str, Any] = self._wrapped.attrs["State"]
        return found

    def alive(self) -> bool:
        """Whether it runs; a paused one does."""
        return self.state()["Status"] in ("running", "paused")

    def ending(self) -> str | None:
        """How it ended, in words; None while it runs."""
        state = self.state()
        if state["Status"] in ("running", "paused", "created", "restarting"):
            return None
        if state["Status"] == "removed":
            return "was removed from outside"
        memory = self.part.memory_mb_max
        if state.get("OOMKilled"):
            of = f" of {memory} MiB" if memory else ""
            return f"was killed for want of memory{of} (exit code {state['ExitCode']})"
        error = state.get("Error") or _EXITS.get(state["ExitCode"])
        return f"exited {state['ExitCode']}{f' ({error})' if error else ''}"

    def wait(self, limit_s: float) -> int | None:
        """Its exit code, or None when it still runs after limit_s."""
        deadline_s = time.monotonic() + limit_s
        while self.alive():
            if time.monotonic() >= deadline_s:
                return None
            time.sleep(POLL_S)
        self.drain()
        code = self.state()["ExitCode"]
        return None if code is None else int(code)

    def follow(self) -> None:
        """Append all that it prints from its first start on to its log."""
        with asking(f"read what {self.part.name} prints"):
            stream = self._wrapped.logs(stream=True, follow=True)
        self._read(stream)

    def start_again(self) -> None:
        """Start it once more where it has ended; raises EnvironmentBroken."""
        self.drain()
        with asking(f"start {self.part.name} again"):
            # Attached before it starts: nothing it prints is missed, nothing is read twice.
            stream = self._wrapped.attach(stream=True)
            self._read(stream)
            self._wrapped.start()

    def kill(self) -> None:
        """End it at once (SIGKILL); nothing where it has ended already."""
        with contextlib.suppress(EngineRefused), asking(f"kill {self.part.name}"):
            self._wrapped.kill()
        self.wait(DRAIN_S_MAX)

    def pause(self) -> None:
        """Stop its processes; nothing where they are stopped or have ended."""
        with contextlib.suppress(EngineRefused), asking(f"pause {self.part.name}"):
            self._wrapped.pause()

    def resume(self) -> None:
        """Let its processes go on; nothing where they do."""
        with contextlib.suppress(EngineRefused), asking(f"resume {self.part.name}"):
            self._wrapped.unpause()

    def stop(self, grace_s: float) -> bool:
        """Ask it to end (by its image's signal, mostly SIGTERM), and kill it after grace_s.

        Whether it ended when asked, or had before. Raises EnvironmentBroken.
        """
        self.resume()
        ran = self.alive()
        with contextlib.suppress(EngineRefused), asking(f"end {self.part.name}"):
            self._wrapped.stop(timeout=int(grace_s))
        self.drain()
        return not ran or self.state()["ExitCode"] != KILLED_CODE

    def exits_well(self, words: Sequence[str]) -> bool:
        """Whether a command beside its own exits 0 in it now."""
        try:
            with asking(f"ask whether {self.part.name} is ready"):
                code, _ = self._wrapped.exec_run(list(words))
        except EngineRefused:
            return False
        return code == 0

    def networks(self) -> dict[str, list[str]]:
        """The networks it is on by name, with its own names there."""
        self.state()
        found = self._wrapped.attrs["NetworkSettings"]["Networks"]
        return {name: list(one.get("Aliases") or ()) for name, one in found.items()}

    def leave(self, network: str) -> None:
        """Take it off that network; nothing where it is off."""
        client = self._wrapped.client
        with contextlib.suppress(EngineRefused), asking(f"cut off {self.part.name}"):
            client.networks.get(network).disconnect(self.id, force=True)  # type: ignore[union-attr]

    def join(self, network: str, names: Sequence[str]) -> None:
        """Put it on that network under these names; nothing where it is on."""
        client = self._wrapped.client
        with contextlib.suppress(EngineRefused), asking(f"connect {self.part.name}"):
            client.networks.get(network).connect(self.id, aliases=list(names))  # type: ignore[union-attr]

    def drain(self) -> None:
        """Wait until the last it printed is in its log."""
        if self._reader is not None:
            self._reader.join(DRAIN_S_MAX)

    def _read(self, stream: Iterable[bytes]) -> None:
        # A daemon: an engine that never closes the stream must not keep the harness alive.
        self._reader = threading.Thread(target=_append, args=(stream, self.part.log), daemon=True)
        self._reader.start()


def _append(stream: Iterable[bytes], path: Path) -> None:
    what = asking("read what a container prints")
    with path.open("ab", buffering=0) as log, contextlib.suppress(EnvironmentBroken), what:
        for text in stream:
            log.write(text)


def start_container(
    part: Part,
    network: Network,
    alias: str,
    labels: Mapping[str, str],
    env: Mapping[str, str],
) -> Container:
    """Start a container of the engine that env names; raises EnvironmentBroken.

    Its ports are open on this host's own address alone.
    """
    settle_testcontainers()
    from testcontainers.core.container import DockerContainer

    options: dict[str, Any] = {
        "init": True,  # passes SIGTERM on, also to a program that expects somebody else to
        "labels": dict(labels),
        "extra_hosts": {GATEWAY: "host-gateway"},
    }
    if part.memory_mb_max is not None:
        limit = part.memory_mb_max * MIB_BYTES
        options |= {"mem_limit": limit, "memswap_limit": limit}
    with asking(f"start {part.name}"):
        container = DockerContainer(part.image, docker_client_kw={"environment": dict(env)})
        container.with_envs(**part.env).with_network(network).with_network_aliases(alias)
        container.with_kwargs(**options)
        if part.command is not None:
            container.with_command(list(part.command))
        for folder in part.folders:
            container.with_volume_mapping(folder, str(folder), "rw")
        # Published by name: with_bind_ports knows no address, and 0.0.0.0 is everybody's.
        container.ports.update(
            {f"{inside}/tcp": (HOST, outside) for inside, outside in part.ports.items()}  # type: ignore[misc]
        )
        container.start()
        started = Container(part, container.get_wrapped_container())
    started.follow()
    return started


def at_once(acts: Iterable[Callable[[], T]]) -> list[T]:
    """Do all of it side by side, and raise the first error after all of it has ended."""
    with ThreadPoolExecutor(HANDS) as hands:
        doing = [hands.submit(act) for act in acts]
    return [done.result() for done in doing]


def remove_labelled(client: DockerClient, labels: Mapping[str, str]) -> list[str]:
    """Remove all containers, networks and volumes that carry the labels; what was removed.

    Raises EnvironmentBroken where the engine leaves one of them.
    """
    wanted: dict[str, Any] = {"label": [f"{name}={value}" for name, value in labels.items()]}
    with asking("list what is to be removed"):
        containers = client.containers.list(all=True, filters=wanted, ignore_removed=True)
    at_once(
        [
            partial(_remove, f"container {one.name}", partial(one.remove, force=True, v=True))
            for one in containers
        ]
    )
    with asking("list what is to be removed"):
        networks = client.networks.list(filters=wanted)
        volumes = client.volumes.list(filters=wanted)
    at_once([partial(_remove, f"network {one.name}", one.remove) for one in networks])
    at_once([partial(_remove, f"volume {one.name}", one.remove) for one in volumes])
    counts = (
        (len(containers), "container"), (len(networks), "network"), (len(volumes), "volume"),
    )  # fmt: skip
    return [f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts if n]


def _remove(what: str, remove: Callable[[], Any]) -> None:
    """Remove it; what is just being let go by another act is tried again for a while."""
    deadline_s = time.monotonic() + REMOVAL_S_MAX
    while True:
        try:
            with asking(f"remove {what}"):
                remove()
        except NotFound:
            return
        except EngineRefused as error:
            if not _BUSY.search(error.reason) or time.monotonic() >= deadline_s:
                raise
            time.sleep(POLL_S)
        else:
            return
