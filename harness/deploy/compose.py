"""Runs a release in the project's own compose file, as the image of one of its services."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.deploy.containers import Container, Part
from harness.deploy.dependencies import Database, await_database
from harness.deploy.deployment import (
    Berths,
    ContainerDeployment,
    end_step,
    prepare_storages,
)
from harness.deploy.engine import EngineRefused, asking, open_engine
from harness.deploy.footing import Footing
from harness.deploy.images import Image, ReleaseImages
from harness.deploy.logs import size_of
from harness.deploy.ports import HOST, reserve_port
from harness.deploy.standing import APP, use_port
from harness.errors import EnvironmentBroken, PlanError, UsageError
from harness.model import Release, Role
from harness.plan import Plan, expand
from harness.plan.secrecy import passwords
from harness.runs import RunFolder
from harness.suggest import advice

UP_S_MAX = 600.0
ASK_S_MAX = 60.0
SAID_CHARS_MAX = 2000
# The first of a container's networks by name carries its open ports.
FRONT = "0front"
PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
ONE_OFF_LABEL = "com.docker.compose.oneoff"

Json = dict[str, Any]


class ComposeDeployer:
    """Starts a compose project per deployment; raises EnvironmentBroken where it cannot."""

    def __init__(
        self, plan: Plan, run: RunFolder, env: Mapping[str, str], notice: str = ""
    ) -> None:
        if plan.release.compose is None:
            raise UsageError(
                f"{plan.path} has no [release.compose]; write it with file and service"
            )
        if plan.release.docker is None:
            raise UsageError(
                f"{plan.path} has no [release.docker]; write it with the image that takes the "
                f"place of {plan.release.compose.service}'s"
            )
        for name, storage in plan.storages.items():
            if storage.url is None:
                raise UsageError(
                    f"storage {name} has no url; a compose project has storage of its own: write "
                    f'url = "postgresql://USER:WORD@SERVICE:5432/NAME" in [storage.{name}], as '
                    "the project's services connect to it"
                )
        self.name = "compose"
        self.notice = notice
        self._plan = plan
        self._run = run
        self._client = open_engine(env)
        self._command = Compose(env)
        self._command.check()
        self._berths = Berths(plan, run, self._client)
        self._images = ReleaseImages(self._client, plan, plan.release.docker, run.logs)

    def obtain(self, *releases: str) -> None:
        """Have the releases' images at hand; raises ImageMissing where one cannot be had."""
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
        """Start the project with the release in it; everything of it ends with the block."""
        if storages is not None:
            raise UsageError("a compose project keeps its own storages; use --deployer docker")
        image = self._images.of(release.name)
        with ExitStack() as stack:
            footing = self._berths.footing(release, role, baseline, image.folder)
            project = self._project(footing, image, stack)
            port = reserve_port()
            stack.callback(port.free)
            use_port(footing, port, footing.plan.release.port)
            outside = project.start_beside(stack)
            prepare_storages(footing, project, None)
            deployment = ContainerDeployment(footing, project, port, outside, project.databases)
            stack.callback(deployment.stop)
            deployment.start()
            yield deployment

    def _project(self, footing: Footing, image: Image, stack: ExitStack) -> Project:
        table = self._plan.release.compose
        assert table is not None  # noqa: S101 - refused when the deployer was made
        labels = self._berths.hold(footing, stack)
        file = self._plan.folder / expand(table.file, release=footing.release.name)
        name = f"harness-{self._run.id}-{footing.name}"
        told = self._command.read(name, file)
        services = told.get("services") or {}
        if table.service not in services:
            raise PlanError(
                f"{file} has no service {table.service!r}; {advice(table.service, services)}"
            )
        scratch = self._run.lease.scratch(f"{footing.name}-compose")
        return Project(
            footing, self._client, self._command, name, table.service, told, image, labels, scratch
        )


