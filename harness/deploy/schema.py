"""What a step that failed has left behind in a storage that others go on using."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from harness.errors import ReleaseDown

CONNECT_S_MAX = 5
CHANGES_SHOWN = 5
_SCHEMA = r"""
WITH relation AS (
    SELECT c.oid, c.relkind, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT CASE relkind WHEN 'i' THEN 'index ' WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view '
       ELSE 'table ' END || name FROM relation
UNION SELECT 'column ' || r.name || '.' || a.attname || ' '
             || pg_catalog.format_type(a.atttypid, a.atttypmod)
             || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
      FROM relation r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
      WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
UNION SELECT 'constraint ' || r.name || '.' || c.conname
      FROM relation r JOIN pg_catalog.pg_constraint c ON c.conrelid = r.oid
"""


@contextmanager
def telling_changes(storages: Mapping[str, str]) -> Iterator[None]:
    """Let the error of a step that fails in the block say what it has changed in each storage.

    Of a storage that cannot be read nothing is said.
    """
    before = {name: _schema(address) for name, address in storages.items()}
    try:
        yield
    except ReleaseDown as error:
        told = [_told(name, before[name], _schema(storages[name])) for name in storages]
        raise ReleaseDown("\n".join([str(error), *filter(None, told)])) from error


def _schema(address: str) -> frozenset[str] | None:
    """Its tables, columns, indexes and constraints, one line each; None where it is silent."""
    try:
        with psycopg.connect(address, connect_timeout=CONNECT_S_MAX) as connection:
            return frozenset(str(line) for (line,) in connection.execute(_SCHEMA))
    except psycopg.Error:
        return None


def _told(name: str, before: frozenset[str] | None, after: frozenset[str] | None) -> str:
    if before is None or after is None:
        return ""
    changes = [f"new {line}" for line in sorted(after - before)]
    changes += [f"no more {line}" for line in sorted(before - after)]
    if not changes:
        return f"storage {name} has the same tables and columns as before; rows were not compared"
    more = f", and {len(changes) - CHANGES_SHOWN} more" if len(changes) > CHANGES_SHOWN else ""
    return (
        f"storage {name} is left half migrated, and whoever runs on it has it that way: "
        f"{', '.join(changes[:CHANGES_SHOWN])}{more}"
    )
