"""From the plan's tables to the forms of one release."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

from harness.model import Contract, Field, Form
from harness.plan.schema import FieldTable, FormOverride, FormTable


def build_form(name: str, table: FormTable, release: str) -> Form:
    """The form as that release keeps it."""
    glob = override_for(release, table.release)
    if glob is not None:
        table = overridden(table, table.release[glob])
    return Form(
        name=name,
        storage=table.storage,
        key=table.key,
        fields=tuple(_field(field, spec) for field, spec in table.fields.items()),
        table=table.table,
        query=table.query,
        tables=table.tables,
        setup=table.setup,
        settle_s_max=float(table.settle_s_max),
        late_s_max=float(table.late_s_max),
        concurrent=table.concurrent,
        unchecked=table.unchecked,
    )


def is_absent(table: FormTable, release: str) -> bool:
    """Whether that release does not have the form at all."""
    glob = override_for(release, table.release)
    return glob is not None and table.release[glob].absent


def override_for(release: str, globs: Iterable[str]) -> str | None:
    """The pattern that fits the release's name: the name itself, else the longest one."""
    fitting = [glob for glob in globs if fnmatch.fnmatchcase(release, glob)]
    return max(fitting, key=lambda glob: (glob == release, len(glob), glob), default=None)


def overridden(table: FormTable, override: FormOverride) -> FormTable:
    """The form with an override's locator; a table takes the place of a query and vice versa."""
    changes: dict[str, Any] = {}
    if override.table is not None:
        changes |= {"query": None, "tables": ()}
    if override.query is not None:
        changes |= {"table": None, "tables": ()}
    for key in ("table", "query", "tables", "key", "setup"):
        if getattr(override, key) is not None:
            changes[key] = getattr(override, key)
    fields = dict(table.fields)
    for name, spec in override.fields.items():
        if name in fields:
            written = {key: getattr(spec, key) for key in spec.model_fields_set}
            fields[name] = fields[name].model_copy(update=written)
    return table.model_copy(update={**changes, "fields": fields, "release": {}})


def _field(name: str, spec: FieldTable) -> Field:
    return Field(
        name=name,
        column=spec.column or name,
        kind=spec.kind,
        rows=spec.rows,
        max_chars=spec.max_chars,
        choices=spec.choices,
        contract=Contract(newline=spec.newline, trim=spec.trim, nfc=spec.nfc, codec=spec.codec),
    )