@dataclass(frozen=True, slots=True)
class Compose:
    """The ``docker compose`` command, with the environment that it is run in."""

    env: Mapping[str, str]

    def check(self) -> None:
        """Raises EnvironmentBroken where there is no such command."""
        try:
            self.run("say its version", ["version"], ASK_S_MAX)
        except EngineRefused as error:
            raise EnvironmentBroken(
                f"docker compose does not answer ({error.reason}); install its plugin "
                "(docker-compose-plugin), or --deployer process"
            ) from error

    def read(self, project: str, file: Path) -> Json:
        """The file with all that it includes and extends, as compose understands it."""
        if not file.is_file():
            raise PlanError(f"the compose file {file} does not exist")
        words = ["--project-name", project, "--file", str(file), "config", "--format", "json"]
        try:
            found: Json = json.loads(self.run(f"read {file}", words, ASK_S_MAX))
        except EngineRefused as error:
            raise PlanError(f"the compose file {file} cannot be read: {error.reason}") from error
        return found

    def run(self, what: str, words: Sequence[str], limit_s: float) -> str:
        """Run it to its end; returns what it printed. Raises EngineRefused with what it said."""
        try:
            done = subprocess.run(
                ["docker", "compose", "--ansi", "never", *words],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=limit_s,
                check=False,
                env=dict(self.env),
            )
        except subprocess.TimeoutExpired as error:
            raise EngineRefused(what, f"docker compose did not end within {limit_s:g} s") from error
        except OSError as error:
            raise EngineRefused(what, f"docker: {error.strerror}") from error
        if done.returncode != 0:
            raise EngineRefused(what, done.stderr.strip()[-SAID_CHARS_MAX:])
        return done.stdout


