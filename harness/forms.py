"""Forms as JSON and back: what a promise and the specs of runners hold.

Apart from the plan, so that a runner that is handed its forms need not load what validates one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import RecordUnreadable
from harness.model import Contract, Field, Form


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
