"""Tables that queries stand on: their own rows, each column a digest, to see what else changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import quote

from psycopg import sql

from harness.model import Form, Key
from harness.observations import TABLE, Row
from harness.storage.connection import Connection, run_one
from harness.storage.locate import identifier

_DIGEST_CHARS = 12
_NOTHING = "-"


def digests(columns: Collection[str], relation: str) -> sql.Composable:
    """A text of one digest for each column of the relation, in their order; "" without any."""
    if not columns:
        return sql.SQL("''")
    parts = [
        sql.SQL(f"left(md5({{}}::text), {_DIGEST_CHARS})").format(sql.Identifier(relation, name))
        for name in columns
    ]
    return sql.SQL("array_to_string(ARRAY[{}], ',', {})").format(
        sql.SQL(", ").join(parts), sql.Literal(_NOTHING)
    )


def named(columns: Collection[str], told: str) -> str:
    """The digests by the names of their columns: one word, as ``author=1f3a&state=-``."""
    if not columns:
        return ""
    pairs = zip(columns, told.split(","), strict=True)
    return "&".join(f"{quote(name, safe='')}={digest}" for name, digest in pairs)


def rows_beside(
    connection: Connection, form: Form, table: str, columns: Collection[str]
) -> Iterator[Row]:
    """Every row of a table, by the form's key and the table's own; columns are those to digest."""
    key = [*form.key, *(n for n in _primary_key(connection, table) if n not in form.key)]
    chosen = sorted(set(columns) - set(key))
    query = sql.SQL("SELECT {}, {} FROM {} AS t").format(
        sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier("t", n)) for n in key),
        digests(chosen, "t"),
        identifier(table),
    )
    result = run_one(connection, query)
    for at in range(result.ntuples):
        cells = [result.get_value(at, place) for place in range(len(key) + 1)]
        words = ["" if cell is None else cell.decode("utf-8", "surrogateescape") for cell in cells]
        parts: Key = tuple(words[:-1])
        yield Row(f"{TABLE}{table}", parts, {}, named(chosen, words[-1]))


def _primary_key(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT a.attname FROM pg_catalog.pg_index i"
        " JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indisprimary AND i.indrelid = pg_catalog.to_regclass($1) ORDER BY a.attnum",
        [identifier(table).as_string()],
    )
    return [str(name) for (name,) in rows]


def covered_by(forms: Mapping[str, Form], table: str) -> set[str]:
    """Columns of a table that its forms compare themselves, or leave unchecked."""
    names: set[str] = set()
    for form in forms.values():
        if table in form.tables:
            names |= {*form.unchecked, *(spec.column for spec in form.fields)}
    return names
