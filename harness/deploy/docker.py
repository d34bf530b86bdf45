"""Runs a release as containers: its image, its workers, its databases and services."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.deploy.containers import Container, Part, at_once, remove_labelled
from harness.deploy.dependencies import (
    PORT_TAKEN,
    PORTS_TRIED_MAX,
    POSTGRES_IMAGE,
    Address,
    Ground,
    as_seen_inside,
    start_databases,
    start_services,
)
from harness.deploy.engine import DEPLOYMENT_LABEL, RUN_LABEL, EngineRefused, asking, open_engine
from harness.deploy.footing import Footing
from harness.deploy.health import Answer, ask_health, await_answer, health_problem
from harness.deploy.images import Image, Recipe, obtain, recipe_in
from harness.deploy.isolation import Isolation
from harness.deploy.logs import size_of, tail_of
from harness.deploy.ports import HOST, Port, reserve_port
from harness.deploy.releases import identify
from harness.errors import EnvironmentBroken, ReleaseDown, UsageError
from harness.model import Release, Role
from harness.plan import Plan, expand
from harness.plan.expand import placeholders
from harness.plan.schema import Docker
from harness.runs import RunFolder

if TYPE_CHECKING:
    from testcontainers.core.network import Network

MIGRATE_S_MAX = 300.0
PREPARE_S_MAX = 300.0
STOP_S_MAX = 5.0
APP = "app"
# The first of a container's networks by name carries its open ports: while it is cut off from
# its storages, the application is to be reached all the same.
FRONT = "a"
STORE = "b"
NOTES = "engine.log"
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
        self._count: dict[Role, int] = {}
        self._counting = threading.Lock()
        self._found: dict[str, Image | EnvironmentBroken | ReleaseDown] = {}
        self._shared: dict[str, Address] = {}

    def obtain(self, *releases: str) -> None:
        """Have every image at hand; raises ImageMissing where one cannot be had.

        A build that fails is the release's own fault and said when that is deployed.
        """
        for name in {*self._beside().values()}:
            obtain(self._client, name, None, self._log("images"))
        for release in releases:
            with contextlib.suppress(ReleaseDown):
                self._image(release)

    def identify(self, name: str) -> Release:
        """The release with its image's name and digest; no digest where it cannot be had."""
        known = replace(identify(self._plan, name), image=expand(self._table.image, release=name))
        try:
            return replace(known, digest=self._image(name).digest)
        except (EnvironmentBroken, ReleaseDown):
            return known  # said when it is to be deployed

    @contextmanager
    def deploy(
        self,
        release: Release,
        role: Role,
        baseline: Release | None,
        storages: Mapping[str, str] | None = None,
    ) -> Iterator[DockerDeployment]:
        """Migrate, prepare and start the release; every container ends with the block."""
        image = self._image(release.name)
        table = self._plan.release
        with ExitStack() as stack:
            footing = self._footing(release, role, baseline, image)
            ground = self._ground(footing, image, stack)
            port = reserve_port()
            stack.callback(port.free)
            _use_port(footing, port)
            addresses = self._storages(ground, storages, stack)
            ground.use_storages(addresses)
            start_services(ground, stack)
            if table.migrate:
                _run_step(ground, "migrate", table.migrate, MIGRATE_S_MAX)
            if table.prepare and storages is None:
                _run_step(ground, "prepare", table.prepare, PREPARE_S_MAX)
            outside = {name: address.outside for name, address in addresses.items()}
            deployment = DockerDeployment(ground, self._table, port, outside)
            stack.callback(deployment.stop)
            deployment.start()
            yield deployment

    # --- images -------------------------------------------------------------------------------

    def _image(self, release: str) -> Image:
        """The release's image, the same one for the whole run."""
        if release not in self._found:
            try:
                self._found[release] = obtain(
                    self._client,
                    expand(self._table.image, release=release),
                    self._recipe(release),
                    self._log(f"build-{release}".replace("/", "-")),
                )
            except (EnvironmentBroken, ReleaseDown) as error:
                self._found[release] = error
        found = self._found[release]
        if isinstance(found, Exception):
            raise found
        return found

    def _recipe(self, release: str) -> Recipe | None:
        if self._table.build is None:
            return None
        folder = self._plan.folder / expand(self._table.build, release=release)
        return recipe_in(folder, expand(self._table.dockerfile, release=release), release)

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

    def _footing(
        self, release: Release, role: Role, baseline: Release | None, image: Image
    ) -> Footing:
        with self._counting:
            self._count[role] = self._count.get(role, 0) + 1
            count = self._count[role]
        name = role if count == 1 else f"{role}-{count}"
        values = {
            "release": release.name,
            "baseline": (baseline or release).name,
            "cwd": image.folder or "/",
        }
        isolation = Isolation("container")
        folder = Path(values["cwd"])
        return Footing(self._plan, self._run, release, role, name, folder, {}, isolation, values)

    def _ground(self, footing: Footing, image: Image, stack: ExitStack) -> Ground:
        labels = {RUN_LABEL: self._run.id, DEPLOYMENT_LABEL: footing.name}
        self._run.lease.hold_containers(footing.name)
        stack.callback(self._sweep, footing.name, labels)
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
            network.name = f"harness-{self._run.id}-{footing.name}-{end}"
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

    def _sweep(self, name: str, labels: Mapping[str, str]) -> None:
        """Remove all that a deployment made; what an engine leaves, the next run removes."""
        try:
            remove_labelled(self._client, labels)
        except EnvironmentBroken as error:
            note(self._run, str(error))
            return
        self._run.lease.let_go(name)


