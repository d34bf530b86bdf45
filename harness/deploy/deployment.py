"""A release that runs as containers, whoever has started them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.deploy.containers import Container, at_once, remove_labelled
from harness.deploy.dependencies import PORT_TAKEN, PORTS_TRIED_MAX
from harness.deploy.engine import DEPLOYMENT_LABEL, RUN_LABEL, EngineRefused
from harness.deploy.footing import Footing
from harness.deploy.health import Answer, ask_health, await_answer, health_problem
from harness.deploy.isolation import Isolation
from harness.deploy.ports import Port, reserve_port
from harness.deploy.schema import telling_changes
from harness.deploy.standing import (
    APP,
    END_S_MAX,
    MIGRATE_S_MAX,
    PREPARE_S_MAX,
    STOP_S_MAX,
    OwnStorage,
    Standing,
    chosen,
    use_port,
)
from harness.errors import EnvironmentBroken, ReleaseDown, UsageError
from harness.model import Release, Role
from harness.plan import Plan
from harness.runs import RunFolder

if TYPE_CHECKING:
    from docker.client import DockerClient

NOTES = "engine.log"


class Launch(Protocol):
    """How the containers of one deployment are started and connected."""

    def start(self, port: int) -> Iterator[Container]:
        """Each container of the release as it is started, the application first, open there."""
        ...

    def run_step(self, name: str, words: Sequence[str], limit_s: float) -> None:
        """Run a command of the release to its end; raises ReleaseDown where it fails."""
        ...

    def detach(self, container: Container) -> None:
        """Cut it off from the storages; nothing where it is."""
        ...

    def attach(self, container: Container) -> None:
        """Connect it with the storages again; nothing where it is."""
        ...


def prepare_storages(footing: Footing, launch: Launch, shared: Mapping[str, str] | None) -> None:
    """Migrate, and prepare them where they are not shared with others; raises ReleaseDown."""
    table = footing.plan.release
    if table.migrate:
        with telling_changes(shared or {}):
            launch.run_step("migrate", table.migrate, MIGRATE_S_MAX)
    if table.prepare and shared is None:
        launch.run_step("prepare", table.prepare, PREPARE_S_MAX)


def end_step(footing: Footing, container: Container, limit_s: float, begin: int) -> None:
    """Wait for a step's end; raises ReleaseDown where that is none, or a bad one."""
    code = container.wait(limit_s)
    how = container.ending() if code is not None else f"did not end within {limit_s:g} s"
    container.kill()
    name = container.part.name
    if code != 0:
        raise ReleaseDown(f"{footing}: {name} {how}{footing.last_words(name, begin)}")


def note(run: RunFolder, sentence: str) -> None:
    """Keep what went wrong when nothing can be done about it any more."""
    with (run.logs / NOTES).open("a", encoding="utf-8") as stream:
        stream.write(f"{sentence}\n")


class Berths:
    """Names the deployments of a run, and removes whatever one of them has left on the engine."""

    def __init__(self, plan: Plan, run: RunFolder, client: DockerClient) -> None:
        self._plan = plan
        self._run = run
        self._client = client
        self._count: dict[Role, int] = {}
        self._counting = threading.Lock()

    def footing(
        self, release: Release, role: Role, baseline: Release | None, folder: str
    ) -> Footing:
        """What a new deployment stands on; folder is where its image works."""
        with self._counting:
            self._count[role] = self._count.get(role, 0) + 1
            count = self._count[role]
        values = {
            "release": release.name,
            "baseline": (baseline or release).name,
            "cwd": folder or "/",
        }
        name = role if count == 1 else f"{role}-{count}"
        isolation = Isolation("container")
        cwd = Path(values["cwd"])
        return Footing(self._plan, self._run, release, role, name, cwd, {}, isolation, values)

    def hold(self, footing: Footing, stack: ExitStack) -> dict[str, str]:
        """The labels of all that the deployment makes; what carries them goes with the stack."""
        labels = {RUN_LABEL: self._run.id, DEPLOYMENT_LABEL: footing.name}
        self._run.lease.hold_containers(footing.name)
        stack.callback(self._sweep, footing.name, labels)
        return labels

    def _sweep(self, name: str, labels: Mapping[str, str]) -> None:
        """Remove what carries the labels; what the engine leaves, the next run removes."""
        try:
            remove_labelled(self._client, labels)
        except EnvironmentBroken as error:
            note(self._run, str(error))
            return
        self._run.lease.let_go(name)


