"""A release that runs already: verified, never started, acted on or ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from harness.deploy.health import ask_health, await_answer, health_problem
from harness.deploy.releases import identify
from harness.deploy.standing import APP
from harness.errors import ReleaseDown, UsageError
from harness.model import Release, Role
from harness.plan import Plan, expand
from harness.runs import RunFolder


class ExternalDeployer:
    """Takes the address in [release.external] for the release."""

    def __init__(self, plan: Plan, run: RunFolder) -> None:
        if plan.release.external is None:
            raise UsageError(f"{plan.path} has no [release.external]; write it with url = ...")
        for name, storage in plan.storages.items():
            if storage.url is None:
                raise UsageError(
                    f"storage {name} has no url; a release that runs already has storage of its "
                    f'own: write url = "${{READ_DSN}}" in [storage.{name}]'
                )
        self.name = "external"
        self.notice = ""
        self._plan = plan
        self._url = plan.release.external.url
        self._logs = run.logs

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
    ) -> Iterator[ExternalDeployment]:
        """The running release, once it answers as itself; raises ReleaseDown."""
        if storages is not None:
            raise UsageError("a release that runs already keeps its own storages")
        url = expand(self._url, release=release.name).rstrip("/")
        health = self._plan.release.health
        # It may be in the middle of being rolled out: another release's name is no end yet.
        answer = await_answer(
            lambda: ask_health(url, health.path, health.release),
            lambda answer: not health_problem(answer, health, release.name),
            health.timeout_s_max,
        )
        problem = health_problem(answer, health, release.name)
        if problem:
            raise ReleaseDown(f"release {release.name!r} ({role}) at {url}: {problem}")
        addresses = {name: table.url or "" for name, table in self._plan.storages.items()}
        yield ExternalDeployment(self._plan, release, role, url, addresses, self._logs)


class ExternalDeployment:
    """A running address that is only looked at: acts raise UsageError."""

    def __init__(
        self,
        plan: Plan,
        release: Release,
        role: Role,
        url: str,
        storages: Mapping[str, str],
        logs: Path,
    ) -> None:
        self.release = release
        self.role: Role = role
        self.url = url
        self.storages = storages
        self.logs = logs
        self._health = plan.release.health

    @property
    def parts(self) -> tuple[str, ...]:
        """The application is all that is seen of it."""
        return (APP,)

    def kill(self, part: str | None = None) -> NoReturn:
        """Raises UsageError."""
        self._refuse("killed")

    def end(self, part: str | None = None) -> NoReturn:
        """Raises UsageError."""
        self._refuse("ended")

    def pause(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("paused")

    def resume(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("resumed")

    def restart(self, part: str | None = None, *, graceful: bool = False) -> NoReturn:
        """Raises UsageError."""
        self._refuse("restarted")

    def restart_storage(self, name: str, *, graceful: bool = False) -> NoReturn:
        """Raises UsageError."""
        self._refuse("restarted", f"storage {name}")

    def roll_back(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("rolled back")

    def cut_off(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("cut off from its storages")

    def reconnect(self) -> NoReturn:
        """Raises UsageError."""
        self._refuse("connected with its storages again")

    def alive(self) -> bool:
        """Whether it answers with good health now, and still is the release it was."""
        return not self._problem()

    def endings(self) -> dict[str, str]:
        """That it answers no more, which is all that is seen of it."""
        return {} if self.alive() else {APP: f"no longer answers at {self.url}"}

    def tail(self, lines: int = 20) -> str:
        """What its health says, where that is not good; its logs are not ours."""
        return self._problem()

    def _problem(self) -> str:
        answer = ask_health(self.url, self._health.path, self._health.release)
        return health_problem(answer, self._health, self.release.name)

    def _refuse(self, act: str, what: str = "the release") -> NoReturn:
        raise UsageError(
            f"{what} at {self.url} runs already and cannot be {act}; faults need a "
            "release that the harness starts (deployer docker, compose or process)"
        )
