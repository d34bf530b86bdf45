"""Runs a release as containers: its image, its workers, its databases and services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.deploy.containers import Container, Part
from harness.deploy.dependencies import (
    POSTGRES_IMAGE,
    Address,
    Ground,
    as_seen_inside,
    start_databases,
    start_services,
)
from harness.deploy.deployment import (
    Berths,
    ContainerDeployment,
    end_step,
    prepare_storages,
)
from harness.deploy.engine import EngineRefused, asking, open_engine
from harness.deploy.footing import Footing
from harness.deploy.images import Image, ReleaseImages, obtain
from harness.deploy.logs import size_of
from harness.deploy.ports import reserve_port
from harness.deploy.standing import APP, use_port
from harness.errors import ReleaseDown, UsageError
from harness.model import Release, Role
from harness.plan import Plan, expand
from harness.plan.expand import placeholders
from harness.plan.schema import Docker
from harness.runs import RunFolder

if TYPE_CHECKING:
    from testcontainers.core.network import Network

# The first of a container's networks by name carries its open ports: while it is cut off from
# its storages, be they another deployment's, the application is to be reached all the same.
FRONT = "a"
STORE = "b"
_NOT_RUNNABLE = re.compile(
    r"executable file not found|no such file or directory|permission denied|exec format"
    r"|no command specified|not a directory",
    re.IGNORECASE,
)


class DockerDeployer:
    """Starts images on the engine that env names; raises EnvironmentBroken where none answers."""

    def __init__(
        self, plan: Plan, run: RunFolder, env: Mapping[str, str], notice: str = ""
    ) -> None:
        if plan.release.docker is None:
            raise UsageError(
                f"{plan.path} has no [release.docker]; write it with the image of a release"
            )
        for name, service in plan.services.items():
            if service.image is None:
                raise UsageError(
                    f"service {name} is a command alone; running as containers it needs "
                    f"an image in [service.{name}]"
                )
        self.name = "docker"
        self.notice = notice
        self._plan = plan
        self._table: Docker = plan.release.docker
        self._run = run
        self._env = env
        self._client = open_engine(env)
        self._berths = Berths(plan, run, self._client)
        self._images = ReleaseImages(self._client, plan, self._table, run.logs)
        self._shared: dict[str, Address] = {}

    def obtain(self, *releases: str) -> None:
        """Have every image at hand; raises ImageMissing where one cannot be had."""
        for name in {*self._beside().values()}:
            obtain(self._client, name, None, self._log("images"))
        self._images.obtain(*releases)

    def identify(self, name: str) -> Release:
        """The release with its image's name and digest; no digest where it cannot be had."""
        return self._images.identify(name)

    @contextmanager
    def deploy(
        self,
        release: Release,
        role: Role,
        baseline: Release | None,
        storages: Mapping[str, str] | None = None,
        rotated: Mapping[str, str] | None = None,
    ) -> Iterator[ContainerDeployment]:
        """Migrate, prepare and start the release; every container ends with the block."""
        image = self._images.of(release.name)
        with ExitStack() as stack:
            footing = self._berths.footing(release, role, baseline, image.folder)
            footing.rotate(rotated)
            ground = self._ground(footing, image, stack)
            port = reserve_port()
            stack.callback(port.free)
            use_port(footing, port, footing.plan.release.port)
            addresses = self._storages(ground, storages, stack)
            ground.use_storages(addresses)
            start_services(ground, stack)
            fleet = Fleet(ground, self._table)
            prepare_storages(footing, fleet, storages)
            outside = {name: address.outside for name, address in addresses.items()}
            own = {n: address.database for n, address in addresses.items() if address.database}
            deployment = ContainerDeployment(footing, fleet, port, outside, own)
            stack.callback(deployment.stop)
            deployment.start()
            yield deployment

    # --- images -------------------------------------------------------------------------------

    def _beside(self) -> dict[str, str]:
        """The images of what a release needs, by the name of its part."""
        images = {
            f"storage-{name}": table.image or POSTGRES_IMAGE
            for name, table in self._plan.storages.items()
            if table.url is None
        }
        return images | {n: s.image for n, s in self._plan.services.items() if s.image}

    def _log(self, name: str) -> Path:
        return self._run.logs / f"{name}.log"

    # --- what a deployment stands on ----------------------------------------------------------

    def _ground(self, footing: Footing, image: Image, stack: ExitStack) -> Ground:
        labels = self._berths.hold(footing, stack)
        images = {
            part: obtain(self._client, name, None, self._log("images"))
            for part, name in self._beside().items()
        }
        front, store = (self._network(footing, end, labels) for end in (FRONT, STORE))
        return Ground(
            footing, image, images, front, store, labels, self._env, self._scratch(footing)
        )

    def _network(self, footing: Footing, end: str, labels: Mapping[str, str]) -> Network:
        from testcontainers.core.network import Network

        with asking(f"make a network for {footing}"):
            network = Network(
                docker_client_kw={"environment": dict(self._env)},
                docker_network_kw={"driver": "bridge", "labels": dict(labels)},
            )
            network.name = f"harness-{self._run.id}-{end}-{footing.name}"
            return network.create()

    def _scratch(self, footing: Footing) -> Path | None:
        """A folder that is the same path inside and outside, where the plan asks for one."""
        table = self._plan.release
        texts = [*table.env.values(), *(self._table.command or ())]
        texts += [*(table.migrate or ()), *(table.prepare or ()), *(table.rollback or ())]
        for worker in table.worker.values():
            texts += [*worker.command, *worker.env.values()]
        if not any("scratch" in placeholders(text) for text in texts):
            return None
        folder = self._run.lease.scratch(f"{footing.name}-scratch")
        folder.chmod(0o777)  # the image's own user writes here
        footing.values["scratch"] = str(folder)
        return folder

    def _storages(
        self, ground: Ground, given: Mapping[str, str] | None, stack: ExitStack
    ) -> dict[str, Address]:
        if given is None:
            addresses = start_databases(ground, stack)
            for address in addresses.values():
                self._shared[address.outside] = address
                stack.callback(self._shared.pop, address.outside, None)
            return addresses
        return {
            name: self._shared.get(outside) or as_seen_inside(outside)
            for name, outside in given.items()
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    """A container of the release: what it is called, and what it is told."""

    name: str
    command: Sequence[str] | None
    env: Mapping[str, str]
    ports: Mapping[int, int]


class Fleet:
    """Starts a release's own image as application, workers and steps."""

    def __init__(self, ground: Ground, table: Docker) -> None:
        self._ground = ground
        self._table = table

    def start(self, port: int) -> Iterator[Container]:
        """The application, then its workers."""
        table = self._ground.footing.plan.release
        ports = {} if table.port is None else {table.port: port}
        yield self._reachable(_Asked(APP, self._table.command, table.env, ports))
        for name, worker in table.worker.items():
            env = {**table.env, **worker.env}
            yield self._reachable(_Asked(f"worker-{name}", worker.command, env, {}))

    def run_step(self, name: str, words: Sequence[str], limit_s: float) -> None:
        """Run a step in a container of its own; raises ReleaseDown where it fails."""
        footing = self._ground.footing
        begin = size_of(footing.log(name))
        container = self._run(_Asked(name, words, footing.plan.release.env, {}), None)
        end_step(footing, container, limit_s, begin)

    def detach(self, container: Container) -> None:
        """Cut it off from the network of the storages."""
        self._ground.detach(container)

    def attach(self, container: Container) -> None:
        """Connect it with the network of the storages."""
        self._ground.attach(container)

    def _reachable(self, asked: _Asked) -> Container:
        container = self._run(asked, self._table.memory_mb_max)
        self._ground.join_front(container)
        return container

    def _run(self, asked: _Asked, memory_mb_max: int | None) -> Container:
        """Start a container of the image; raises ReleaseDown where it has no such command."""
        ground, footing = self._ground, self._ground.footing
        command = asked.command
        part = Part(
            name=asked.name,
            image=ground.image.id,
            env=footing.filled(asked.env, footing.values),
            log=footing.log(asked.name),
            command=command and [expand(word, **footing.values) for word in command],
            ports=asked.ports,
            memory_mb_max=memory_mb_max,
            folders=() if ground.scratch is None else (ground.scratch,),
        )
        try:
            return ground.start(part)
        except EngineRefused as error:
            if not _NOT_RUNNABLE.search(error.reason):
                raise
            words = f"its command {list(part.command)}" if part.command else "its own command"
            raise ReleaseDown(
                f"{footing}: {asked.name}: image {ground.image.name} cannot run {words} "
                f"({error.reason.strip()}); a command of the plan has to be in the image"
            ) from error