class ContainerDeployment(Standing):
    """A release that runs as containers; acts on it are safe from several threads."""

    def __init__(
        self,
        footing: Footing,
        launch: Launch,
        port: Port,
        storages: Mapping[str, str],
        own: Mapping[str, OwnStorage],
    ) -> None:
        super().__init__(footing, port, storages, own)
        self._launch = launch
        self._containers: list[Container] = []

    @property
    def parts(self) -> tuple[str, ...]:
        """The application, and each worker; those of a project have its services' names."""
        return tuple(dict.fromkeys(one.part.name for one in self._containers))

    def start(self) -> None:
        """Start application and workers and wait until they answer; raises ReleaseDown.

        Where the port was taken meanwhile another one is tried.
        """
        for attempt in range(PORTS_TRIED_MAX):
            self._begin_logs([APP])
            try:
                for container in self._launch.start(self._port.number):
                    self._containers.append(container)
                break
            except EngineRefused as error:
                if not PORT_TAKEN.search(error.reason) or attempt + 1 == PORTS_TRIED_MAX:
                    raise
                self._containers.clear()
                self._port.free()
                self._port = reserve_port()
                use_port(self._footing, self._port, self._footing.plan.release.port)
        self._await_up(self._containers)

    def kill(self, part: str | None = None) -> None:
        """End the application and its workers, or one part, at once (SIGKILL)."""
        with self._acting():
            at_once([one.kill for one in self._of(part)])

    def end(self, part: str | None = None) -> bool:
        """Ask them to end, kill what is left; whether all of it ended when asked."""
        with self._acting():
            return all(at_once([partial(one.stop, END_S_MAX) for one in self._of(part)]))

    def pause(self) -> None:
        """Stop the application and its workers."""
        with self._acting():
            at_once([one.pause for one in self._containers])

    def resume(self) -> None:
        """Let them go on."""
        with self._acting():
            at_once([one.resume for one in self._containers])

    def restart(self, part: str | None = None, *, graceful: bool = False) -> None:
        """End and start again at the same address; raises ReleaseDown where it is silent."""
        with self._acting():
            (self.end if graceful else self.kill)(part)
            containers = self._of(part)
            self._begin_logs({one.part.name for one in containers})
            at_once([one.start_again for one in containers])
            if any(one.part.name == APP for one in containers):
                self._await_up(containers)

    def cut_off(self) -> None:
        """Take away the network to the storages; open connections go nowhere from now on."""
        with self._acting():
            at_once([partial(self._launch.detach, one) for one in self._containers])

    def reconnect(self) -> None:
        """Give the network to the storages back."""
        with self._acting():
            at_once([partial(self._launch.attach, one) for one in self._containers])

    def alive(self) -> bool:
        """Whether the application and all its workers run."""
        return bool(self._containers) and all(one.alive() for one in self._containers)

    def endings(self) -> dict[str, str]:
        """How those of its containers ended that did, in words."""
        found = {one.part.name: one.ending() for one in self._containers}
        return {name: ending for name, ending in found.items() if ending is not None}

    def roll_back(self) -> None:
        """Run the plan's rollback on the storages; raises ReleaseDown, UsageError without one."""
        words = self._footing.plan.release.rollback
        if words is None:
            raise UsageError(f"{self._footing.plan.path} has no rollback in [release]")
        with telling_changes(self.storages):
            self._launch.run_step("rollback", words, MIGRATE_S_MAX)

    def stop(self) -> None:
        """Ask everything to end, then kill what is left."""
        try:
            with self._ending():
                at_once([partial(one.stop, STOP_S_MAX) for one in self._containers])
        except EnvironmentBroken as error:
            note(self._footing.run, str(error))
        finally:
            self._port.free()

    def _of(self, part: str | None) -> list[Container]:
        """The containers of the whole release, or of one part."""
        names = chosen(self._footing, self.parts, part)
        return [one for one in self._containers if one.part.name in names]

    def _await_up(self, containers: Sequence[Container]) -> None:
        health = self._footing.plan.release.health
        key = health.release
        began_s = time.monotonic()
        answer = await_answer(
            lambda: ask_health(self.url, health.path, key),
            lambda answer: answer.good and (key is None or answer.release is not None),
            health.timeout_s_max,
            lambda: self._over or not all(one.alive() for one in containers),
        )
        problem = self._problem(containers, answer, time.monotonic() - began_s)
        if problem is not None:
            at_once([one.kill for one in containers])
            raise ReleaseDown(problem)

    def _problem(
        self, containers: Sequence[Container], answer: Answer, took_s: float
    ) -> str | None:
        """What keeps these parts from being up, as a sentence; None where nothing does."""
        footing, health = self._footing, self._footing.plan.release.health
        for one in containers:
            ending = one.ending()
            if ending is not None:
                one.drain()
                return (
                    f"{footing}: {one.part.name} {ending} after {took_s:.1f} s, before "
                    f"GET {health.path} answered (limit {health.timeout_s_max:g} s)"
                    f"{self._last_words(one.part.name)}"
                )
        problem = health_problem(answer, health, self.release.name)
        if not problem:
            return None
        hint = "" if answer.status else (
            f"; it has to listen on 0.0.0.0:{footing.plan.release.port} in its container"
        )  # fmt: skip
        return f"{footing}: {problem}{hint}{self._last_words(APP)}"
