"""Runs a release as local processes on a PostgreSQL of its own."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from harness.deploy.children import Child, end, exit_words, family, kill
from harness.deploy.footing import Footing, folder_of
from harness.deploy.health import Answer, ask_health, await_answer, health_problem
from harness.deploy.isolation import isolation_from
from harness.deploy.logs import tail_of
from harness.deploy.ports import Port, is_free, reserve_port
from harness.deploy.postgres import PostgresServer
from harness.deploy.releases import identify
from harness.deploy.schema import telling_changes
from harness.deploy.services import fixed_port, start_services, start_storages, use_storages
from harness.deploy.standing import (
    APP,
    END_S_MAX,
    MIGRATE_S_MAX,
    PREPARE_S_MAX,
    STOP_S_MAX,
    WORKER,
    OwnStorage,
    Standing,
    chosen,
    use_port,
)
from harness.deploy.surroundings import allowed_environment
from harness.errors import EnvironmentBroken, ReleaseDown, UsageError
from harness.model import Release, Role
from harness.plan import Plan
from harness.plan.expand import placeholders
from harness.runs import RunFolder
from harness.runs.processes import send

BUILD_S_MAX = 900.0
STRANGER_S = 1.0
LINES_SEARCHED = 50
PART = "application"
TAKEN = re.compile(
    r"address (is )?already in use|EADDRINUSE|port .{0,20}(in use|taken)", re.IGNORECASE
)


class PortTaken(EnvironmentBroken):
    """The application found its port taken by another process."""


class ProcessDeployer:
    """Starts the plan's commands; env is what the harness itself runs with."""

    def __init__(
        self, plan: Plan, run: RunFolder, env: Mapping[str, str], notice: str = ""
    ) -> None:
        if plan.release.process is None:
            raise UsageError(
                f"{plan.path} has no [release.process]; write it with the command that "
                "starts a release"
            )
        for name, service in plan.services.items():
            if service.command is None:
                raise UsageError(
                    f"service {name} is an image alone; running as local processes it needs "
                    f"a command in [service.{name}]"
                )
        self.name = "process"
        self.notice = notice
        self._plan = plan
        self._run = run
        self._env = env
        self._isolation = isolation_from(run.path)
        self._count: dict[Role, int] = {}
        self._counting = threading.Lock()
        self._servers: dict[str, PostgresServer] = {}

    def identify(self, name: str) -> Release:
        """The release with the commit of the plan's folder."""
        return identify(self._plan, name)

    @contextmanager
    def deploy(
        self,
        release: Release,
        role: Role,
        baseline: Release | None,
        storages: Mapping[str, str] | None = None,
        rotated: Mapping[str, str] | None = None,
    ) -> Iterator[ProcessDeployment]:
        """Build, migrate, prepare and start the release; everything ends with the block."""
        table = self._plan.release
        with ExitStack() as stack:
            footing = self._footing(release, role, baseline)
            footing.rotate(rotated)
            if table.process and table.process.build:
                footing.run_step("build", table.process.build, {}, BUILD_S_MAX)
            port = _port(footing)
            stack.callback(port.free)
            use_port(footing, port)
            addresses = self._storages(footing, stack) if storages is None else dict(storages)
            use_storages(footing, addresses)
            start_services(footing, stack)
            if table.migrate:
                with telling_changes(storages or {}):
                    footing.run_step("migrate", table.migrate, table.env, MIGRATE_S_MAX)
            if table.prepare and storages is None:
                footing.run_step("prepare", table.prepare, table.env, PREPARE_S_MAX)
            own = {n: self._servers[a] for n, a in addresses.items() if a in self._servers}
            deployment = ProcessDeployment(footing, port, addresses, own)
            stack.callback(deployment.stop)
            deployment.start()
            yield deployment

    def _storages(self, footing: Footing, stack: ExitStack) -> dict[str, str]:
        """Where each storage of the plan is: its own url, else a PostgreSQL started for it."""
        servers = start_storages(footing, stack)
        for server in servers.values():
            self._servers[server.dsn] = server
            stack.callback(self._servers.pop, server.dsn)
        tables = self._plan.storages
        return {name: table.url or servers[name].dsn for name, table in tables.items()}

    def _footing(self, release: Release, role: Role, baseline: Release | None) -> Footing:
        with self._counting:
            self._count[role] = self._count.get(role, 0) + 1
            count = self._count[role]
        name = role if count == 1 else f"{role}-{count}"
        cwd = folder_of(self._plan, release)
        values = {
            "release": release.name,
            "baseline": (baseline or release).name,
            "cwd": str(cwd),
            "scratch": str(self._run.lease.scratch(f"{name}-scratch")),
        }
        environment = allowed_environment(self._env)
        return Footing(
            self._plan, self._run, release, role, name, cwd, environment, self._isolation, values
        )


def _port(footing: Footing) -> Port:
    """A free port where the release can be told one, else the one of the plan."""
    release = footing.plan.release
    words = release.process.command if release.process else ()
    told = any("port" in placeholders(text) for text in (*words, *release.env.values()))
    if told or release.port is None:
        return reserve_port()
    return fixed_port(release.port, str(footing))


