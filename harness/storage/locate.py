"""Whether what a form says of its storage is there: tables, keys, columns and their types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from harness.errors import LocatorMissing
from harness.model import Field, Form
from harness.storage.connection import Connection, run_one
from harness.suggest import advice

_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
# A cast to text spells these as any read of them does; that of others trims or words them anew.
_CAST_AS_SPELLED = frozenset(
    f"pg_catalog.{name}"
    for name in (
        "text", "varchar", "int2", "int4", "int8", "numeric", "float4", "float8", "uuid", "date",
        "time", "timestamp", "timestamptz", "json", "jsonb",
    )
)  # fmt: skip
_TEXT = ("text", "varchar", "bpchar", "citext", "name")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a form's table or query; type is its PostgreSQL name, quoted for use in SQL."""

    name: str
    type: str

    @property
    def is_bytes(self) -> bool:
        """Whether it holds bytes."""
        return self._bare == "bytea"

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return self._bare in _TEXT

    @property
    def is_json(self) -> bool:
        """Whether it holds JSON."""
        return self._bare in ("json", "jsonb")

    @property
    def is_array(self) -> bool:
        """Whether it holds an array; the names of array types begin with an underscore."""
        return self._bare.startswith("_")

    @property
    def casts_as_spelled(self) -> bool:
        """Whether a cast to text gives what a read gives."""
        return self.type.replace('"', "") in _CAST_AS_SPELLED

    @property
    def _bare(self) -> str:
        return self.type.rpartition(".")[2].strip('"')


@dataclass(frozen=True, slots=True)
class Located:
    """A form whose every name was found; columns are those of its table or its query."""

    form: Form
    relation: sql.Composable
    columns: Mapping[str, Column]


def identifier(table: str) -> sql.Identifier:
    """The table's name quoted for SQL; ``schema.table``, and ``"a.b"`` where a dot is its own."""
    return sql.Identifier(*(m[2] or m[1].replace('""', '"') for m in _PART.finditer(table)))


def tables_of(form: Form) -> tuple[str, ...]:
    """The tables a form stands on."""
    return form.tables if form.table is None else (form.table,)


def locate(connection: Connection, form: Form) -> Located:
    """The form's relation and columns.

    Raises LocatorMissing with all that is, psycopg.Error where the query itself fails.
    """
    missing = [table for table in tables_of(form) if not table_columns(connection, table)]
    if missing:
        known = _all_tables(connection)
        raise _unreadable(form, [f"no table {name}; {advice(name, known)}" for name in missing])
    relation = _relation(form)
    columns = _describe(connection, relation)
    by_name = {column.name: column for column in columns}
    problems = [*_missing(form, columns), *_unfit(form, by_name)]
    if problems:
        raise _unreadable(form, problems)
    return Located(form, relation, by_name)


def table_columns(connection: Connection, table: str) -> tuple[str, ...]:
    """Every column of the table in its order; none where there is no such table."""
    rows = connection.execute(
        "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1)"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        [identifier(table).as_string()],
    )
    return tuple(str(name) for (name,) in rows)


def _relation(form: Form) -> sql.Composable:
    if form.table is not None:
        return sql.SQL("{} AS q").format(identifier(form.table))
    query = (form.query or "").strip().rstrip(";")
    # On a line of its own the bracket is no part of a comment that ends the query.
    return sql.SQL("({}\n) AS q").format(sql.SQL(query))


def _describe(connection: Connection, relation: sql.Composable) -> tuple[Column, ...]:
    result = run_one(connection, sql.SQL("SELECT * FROM {} LIMIT 0").format(relation))
    oids = [result.ftype(n) for n in range(result.nfields)]
    rows = connection.execute(
        "SELECT t.oid::text, quote_ident(n.nspname) || '.' || quote_ident(t.typname)"
        " FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
        " WHERE t.oid = ANY($1::oid[])",
        [oids],
    )
    types = {int(oid or 0): str(name) for oid, name in rows}
    names = [(result.fname(n) or b"").decode("utf-8", "surrogateescape") for n in range(len(oids))]
    return tuple(Column(name, types[oid]) for name, oid in zip(names, oids, strict=True))


def _all_tables(connection: Connection) -> list[str]:
    rows = connection.execute(
        "SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname"
        " ELSE n.nspname || '.' || c.relname END"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')"
        " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    )
    return [str(name) for (name,) in rows]


def _missing(form: Form, columns: Sequence[Column]) -> list[str]:
    source = f"table {form.table}" if form.table else "the query"
    names = [column.name for column in columns]
    wanted = [("key", name) for name in form.key]
    wanted += [(f"field {field.name}", field.column) for field in form.fields]
    problems = []
    for what, name in wanted:
        if name not in names:
            problems.append(f"{what}: {source} has no column {name}; {advice(name, names)}")
        elif names.count(name) > 1:
            problems.append(f"{what}: {source} returns two columns {name}; give each its own name")
    return problems


def _unfit(form: Form, columns: Mapping[str, Column]) -> list[str]:
    pairs = [(field, columns[field.column]) for field in form.fields if field.column in columns]
    return [
        f"field {field.name}: column {column.name} is {column.type}; {told}"
        for field, column in pairs
        if (told := _unfit_type(field, column))
    ]


def _unfit_type(field: Field, column: Column) -> str:
    if field.rows == "many" and not (column.is_array or column.is_json):
        return "many rows come as an array or as a JSON array"
    plain_file = field.kind == "file" and field.contract.codec is None
    if plain_file and not (column.is_bytes or column.is_text):
        return "a file is bytea, or a text that holds its path"
    return ""


def _unreadable(form: Form, problems: Sequence[str]) -> LocatorMissing:
    lines = [f"form {form.name} does not fit storage {form.storage}: {p}" for p in problems]
    return LocatorMissing("\n".join(lines))
