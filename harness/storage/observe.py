"""One read of every form into an observation, and the check that all of them can be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from harness.errors import StorageUnreadable
from harness.model import Form
from harness.observations import Observation, Purpose, Row
from harness.storage.postgres import PostgresStorage
from harness.storage.scope import EVERY_ROW, EveryRow, Keys, Scope
from harness.storage.seams import Storage

# By the plan's name: where a deployment keeps it, or what reads it.
Storages: TypeAlias = Mapping[str, str | Storage]


def observe_all(
    storages: Storages,
    forms: Mapping[str, Form],
    *,
    id: str,  # noqa: A002 - the observation's own word for it
    role: str,
    purpose: Purpose,
    scope: Scope | Mapping[str, Scope] = EVERY_ROW,
    folder: Path | None = None,
) -> Observation:
    """What storage holds of every form, one snapshot per storage.

    storages hold a DSN by name; scope is one for all or one per form, where a form without one
    is not read; folder is the plan's. The observation's time begins before the first snapshot
    is taken, so that whatever was acknowledged before began_s is in it. Raises
    StorageUnreadable.
    """
    began_s = time.monotonic()
    rows: dict[str, tuple[Row, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    for name, here in by_storage(forms).items():
        with reader_of(storages, name, here, folder).snapshot() as snapshot:
            for form in here.values():
                within = scope if isinstance(scope, (EveryRow, Keys)) else scope.get(form.name)
                if within is not None:
                    rows[form.name] = tuple(snapshot.observe(form, within))
                columns.update(snapshot.columns(form))
    return Observation(
        id=id,
        role=role,
        purpose=purpose,
        began_s=began_s,
        ended_s=time.monotonic(),
        rows={form: rows[form] for form in forms if form in rows},
        columns=columns,
    )


def check_locators(
    storages: Storages, forms: Mapping[str, Form], *, folder: Path | None = None
) -> None:
    """Make sure that every table, key, column and codec of the forms is there.

    Raises StorageUnreadable with all that is not, a line each.
    """
    problems: list[str] = []
    for name, here in by_storage(forms).items():
        try:
            reader = reader_of(storages, name, here, folder)
            if isinstance(reader, PostgresStorage):
                problems += reader.check()
        except StorageUnreadable as error:
            problems.append(str(error))
    if problems:
        raise StorageUnreadable("\n".join(problems))


def by_storage(forms: Mapping[str, Form]) -> dict[str, dict[str, Form]]:
    """The forms, by the storage that holds them."""
    grouped: dict[str, dict[str, Form]] = {}
    for form in forms.values():
        grouped.setdefault(form.storage, {})[form.name] = form
    return grouped


def reader_of(
    storages: Storages, name: str, forms: Mapping[str, Form], folder: Path | None
) -> Storage:
    """What reads a storage; raises StorageUnreadable where the deployment has none of that name."""
    if name not in storages:
        raise StorageUnreadable(
            f"the deployment has no storage {name}, which holds {', '.join(forms)}"
        )
    found = storages[name]
    return (
        PostgresStorage(found, forms.values(), folder=folder) if isinstance(found, str) else found
    )
