"""One read of every form into an observation, and the check that all of them can be read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from harness.errors import LocatorMissing, StorageUnreadable
from harness.model import Form
from harness.observations import TABLE, Observation, Purpose, Row, watching
from harness.storage.beside import covered_by
from harness.storage.postgres import PostgresStorage
from harness.storage.scope import EVERY_ROW, EveryRow, Keys, Scope
from harness.storage.seams import Fitting, Snapshot, Storage

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
    is taken, so that whatever was acknowledged before began_s is in it. A table or a column
    that was there before and is not any longer is what the read shows, not a reason to stop.
    Raises StorageUnreadable.
    """
    began_s = time.monotonic()
    rows: dict[str, tuple[Row, ...]] = {}
    beside: dict[str, tuple[Row, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    for name, here in by_storage(forms).items():
        with reader_of(storages, name, here, folder).snapshot() as snapshot:
            for form in here.values():
                within = scope if isinstance(scope, (EveryRow, Keys)) else scope.get(form.name)
                columns.update(snapshot.columns(form))
                if within is not None:
                    rows[form.name] = _rows(snapshot, form, within, columns, purpose)
            if isinstance(scope, EveryRow):
                beside |= _beside(snapshot, here, columns)
    return Observation(
        id=id,
        role=role,
        purpose=purpose,
        began_s=began_s,
        ended_s=time.monotonic(),
        rows={form: rows[form] for form in forms if form in rows} | beside,
        columns=columns,
    )


def _rows(
    snapshot: Snapshot,
    form: Form,
    scope: Scope,
    columns: Mapping[str, tuple[str, ...]],
    purpose: Purpose,
) -> tuple[Row, ...]:
    """The form's rows; of one that has lost a table or a column under the run, what is left."""
    try:
        return tuple(snapshot.observe(form, scope))
    except LocatorMissing:
        if purpose == "before":
            raise
    left = columns.get(form.table or "", ())
    fields = tuple(spec for spec in form.fields if spec.column in left)
    if not fields or not set(form.key) <= set(left):
        return ()
    return tuple(snapshot.observe(replace(form, fields=fields), scope))


def _beside(
    snapshot: Snapshot, forms: Mapping[str, Form], columns: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[Row, ...]]:
    """The rows of each table that queries stand on, where a form tells them apart."""
    found: dict[str, tuple[Row, ...]] = {}
    for table, form in watching(forms, columns).items():
        others = set(columns[table]) - covered_by(forms, table)
        found[f"{TABLE}{table}"] = tuple(snapshot.beside(form, table, others))
    return found


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
            if isinstance(reader, Fitting):
                problems += reader.check(here.values())
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
    return PostgresStorage(found, folder=folder) if isinstance(found, str) else found