@dataclass
class Project:
    """One project of compose: the file's, with one image replaced and no port but ours open."""

    footing: Footing
    client: Any
    command: Compose
    name: str
    service: str
    told: Json
    image: Image
    labels: Mapping[str, str]
    scratch: Path
    databases: dict[str, Database] = field(default_factory=dict)
    _opened: dict[str, dict[int, int]] = field(default_factory=dict)
    _aliases: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @property
    def services(self) -> Json:
        """What the file says of each service."""
        services: Json = self.told["services"]
        return services

    @property
    def own(self) -> tuple[str, ...]:
        """The services that run the release: the one that is named, and those of its image."""
        image = self.services[self.service].get("image")
        build = self.services[self.service].get("build")
        same = (
            name
            for name, told in self.services.items()
            if name != self.service
            and ((image and told.get("image") == image) or (build and told.get("build") == build))
        )
        return (self.service, *same)

    def start_beside(self, stack: ExitStack) -> dict[str, str]:
        """Start what the release stands on; where the harness reaches each storage."""
        addresses = {}
        for name, storage in self.footing.plan.storages.items():
            url = storage.url or ""
            self.footing.values[f"storage.{name}.url"] = url
            self.footing.secrets |= passwords(url)
            addresses[name] = self._open(url, stack)
        # Compose starts what they depend on with them.
        if self._opened:
            self._write(0)
            self._up(f"the storages of {self.footing}", list(self._opened))
        for name, address in addresses.items():
            await_database(address, f"storage {name} of {self.footing}")
            service = urlsplit(self.footing.plan.storages[name].url or "").hostname
            if service in self.services:
                container = self._containers(service, service)[0]
                self.databases[name] = Database(self.footing, container, address)
        return addresses

    def start(self, port: int) -> Iterator[Container]:
        """The whole project; the release's own containers, the application's first."""
        self._write(port)
        self._up(str(self.footing), [])
        for service in (*self.own, *(name for name in self.services if name not in self.own)):
            name = APP if service == self.service else service
            for container in self._containers(service, name):
                container.follow()
                if service in self.own:
                    self._aliases[container.id] = container.networks()
                    yield container

    def run_step(self, name: str, words: Sequence[str], limit_s: float) -> None:
        """Run a command in a container of the application's service; raises ReleaseDown."""
        footing, log = self.footing, self.footing.log(name)
        begin = size_of(log)
        self._write(0)
        filled = [expand(word, **footing.values) for word in words]
        called = f"{self.name}-step-{name}"
        options = ["run", "--detach", "--no-TTY", "--name", called, self.service]
        self._compose(f"run {name} of {footing}", [*options, *filled])
        with asking(f"look for {called}"):
            found = self.client.containers.get(called)
        container = Container(Part(name, self.image.id, {}, log), found)
        container.follow()
        end_step(footing, container, limit_s, begin)

    def detach(self, container: Container) -> None:
        """Leave it no network but the one by which it is reached."""
        for network in self._aliases[container.id]:
            if not network.endswith(FRONT):
                container.leave(network)

    def attach(self, container: Container) -> None:
        """Give it its networks back."""
        for network, aliases in self._aliases[container.id].items():
            if not network.endswith(FRONT):
                container.join(network, aliases)

    def _open(self, url: str, stack: ExitStack) -> str:
        """The storage's address with a port of this host, where one of the services is meant."""
        parts = urlsplit(url)
        if parts.hostname not in self.services:
            return url
        inside = parts.port or 5432
        ports = self._opened.setdefault(parts.hostname, {})
        if inside not in ports:
            port = reserve_port()
            stack.callback(port.free)
            ports[inside] = port.number
        login, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{login}{at}{HOST}:{ports[inside]}"))

    def _write(self, port: int) -> None:
        """The file that compose is given; port 0 opens the application nowhere."""
        table = self.footing.plan.release
        services = {
            name: {
                **{key: value for key, value in told.items() if key != "container_name"},
                "labels": {**(told.get("labels") or {}), **self.labels},
                "ports": _published(self._opened.get(name, {})),
            }
            for name, told in self.services.items()
        }
        env = {name: expand(text, **self.footing.values) for name, text in table.env.items()}
        for name in self.own:
            told = services[name]
            told.pop("build", None)
            told["image"] = self.image.id
            told["init"] = True
            told["environment"] = {**(told.get("environment") or {}), **env}
            if "network_mode" not in told:
                told["networks"] = {**(told.get("networks") or {"default": None}), FRONT: None}
        if port and table.port is not None:
            services[self.service]["ports"] = _published({table.port: port})
        whole = {
            **self.told,
            "name": self.name,
            "services": services,
            "networks": self._labelled({**(self.told.get("networks") or {}), FRONT: {}}),
            "volumes": self._labelled(self.told.get("volumes") or {}),
        }
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(whole, stream)

    def _labelled(self, told: Mapping[str, Json | None]) -> Json:
        """Networks or volumes with our labels and names of this project; external ones as is."""
        found: Json = {}
        for name, one in told.items():
            found[name] = dict(one or {})
            if not found[name].get("external"):
                found[name].pop("name", None)
                found[name]["labels"] = {**(found[name].get("labels") or {}), **self.labels}
        return found

    @property
    def _file(self) -> Path:
        return self.scratch / "compose.json"

    def _up(self, what: str, services: Sequence[str]) -> None:
        self._compose(f"start {what}", ["up", "--detach", "--no-color", *services])

    def _compose(self, what: str, words: Sequence[str]) -> None:
        options = ["--project-name", self.name, "--file", str(self._file)]
        self.command.run(what, [*options, *words], UP_S_MAX)

    def _containers(self, service: str, name: str) -> list[Container]:
        labels = {PROJECT_LABEL: self.name, SERVICE_LABEL: service, ONE_OFF_LABEL: "False"}
        with asking(f"list the containers of {service}"):
            found = self.client.containers.list(
                all=True, filters={"label": [f"{key}={value}" for key, value in labels.items()]}
            )
        if not found:
            raise EnvironmentBroken(f"docker compose started no container of service {service}")
        part = Part(name, self.image.id, {}, self.footing.log(name))
        return [Container(part, one) for one in found]


def _published(ports: Mapping[int, int]) -> list[Json]:
    """Ports of a container, open on this host's own address alone, as compose writes them."""
    return [
        {
            "mode": "ingress",
            "host_ip": HOST,
            "target": inside,
            "published": str(outside),
            "protocol": "tcp",
        }
        for inside, outside in ports.items()
    ]
