"""A deployer that starts nothing, for tests of what stands on one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import ReleaseDown, UsageError
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
        parts: Sequence[str] = ("app",),
    ) -> None:
        self.release = release
        self.role: Role = role
        self.url = url
        self.storages = dict(storages or {})
        self.logs = logs
        self.parts = tuple(parts)
        self.rotated: dict[str, str] = {}
        self.acts: list[str] = []
        self._ended: dict[str, str] = {}

    def kill(self, part: str | None = None) -> None:
        """Not alive any more."""
        self._ended |= dict.fromkeys(self._of(part), "was killed")
        self._note("kill", part)

    def end(self, part: str | None = None) -> bool:
        """Not alive any more; it ended when asked."""
        self._ended |= dict.fromkeys(self._of(part), "exited 0")
        self._note("end", part)
        return True

    def pause(self) -> None:
        """Noted."""
        self._note("pause")

    def resume(self) -> None:
        """Noted."""
        self._note("resume")

    def restart(self, part: str | None = None, *, graceful: bool = False) -> None:
        """Alive again."""
        for name in self._of(part):
            self._ended.pop(name, None)
        self._note("restart", part, graceful)

    def restart_storage(self, name: str, *, graceful: bool = False) -> None:
        """Noted."""
        if name not in self.storages:
            raise UsageError(f"no storage {name!r}; it has {', '.join(self.storages)}")
        self._note("restart", f"storage {name}", graceful)

    def roll_back(self) -> None:
        """Noted."""
        self._note("roll back")

    def cut_off(self) -> None:
        """Noted."""
        self._note("cut off")

    def reconnect(self) -> None:
        """Noted."""
        self._note("reconnect")

    def alive(self) -> bool:
        """As the last act left it."""
        return not self._ended

    def endings(self) -> dict[str, str]:
        """As the last act left it."""
        return dict(self._ended)

    def tail(self, lines: int = 20) -> str:
        """Its acts, as if it had printed them."""
        return "\n".join(self.acts[-lines:])

    def _of(self, part: str | None) -> tuple[str, ...]:
        if part is not None and part not in self.parts:
            raise UsageError(f"no part {part!r}; it has {', '.join(self.parts)}")
        return self.parts if part is None else (part,)

    def _note(self, act: str, of: str | None = None, graceful: bool = False) -> None:
        self.acts.append(" ".join(filter(None, (act, of, "gracefully" if graceful else ""))))


class FakeDeployer:
    """Deploys releases as fakes; those named in ``down`` do not start, with the sentence given."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:9",
        storages: Mapping[str, str] | None = None,
        down: Mapping[str, str] | None = None,
        parts: Sequence[str] = ("app",),
    ) -> None:
        self.name = "fake"
        self.notice = ""
        self._url = url
        self._storages = storages
        self.down = dict(down or {})
        self._parts = parts
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
        rotated: Mapping[str, str] | None = None,
    ) -> Iterator[FakeDeployment]:
        """A fake of the release; its last act is "stop"."""
        if release.name in self.down:
            raise ReleaseDown(self.down[release.name])
        deployment = FakeDeployment(
            release, role, self._url, storages or self._storages, parts=self._parts
        )
        deployment.rotated = dict(rotated or {})
        self.deployments.append(deployment)
        try:
            yield deployment
        finally:
            deployment.acts.append("stop")
