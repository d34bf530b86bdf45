"""Where a canary probes: the plan's targets, each with the storages it is looked up in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from harness.deploy.health import Answer, ask_health
from harness.errors import UsageError
from harness.hiding import passwords, scrub
from harness.plan import Plan
from harness.plan.schema import TargetTable
from harness.plan.secrecy import is_api
from harness.storage.api import ApiStorage, Place
from harness.storage.seams import Storage
from harness.suggest import advice

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
    storages: Mapping[str, str | Storage] = field(repr=False)
    stable: Target | None = None

    @property
    def apis(self) -> Mapping[str, ApiStorage]:
        """Its storages that an API answers for, by their names."""
        found = self.storages.items()
        return {name: storage for name, storage in found if isinstance(storage, ApiStorage)}

    @property
    def told(self) -> dict[str, str]:
        """What a run keeps of it: its name, where it is, and a print of where it is looked up."""
        where = [
            f"{name}={scrub(dsn, passwords(dsn)) if isinstance(dsn, str) else dsn.address}"
            for name, dsn in sorted(self.storages.items(), key=lambda one: one[0])
            if isinstance(dsn, str | ApiStorage)
        ]
        looked_up = hashlib.sha256("\n".join(where).encode("utf-8", "replace")).hexdigest()
        return {"target": self.name, "url": self.address, "storage": looked_up}

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
        storages = {n: _read_at(plan, table, u) for n, u in {**shared, **table.storage}.items()}
        return Target(name, app, table.url.rstrip("/"), storages, stable)

    compared = {table.stable for table in tables.values()}
    chosen = names or [name for name in tables if name not in compared]
    return tuple(made(name) for name in dict.fromkeys(chosen))


def _read_at(plan: Plan, table: TargetTable, url: str) -> str | Storage:
    """A database by its address, an API as what reads it."""
    if not is_api(url):
        return url
    places = {
        form: Place(api.path, api.columns, api.omits) for form, api in plan.canaries.api.items()
    }
    return ApiStorage(url, places, table.headers, folder=plan.folder)


def unseen_by(target: Target) -> str:
    """What a target's storage cannot show, as it is read; "" where databases are read."""
    if not target.apis:
        return ""
    where = ", ".join(f"{name} at {api.address}" for name, api in target.apis.items())
    return (
        f"storage was read through an API ({where}), by the keys of the records that were written: "
        "other records, other columns and copies were not looked at, and what the application "
        "answers without having stored it is believed"
    )


def with_reading(target: Target, sentence: str) -> str:
    """The sentence, and that it rests on an API where it does."""
    if not target.apis:
        return sentence
    return f"{sentence}; storage {', '.join(target.apis)} was read through an API, by key alone"


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
