"""From the plan's tables to the forms of one release, and to JSON and back."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any

from harness.errors import RecordUnreadable
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


def form_to_json(form: Form) -> dict[str, object]:
    """The form as JSON holds it; the inverse of :func:`form_from_json`."""
    return {
        "name": form.name,
        "storage": form.storage,
        "key": list(form.key),
        "table": form.table,
        "query": form.query,
        "tables": list(form.tables),
        "setup": list(form.setup),
        "settle_s_max": form.settle_s_max,
        "late_s_max": form.late_s_max,
        "concurrent": form.concurrent,
        "unchecked": list(form.unchecked),
        "fields": [_field_to_json(field) for field in form.fields],
    }


def _field_to_json(field: Field) -> dict[str, object]:
    contract = field.contract
    return {
        "name": field.name,
        "column": field.column,
        "kind": field.kind,
        "rows": field.rows,
        "max_chars": field.max_chars,
        "choices": list(field.choices),
        "newline": contract.newline,
        "trim": contract.trim,
        "nfc": contract.nfc,
        "codec": contract.codec,
    }


def form_from_json(data: Mapping[str, Any]) -> Form:
    """The form that :func:`form_to_json` wrote; raises RecordUnreadable on anything else."""
    try:
        changes: dict[str, Any] = {name: tuple(data[name]) for name in _LISTS}
        changes["fields"] = tuple(map(_field_from_json, data["fields"]))
        return Form(**{**data, **changes})
    except (TypeError, KeyError, AttributeError) as error:
        raise RecordUnreadable(f"not a form of a plan: {error!r} in {data!r:.200}") from error


_LISTS = ("key", "tables", "setup", "unchecked")


def _field_from_json(data: Mapping[str, Any]) -> Field:
    contract = {name: data[name] for name in ("newline", "trim", "nfc", "codec")}
    rest = {name: value for name, value in data.items() if name not in contract}
    return Field(**{**rest, "choices": tuple(rest["choices"])}, contract=Contract(**contract))
