"""What every way to run a release offers, whatever it runs it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from harness.model import Release, Role


class Deployment(Protocol):
    """A release that runs: its application, its workers, and the address where it answers.

    Acts reach application and workers, and the storage only where they name it. An act for a part
    that is not among ``parts`` raises UsageError, as does any act after the end of the block.
    """

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

    @property
    def parts(self) -> Sequence[str]:
        """What acts can be for alone: "app", then each "worker-NAME".

        The parts of a compose project beside "app" have the names of its services.
        """
        ...

    def kill(self, part: str | None = None) -> None:
        """End application and workers, or one part, at once, as a crash would (SIGKILL)."""
        ...

    def end(self, part: str | None = None) -> bool:
        """Ask application and workers, or one part, to end (SIGTERM).

        What has not ended after 10 s is killed; whether all of it ended when asked. Address,
        storage and logs are kept: ``restart`` brings it back there.
        """
        ...

    def pause(self) -> None:
        """Stop the application's clock (SIGSTOP); connections stay open and nothing answers."""
        ...

    def resume(self) -> None:
        """Let a paused application go on."""
        ...

    def restart(self, part: str | None = None, *, graceful: bool = False) -> None:
        """Kill application and workers, or one part, and start them at the same address.

        What has ended already is only started. Graceful, they are asked first, as ``end`` does.
        Returns when the application answers; a worker alone is not waited for. Raises
        ReleaseDown where the application does not answer.
        """
        ...

    def restart_storage(self, name: str, *, graceful: bool = False) -> None:
        """End a storage and start it again at the same address, on the same data.

        Graceful, it is shut down; else it ends as in a crash, and recovers. Returns when it
        accepts connections. Raises UsageError where the harness did not start it, because it is
        at a url; EnvironmentBroken where it does not come back.
        """
        ...

    def roll_back(self) -> None:
        """Run the plan's rollback on the storages; the release need not run.

        Raises UsageError where the plan has none, ReleaseDown where it fails: then with what
        it has changed in the storages, as far as that is seen.
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
        rotated: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[Deployment]:
        """The release, migrated, prepared and answering as itself.

        With storages of another deployment it migrates those and prepares nothing: that is an
        upgrade, or two releases side by side. Raises ReleaseDown where the release is at fault,
        after a failed migration of such storages with what it has changed in them;
        EnvironmentBroken where this host is.

        rotated are variables of its environment with other values than the plan's, which are
        secrets from then on.
        """
        ...