def note(run: RunFolder, sentence: str) -> None:
    """Keep what went wrong when nothing can be done about it any more."""
    with (run.logs / NOTES).open("a", encoding="utf-8") as stream:
        stream.write(f"{sentence}\n")


def _use_port(footing: Footing, port: Port) -> None:
    footing.values["port"] = str(footing.plan.release.port)
    footing.values["url"] = f"http://{HOST}:{port.number}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A container of the release: what it is called, and what it is told."""

    name: str
    command: Sequence[str] | None
    env: Mapping[str, str]
    ports: Mapping[int, int]


def _run_container(ground: Ground, asked: _Asked, memory_mb_max: int | None = None) -> Container:
    """Start a container of the release's image; raises ReleaseDown where it has no such command."""
    footing = ground.footing
    part = Part(
        name=asked.name,
        image=ground.image.id,
        env={name: expand(text, **footing.values) for name, text in asked.env.items()},
        log=footing.log(asked.name),
        command=asked.command and [expand(word, **footing.values) for word in asked.command],
        ports=asked.ports,
        memory_mb_max=memory_mb_max,
        folders=() if ground.scratch is None else (ground.scratch,),
    )
    try:
        return ground.start(part)
    except EngineRefused as error:
        if _NOT_RUNNABLE.search(error.reason):
            words = f"its command {list(part.command)}" if part.command else "its own command"
            raise ReleaseDown(
                f"{footing}: {asked.name}: image {ground.image.name} cannot run {words} "
                f"({error.reason.strip()}); a command of the plan has to be in the image"
            ) from error
        raise


def _run_step(ground: Ground, name: str, words: Sequence[str], limit_s: float) -> None:
    """Run a step of the release to its end; raises ReleaseDown where it fails."""
    footing = ground.footing
    begin = size_of(footing.log(name))
    asked = _Asked(name, words, footing.plan.release.env, {})
    container = _run_container(ground, asked)
    code = container.wait(limit_s)
    how = container.ending() if code is not None else f"did not end within {limit_s:g} s"
    container.kill()
    if code != 0:
        raise ReleaseDown(f"{footing}: {name} {how}{footing.last_words(name, begin)}")


