"""What every way to run a release offers, whatever it runs it on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from harness.model import Release, Role


class Deployment(Protocol):
    """A release that runs. Acts on it reach the application and its workers, never its storage."""

    @property
    def release(self) -> Release:
        """What runs here."""
        ...

    @property
    def role(self) -> Role:
        """What it runs as."""
        ...

    @property
    def url(self) -> str:
        """Where the application answers, without a slash at its end."""
        ...

    @property
    def storages(self) -> Mapping[str, str]:
        """Where each storage of the plan is read: a connection string with its password."""
        ...

    @property
    def logs(self) -> Path:
        """The folder that holds what it printed."""
        ...

    def kill(self) -> None:
        """End the application at once, as a crash would (SIGKILL)."""
        ...

    def pause(self) -> None:
        """Stop the application's clock (SIGSTOP); connections stay open and nothing answers."""
        ...

    def resume(self) -> None:
        """Let a paused application go on."""
        ...

    def restart(self) -> None:
        """End the application and start it again at the same address; returns when it answers.

        Raises ReleaseDown where it does not.
        """
        ...

    def cut_off(self) -> None:
        """Take the network between application and storages away; it is still reached itself.

        Connections stay open and nothing comes back. Raises UsageError where it cannot be done.
        """
        ...

    def reconnect(self) -> None:
        """Give that network back; raises UsageError where it could not be taken away."""
        ...

    def alive(self) -> bool:
        """Whether every process of the application runs."""
        ...

    def endings(self) -> Mapping[str, str]:
        """How those of its processes ended that did, in words, by the name of each."""
        ...

    def tail(self, lines: int = 20) -> str:
        """The last lines the application printed, without the plan's secrets."""
        ...


class Deployer(Protocol):
    """Starts releases and ends them with the block."""

    @property
    def name(self) -> str:
        """The word by which a plan chooses it."""
        ...

    @property
    def notice(self) -> str:
        """One line for the user on how releases run, where that is not as asked; else ""."""
        ...

    def identify(self, name: str) -> Release:
        """The release of that name with the bytes it stands for, as far as they are known."""
        ...

    def deploy(
        self,
        release: Release,
        role: Role,
        baseline: Release | None,
        storages: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Deployment]:
        """The release, migrated, prepared and answering as itself.

        With storages of another deployment it migrates those and prepares nothing: that is an
        upgrade, or two releases side by side. Raises ReleaseDown where the release is at fault,
        EnvironmentBroken where this host is.
        """
        ...
