"""Where a canary probes: the plan's targets, each with the storages it is looked up in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.deploy.health import Answer, ask_health
from harness.errors import UsageError
from harness.plan import Plan
from harness.plan.suggest import advice

UNKNOWN = "unknown"
# Where a run was driven.
FILE = "target.json"
RELEASE_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Target:
    """One address; app is what metrics call it, stable the target it is compared with."""

    name: str
    app: str
    url: str = field(repr=False)
    storages: Mapping[str, str] = field(repr=False)
    stable: Target | None = None

    @property
    def address(self) -> str:
        """The url as it may be shown: without a name and a password in it."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def targets_of(plan: Plan, names: Sequence[str] = ()) -> tuple[Target, ...]:
    """The plan's targets, or those of these names; one that another is compared with is none.

    Raises UsageError where the plan has none, or none of such a name.
    """
    tables = {table.name: table for table in plan.canaries.target}
    if plan.probes is None or not tables:
        missing = "[[canaries.target]]" if plan.probes else "canaries.probes"
        raise UsageError(f"{plan.path} says nothing of a canary; write {missing}")
    for name in names:
        if name not in tables:
            raise UsageError(f"no target is called {name!r}; {advice(name, tables)}")
    shared = {name: table.url for name, table in plan.storages.items() if table.url is not None}

    def made(name: str) -> Target:
        table = tables[name]
        app = plan.app.name if len(tables) == 1 else f"{plan.app.name}/{name}"
        stable = None if table.stable is None else made(table.stable)
        return Target(name, app, table.url.rstrip("/"), {**shared, **table.storage}, stable)

    compared = {table.stable for table in tables.values()}
    chosen = names or [name for name in tables if name not in compared]
    return tuple(made(name) for name in dict.fromkeys(chosen))


def ask(plan: Plan, target: Target) -> Answer:
    """What the target's health says now; its release as metrics may hold it."""
    health = plan.release.health
    answer = ask_health(target.url, health.path, health.release)
    return Answer(answer.status, named(answer.release), answer.failure)


def named(release: str | None) -> str | None:
    """A release's name without what no label should hold; None where nothing is left."""
    told = "".join(c for c in release or "" if c.isprintable()).strip()
    return told[:RELEASE_CHARS_MAX] or None


def trouble_of(plan: Plan, target: Target, answer: Answer) -> str:
    """Why nobody can be probed there, as a sentence; "" where somebody can."""
    if answer.good:
        return ""
    hint = "; it leads elsewhere: is a sign-in before it?" if 300 <= answer.status < 400 else ""
    return f"{target.name}: GET {target.address}{plan.release.health.path} gave {answer}{hint}"