class DockerDeployment:
    """A release that runs as containers; acts on it are safe from several threads."""

    def __init__(
        self, ground: Ground, table: Docker, port: Port, storages: Mapping[str, str]
    ) -> None:
        self.storages = storages
        self._ground = ground
        self._footing = ground.footing
        self._table = table
        self._port = port
        self._containers: list[Container] = []
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

    @property
    def container_ids(self) -> dict[str, str]:
        """The engine's ids of its containers, by what they are: "app", "worker-NAME"."""
        return {container.part.name: container.id for container in self._containers}

    def start(self) -> None:
        """Start application and workers and wait until they answer; raises ReleaseDown."""
        for attempt in range(PORTS_TRIED_MAX):
            try:
                self._start_app()
                break
            except EngineRefused as error:
                if not PORT_TAKEN.search(error.reason) or attempt + 1 == PORTS_TRIED_MAX:
                    raise
                self._port.free()
                self._port = reserve_port()
                _use_port(self._footing, self._port)
        for name, worker in self._footing.plan.release.worker.items():
            env = {**self._footing.plan.release.env, **worker.env}
            asked = _Asked(f"worker-{name}", worker.command, env, {})
            self._add(_run_container(self._ground, asked, self._table.memory_mb_max))
        self._await_up()

    def kill(self) -> None:
        """End the application and its workers at once (SIGKILL)."""
        with self._acting:
            at_once([one.kill for one in self._containers])

    def pause(self) -> None:
        """Stop the application and its workers."""
        with self._acting:
            at_once([one.pause for one in self._containers])

    def resume(self) -> None:
        """Let them go on."""
        with self._acting:
            at_once([one.resume for one in self._containers])

    def restart(self) -> None:
        """Kill and start again at the same address; raises ReleaseDown where it is silent."""
        with self._acting:
            self.kill()
            self._log_begin = size_of(self._footing.log(APP))
            at_once([one.start_again for one in self._containers])
            self._await_up()

    def cut_off(self) -> None:
        """Take away the network to the storages; open connections go nowhere from now on."""
        with self._acting:
            at_once([lambda one=one: self._ground.detach(one) for one in self._containers])

    def reconnect(self) -> None:
        """Give the network to the storages back."""
        with self._acting:
            at_once([lambda one=one: self._ground.attach(one) for one in self._containers])

    def alive(self) -> bool:
        """Whether the application and all its workers run."""
        return bool(self._containers) and all(one.alive() for one in self._containers)

    def endings(self) -> dict[str, str]:
        """How those of its containers ended that did, in words."""
        found = {one.part.name: one.ending() for one in self._containers}
        return {name: ending for name, ending in found.items() if ending is not None}

    def tail(self, lines: int = 20) -> str:
        """The last lines the application printed, without secrets."""
        return tail_of(self._footing.log(APP), lines, self._footing.known_secrets)

    def roll_back(self) -> None:
        """Run the plan's rollback on the storages; raises ReleaseDown, UsageError without one."""
        words = self._footing.plan.release.rollback
        if words is None:
            raise UsageError(f"{self._footing.plan.path} has no rollback in [release]")
        _run_step(self._ground, "rollback", words, MIGRATE_S_MAX)

    def stop(self) -> None:
        """Ask everything to end, then kill what is left."""
        try:
            with self._acting:
                at_once([lambda one=one: one.stop(STOP_S_MAX) for one in self._containers])
        except EnvironmentBroken as error:
            note(self._footing.run, str(error))
        finally:
            self._port.free()

    def _start_app(self) -> None:
        port = self._footing.plan.release.port
        self._log_begin = size_of(self._footing.log(APP))
        ports = {} if port is None else {port: self._port.number}
        asked = _Asked(APP, self._table.command, self._footing.plan.release.env, ports)
        self._add(_run_container(self._ground, asked, self._table.memory_mb_max))

    def _add(self, container: Container) -> None:
        self._containers.append(container)
        self._ground.join_front(container)

    def _await_up(self) -> None:
        health = self._footing.plan.release.health
        key = health.release
        began_s = time.monotonic()
        answer = await_answer(
            lambda: ask_health(self.url, health.path, key),
            lambda answer: answer.good and (key is None or answer.release is not None),
            health.timeout_s_max,
            lambda: not self.alive(),
        )
        problem = self._problem(answer, time.monotonic() - began_s)
        if problem is not None:
            self.kill()
            raise ReleaseDown(problem)

    def _problem(self, answer: Answer, took_s: float) -> str | None:
        """What keeps the release from being up, as a sentence; None where nothing does."""
        footing, health = self._footing, self._footing.plan.release.health
        for one in self._containers:
            ending = one.ending()
            if ending is not None:
                one.drain()
                begin = self._log_begin if one.part.name == APP else 0
                return (
                    f"{footing}: {one.part.name} {ending} after {took_s:.1f} s, before "
                    f"GET {health.path} answered (limit {health.timeout_s_max:g} s)"
                    f"{footing.last_words(one.part.name, begin)}"
                )
        problem = health_problem(answer, health, self.release.name)
        if not problem:
            return None
        hint = "" if answer.status else (
            f"; it has to listen on 0.0.0.0:{footing.plan.release.port} in its container"
        )  # fmt: skip
        return f"{footing}: {problem}{hint}{footing.last_words(APP, self._log_begin)}"
