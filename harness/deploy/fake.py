"""A deployer that starts nothing, for tests of what stands on one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ReleaseDown
from harness.model import Release, Role


class FakeDeployment:
    """Notes in ``acts`` what was done to it, in order."""

    def __init__(
        self,
        release: Release,
        role: Role = "candidate",
        url: str = "http://127.0.0.1:9",
        storages: Mapping[str, str] | None = None,
        logs: Path = Path(),
    ) -> None:
        self.release = release
        self.role: Role = role
        self.url = url
        self.storages = dict(storages or {})
        self.logs = logs
        self.acts: list[str] = []
        self._alive = True

    def kill(self) -> None:
        """Not alive any more."""
        self.acts.append("kill")
        self._alive = False

    def pause(self) -> None:
        """Noted."""
        self.acts.append("pause")

    def resume(self) -> None:
        """Noted."""
        self.acts.append("resume")

    def restart(self) -> None:
        """Alive again."""
        self.acts.append("restart")
        self._alive = True

    def cut_off(self) -> None:
        """Noted."""
        self.acts.append("cut off")

    def reconnect(self) -> None:
        """Noted."""
        self.acts.append("reconnect")

    def alive(self) -> bool:
        """As the last act left it."""
        return self._alive

    def endings(self) -> dict[str, str]:
        """As the last act left it."""
        return {} if self._alive else {"app": "was killed"}

    def tail(self, lines: int = 20) -> str:
        """Its acts, as if it had printed them."""
        return "\n".join(self.acts[-lines:])


class FakeDeployer:
    """Deploys releases as fakes; those named in ``down`` do not start, with the sentence given."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:9",
        storages: Mapping[str, str] | None = None,
        down: Mapping[str, str] | None = None,
    ) -> None:
        self.name = "fake"
        self.notice = ""
        self._url = url
        self._storages = storages
        self._down = dict(down or {})
        self.deployments: list[FakeDeployment] = []

    def identify(self, name: str) -> Release:
        """The name alone."""
        return Release(name)

    @contextmanager
    def deploy(
        self,
        release: Release,
        role: Role,
        baseline: Release | None,
        storages: Mapping[str, str] | None = None,
    ) -> Iterator[FakeDeployment]:
        """A fake of the release; its last act is "stop"."""
        if release.name in self._down:
            raise ReleaseDown(self._down[release.name])
        deployment = FakeDeployment(release, role, self._url, storages or self._storages)
        self.deployments.append(deployment)
        try:
            yield deployment
        finally:
            deployment.acts.append("stop")
