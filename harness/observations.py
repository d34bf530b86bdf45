"""What a read of storage returned, kept in the run folder so that it can be judged again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import unquote

from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.model import Form, Key, Value, value_from_json, value_to_json

SCHEMA = "harness.observation/1"

# What a table of its own is called among the forms, where a query stands on it.
TABLE = "table "

# "before": after migrate and prepare, ahead of any trial; "final": when the settle time is over;
# "confirm": a second, later read; "replica": a copy that people may be shown, after either;
# "glimpse": in between, of the rows alone that are not as the glimpse before showed them.
Purpose: TypeAlias = Literal["before", "during", "final", "confirm", "replica", "glimpse"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a form: its key and what each field holds, raw.

    rest is a digest of each other column (short form only, else ""), for collateral.
    """

    form: str
    key: Key
    fields: Mapping[str, Value]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One consistent read of every form: it began at began_s and ended at ended_s (monotonic).

    columns names every column of each of the plan's tables, those no field covers included; a
    table without any is gone. trouble says why nothing could be read.
    """

    id: str
    role: str
    purpose: Purpose
    began_s: float
    ended_s: float
    rows: Mapping[str, tuple[Row, ...]]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trouble: str = ""


def columns_of(rest: str) -> dict[str, str]:
    """The digest of each other column by its name, from a row's rest."""
    pairs = (part.partition("=") for part in rest.split("&"))
    return {unquote(name): digest for name, _, digest in pairs}


def watching(forms: Mapping[str, Form], columns: Mapping[str, tuple[str, ...]]) -> dict[str, Form]:
    """The form whose key tells the rows of a table apart, for each table that queries stand on.

    Not for tables that a form is: their rows are compared whole already.
    """
    found: dict[str, Form] = {}
    whole = {form.table for form in forms.values()}
    for form in forms.values():
        for table in form.tables:
            if table not in whole and set(form.key) <= set(columns.get(table, ())):
                found.setdefault(table, form)
    return found


def write_observation(folder: Path, observation: Observation) -> Path:
    """Write it as ``FOLDER/ID.jsonl``: a head line, then a line per row."""
    path = folder / f"{observation.id}.jsonl"
    part = path.with_suffix(".part")  # a read that was cut while it was kept is no read
    head = {
        "schema": SCHEMA,
        "id": observation.id,
        "role": observation.role,
        "purpose": observation.purpose,
        "began_s": observation.began_s,
        "ended_s": observation.ended_s,
        "forms": {form: len(rows) for form, rows in observation.rows.items()},
        "columns": {table: list(names) for table, names in observation.columns.items()},
        "trouble": observation.trouble,
    }
    try:
        with part.open("w", encoding="ascii") as stream:
            stream.write(json.dumps(head) + "\n")
            for rows in observation.rows.values():
                stream.writelines(json.dumps(_row_to_json(row)) + "\n" for row in rows)
        part.replace(path)
    except OSError as error:
        raise EnvironmentBroken(f"the observation {path} cannot be written: {error}") from error
    return path


def read_observations(folder: Path) -> tuple[Observation, ...]:
    """Every observation of the run in the order of its time; raises RecordUnreadable."""
    found = [_read_file(path) for path in sorted(folder.glob("*.jsonl"))]
    return tuple(sorted(found, key=lambda observation: (observation.began_s, observation.id)))


def _read_file(path: Path) -> Observation:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        head = json.loads(lines[0])
        if head["schema"] != SCHEMA:
            raise ValueError(f"written as {head['schema']!r}, this harness reads {SCHEMA!r}")
        rows = [_row_from_json(json.loads(line)) for line in lines[1:]]
        observation = Observation(
            id=head["id"],
            role=head["role"],
            purpose=head["purpose"],
            began_s=head["began_s"],
            ended_s=head["ended_s"],
            rows=_by_form(head["forms"], rows),
            columns={table: tuple(names) for table, names in head["columns"].items()},
            trouble=head.get("trouble", ""),
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise RecordUnreadable(f"the observation {path} cannot be read: {error!r}") from error
    return observation


def _by_form(counts: Mapping[str, int], rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
    by_form: dict[str, list[Row]] = {form: [] for form in counts}
    for row in rows:
        by_form[row.form].append(row)
    for form, count in counts.items():
        if len(by_form[form]) != count:
            raise ValueError(f"{count} rows of {form} promised, {len(by_form[form])} there")
    return {form: tuple(found) for form, found in by_form.items()}


def _row_to_json(row: Row) -> list[object]:
    fields = {name: value_to_json(value) for name, value in row.fields.items()}
    return [row.form, list(row.key), fields, row.rest]


def _row_from_json(data: list[object]) -> Row:
    form, key, fields, rest = data
    if not isinstance(key, list) or not isinstance(fields, dict):
        raise ValueError(f"not a row: {data!r:.200}")
    values = {str(name): value_from_json(value) for name, value in fields.items()}
    return Row(str(form), tuple(str(part) for part in key), values, str(rest))