class ProcessDeployment(Standing):
    """A release that runs as local processes; acts on it are safe from several threads."""

    def __init__(
        self,
        footing: Footing,
        port: Port,
        storages: Mapping[str, str],
        own: Mapping[str, OwnStorage],
    ) -> None:
        super().__init__(footing, port, storages, own)
        self._children: dict[str, Child] = {}
        self._worker_ports: dict[str, Port] = {}

    @property
    def parts(self) -> tuple[str, ...]:
        """The application, and each worker of the plan."""
        return (APP, *(f"{WORKER}{name}" for name in self._footing.plan.release.worker))

    @property
    def marks(self) -> dict[str, str]:
        """What the environment of each of its processes carries."""
        return self._footing.marks(PART)

    def start(self) -> None:
        """Start application and workers and wait until they answer; raises ReleaseDown.

        Where the port was taken meanwhile another one is tried, once.
        """
        try:
            self._start_once()
        except (ReleaseDown, PortTaken) as error:
            if self._port.fixed or not (isinstance(error, PortTaken) or self._tells_of_port()):
                raise
            self._port.free()
            self._port = reserve_port()
            use_port(self._footing, self._port)
            self._start_once()

    def kill(self, part: str | None = None) -> None:
        """End the application and its workers, or one part, at once (SIGKILL)."""
        with self._acting():
            kill(*self._family(part))

    def end(self, part: str | None = None) -> bool:
        """Ask them to end (SIGTERM), kill what is left; whether all of it ended when asked."""
        with self._acting():
            return end(*self._family(part), END_S_MAX)

    def pause(self) -> None:
        """Stop the application and its workers (SIGSTOP)."""
        with self._acting():
            send(family(*self._family()), signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on (SIGCONT)."""
        with self._acting():
            send(family(*self._family()), signal.SIGCONT)

    def restart(self, part: str | None = None, *, graceful: bool = False) -> None:
        """End and start again on the same port; raises ReleaseDown where it does not answer."""
        with self._acting():
            (self.end if graceful else self.kill)(part)
            self._start_once(part)

    def cut_off(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("cut off from its storages")

    def reconnect(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("connected with its storages again")

    def alive(self) -> bool:
        """Whether the application and all its workers run."""
        running = [child.exit_code() is None for child in self._children.values()]
        return bool(running) and all(running)

    def endings(self) -> dict[str, str]:
        """How those of its processes ended that did, in words."""
        codes = {name: child.exit_code() for name, child in self._children.items()}
        return {name: exit_words(code) for name, code in codes.items() if code is not None}

    def roll_back(self) -> None:
        """Run the plan's rollback on the storages; raises ReleaseDown, UsageError without one."""
        table = self._footing.plan.release
        if table.rollback is None:
            raise UsageError(f"{self._footing.plan.path} has no rollback in [release]")
        with telling_changes(self.storages):
            self._footing.run_step("rollback", table.rollback, table.env, MIGRATE_S_MAX)

    def stop(self) -> None:
        """Ask everything to end, then kill what is left, and give the port back."""
        try:
            with self._ending():
                end(*self._family(), STOP_S_MAX)
        finally:
            for port in (self._port, *self._worker_ports.values()):
                port.free()

    def _refuse(self, act: str) -> NoReturn:
        raise UsageError(
            f"{self._footing}: local processes share the network of this host and cannot be {act}; "
            "this fault needs containers (--deployer docker)"
        )

    def _family(self, part: str | None = None) -> tuple[list[Child], dict[str, str]]:
        """The leaders of the whole release or of one part, and what marks all they started."""
        names = chosen(self._footing, self.parts, part)
        leaders = [child for name, child in self._children.items() if name in names]
        return leaders, self._footing.marks(PART, part)

    def _start_once(self, part: str | None = None) -> None:
        parts = chosen(self._footing, self.parts, part)
        self._begin_logs(parts)
        began_s = time.monotonic()
        for name in parts:
            self._children[name] = self._start_part(name)
        if APP not in parts:
            return
        health = self._footing.plan.release.health
        key = health.release
        answer = await_answer(
            lambda: ask_health(self.url, health.path, key),
            lambda answer: answer.good and (key is None or answer.release is not None),
            health.timeout_s_max,
            lambda: (
                self._over or any(self._children[name].exit_code() is not None for name in parts)
            ),
        )
        problem = self._problem(parts, answer, time.monotonic() - began_s)
        if problem is None:
            return
        # An answer under another name may be a stranger's on our port: then our own exits soon.
        exited = self._children[APP].wait(STRANGER_S if answer.good else 0.0) is not None
        kill(*self._family(part))
        if exited and not is_free(self._port.number):
            raise PortTaken(
                f"{self._footing}: its port {self._port.number} is taken by another process; "
                f"end what listens there{self._last_words(APP)}"
            )
        raise ReleaseDown(problem)

    def _start_part(self, name: str) -> Child:
        footing, table = self._footing, self._footing.plan.release
        if name == APP:
            words = table.process.command if table.process else ()
            return footing.start(APP, words, table.env, PART)
        worker = table.worker[name.removeprefix(WORKER)]
        texts = (*worker.command, *worker.env.values())
        values: dict[str, str] = {}
        if any("port" in placeholders(text) for text in texts):
            if name not in self._worker_ports:
                self._worker_ports[name] = reserve_port()
            values["port"] = str(self._worker_ports[name].number)
        return footing.start(name, worker.command, {**table.env, **worker.env}, PART, values)

    def _problem(self, parts: Collection[str], answer: Answer, took_s: float) -> str | None:
        """What keeps these parts from being up, as a sentence; None where nothing does."""
        footing, health = self._footing, self._footing.plan.release.health
        for name in parts:
            code = self._children[name].exit_code()
            if code is not None:
                return (
                    f"{footing}: {name} exited {code} after {took_s:.1f} s, before "
                    f"GET {health.path} answered (limit {health.timeout_s_max:g} s)"
                    f"{self._last_words(name)}"
                )
        problem = health_problem(answer, health, self.release.name)
        return None if not problem else f"{footing}: {problem}{self._last_words(APP)}"

    def _tells_of_port(self) -> bool:
        text = tail_of(self._footing.log(APP), LINES_SEARCHED, (), self._log_begins[APP])
        return TAKEN.search(text) is not None
