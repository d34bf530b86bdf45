"""What one deployment stands on: its names, its values for placeholders, its surroundings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.deploy.children import Child, Command, kill, start
from harness.deploy.isolation import Isolation
from harness.deploy.logs import size_of, tail_of
from harness.errors import EnvironmentBroken, ReleaseDown
from harness.model import Release, Role
from harness.plan import Plan, expand
from harness.runs import RunFolder

PART_VARIABLE = "HARNESS_PART"
NAME_VARIABLE = "HARNESS_NAME"
LINES_SHOWN = 15


@dataclass
class Footing:
    """Everything that the parts of one deployment share.

    name tells the deployments of a run apart ("candidate", "candidate-2"); environment is what
    the release may know of this host; values fill the plan's placeholders; secrets never appear
    in a message.
    """

    plan: Plan
    run: RunFolder
    release: Release
    role: Role
    name: str
    cwd: Path
    environment: Mapping[str, str]
    isolation: Isolation
    values: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    rotated: Mapping[str, str] = field(default_factory=dict)

    def rotate(self, values: Mapping[str, str] | None) -> None:
        """Give variables of the release's environment other values than the plan's, all secret."""
        self.rotated = dict(values or {})
        self.secrets |= set(self.rotated.values())

    def filled(self, env: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
        """An environment of the plan with its placeholders filled in, and what is rotated."""
        whole = {variable: expand(text, **values) for variable, text in env.items()}
        return whole | {name: value for name, value in self.rotated.items() if name in whole}

    def marks(self, part: str, name: str | None = None) -> dict[str, str]:
        """What the environment of every process of that part carries, and nobody else's.

        With a name: of the process of that name alone, and of what it has started.
        """
        whole = {**self.run.environment, PART_VARIABLE: f"{self.name}-{part}"}
        return whole if name is None else {**whole, NAME_VARIABLE: name}

    def log(self, name: str) -> Path:
        """The file that holds what the process of that name printed."""
        return self.run.logs / f"{self.name}-{name}.log"

    def start(
        self,
        name: str,
        words: Sequence[str],
        env: Mapping[str, str],
        part: str,
        values: Mapping[str, str] | None = None,
    ) -> Child:
        """Start a command of the plan; raises EnvironmentBroken where it cannot be."""
        filled = self.values | dict(values or {})
        command = Command(
            name=name,
            argv=[expand(word, **filled) for word in words],
            cwd=self.cwd,
            env={
                **self.environment,
                **self.filled(env, filled),
                **self.marks(part, name),
            },
            log=self.log(name),
            before=self.isolation.before,
        )
        return start(command, self.run.lease)

    def run_step(
        self, name: str, words: Sequence[str], env: Mapping[str, str], limit_s: float
    ) -> None:
        """Run a step of the release to its end; raises ReleaseDown where it fails."""
        begin = size_of(self.log(name))
        part = f"step-{name}"
        child = self.start(name, words, env, part)
        try:
            code = child.wait(limit_s)
        finally:
            kill([child], self.marks(part))
        if code == 0:
            return
        how = f"exited {code}" if code is not None else f"did not end within {limit_s:g} s"
        raise ReleaseDown(f"{self}: {name} {how}{self.last_words(name, begin)}")

    def last_words(self, name: str, begin: int = 0) -> str:
        """The end of a sentence: what that process printed last."""
        text = tail_of(self.log(name), LINES_SHOWN, self.known_secrets, begin)
        if not text.strip():
            return "; it printed nothing"
        indented = "".join(f"\n    {line}" for line in text.split("\n"))
        return f"; the last it printed:{indented}"

    @property
    def known_secrets(self) -> frozenset[str]:
        """The plan's secrets and those made for this deployment."""
        return self.plan.secrets | self.secrets

    def __str__(self) -> str:
        return f"release {self.release.name!r} ({self.role})"


def folder_of(plan: Plan, release: Release) -> Path:
    """Where the release's processes run; raises EnvironmentBroken where it is not there."""
    process = plan.release.process
    cwd = plan.folder / expand(process.cwd if process else ".", release=release.name)
    if not cwd.is_dir():
        raise EnvironmentBroken(
            f"{cwd}, the cwd of [release.process] for release {release.name!r}, is no folder"
        )
    return cwd
