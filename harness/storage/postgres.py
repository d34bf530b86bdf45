"""PostgreSQL, read raw: the server's own spelling of every value, one snapshot for all forms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import errors, pq, sql

from harness.errors import LocatorMissing, StorageUnreadable
from harness.model import Form, Key
from harness.observations import Row
from harness.prints import Block, blocks_of, printed
from harness.storage.beside import rows_beside
from harness.storage.connection import Connection, address, reading, run_one, set_up, spelled, told
from harness.storage.locate import Located, locate, table_columns, tables_of
from harness.storage.printing import copied_prints
from harness.storage.reader import RowReader, column
from harness.storage.scope import EVERY_ROW, EveryRow, Keys, Scope

STATEMENT_S_MAX = 300
# For all rows of a form, however many: as long as the longest round of scenarios may take.
ROWS_S_MAX = 14_400
# Only they take their time: who waits for a lock waits no longer than any other statement.
_PATIENT = (
    "SELECT set_config('lock_timeout', current_setting('statement_timeout'), true)",
    f"SELECT set_config('statement_timeout', '{ROWS_S_MAX}s', true)",
)
# Rows that cross the network together; a row may hold megabytes, so not many.
ROWS_AT_ONCE = 64
_CHUNKED_SINCE = 170000
_GONE = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName)


class PostgresStorage:
    """What one PostgreSQL database holds.

    Relative paths and codecs are looked for in folder. Every read is a transaction that is
    REPEATABLE READ and READ ONLY, on a connection of its own, and is rolled back at its end.
    """

    def __init__(
        self,
        dsn: str,
        connect_timeout_s: int = 10,
        *,
        folder: Path | None = None,
        statement_timeout_s: int = STATEMENT_S_MAX,
    ) -> None:
        self._dsn = dsn
        self._connect_timeout_s = connect_timeout_s
        self._statement_timeout_s = statement_timeout_s
        self._folder = (folder or Path()).absolute()

    def __repr__(self) -> str:
        return f"PostgresStorage({address(self._dsn)!r})"

    @contextmanager
    def snapshot(self) -> Iterator[PostgresSnapshot]:
        """What the database holds at this moment; raises StorageUnreadable."""
        with reading(self._dsn, self._connect_timeout_s, self._statement_timeout_s) as connection:
            yield PostgresSnapshot(connection, self._dsn, self._folder)

    def check(self, forms: Iterable[Form]) -> list[str]:
        """What does not fit these forms, a sentence each; raises StorageUnreadable."""
        problems: list[str] = []
        with self.snapshot() as snapshot:
            for form in forms:
                try:
                    snapshot.check(form)
                except StorageUnreadable as error:
                    problems.append(str(error))
        return problems


class PostgresSnapshot:
    """One transaction's view of a database."""

    def __init__(self, connection: Connection, dsn: str, folder: Path) -> None:
        self._connection = connection
        self._dsn = dsn
        self._folder = folder

    def check(self, form: Form) -> None:
        """Find what the form names, codecs included; raises StorageUnreadable."""
        with self._of(form):
            RowReader(locate(self._connection, form), self._folder)

    def columns(self, form: Form) -> Mapping[str, tuple[str, ...]]:
        """Every column of each table the form stands on, none of one that is not there.

        Raises StorageUnreadable.
        """
        with self._of(form):
            return {table: table_columns(self._connection, table) for table in tables_of(form)}

    def observe(self, form: Form, scope: Scope = EVERY_ROW) -> Iterator[Row]:
        """The form's rows as they are streamed, in no order; raises StorageUnreadable.

        Read one form to its end before the next: a transaction does one thing at a time.
        """
        with self._of(form):
            located = locate(self._connection, form)
            reader = RowReader(located, self._folder)
            if isinstance(scope, EveryRow):
                yield from self._rows(reader, reader.select, [])
            else:
                yield from self._found(located, reader, scope)

    def prints(self, form: Form) -> Iterator[Block]:
        """The prints of every row, some at a time; raises StorageUnreadable.

        However many rows there are, they have ROWS_S_MAX to come.
        """
        with self._of(form):
            for statement in _PATIENT:
                run_one(self._connection, statement)
            reader = RowReader(locate(self._connection, form), self._folder)
            told = self._connection.info.parameter_status
            # Bytes are taken as they come, also where a form's setup has changed what they spell.
            is_utf8 = told("server_encoding") != "SQL_ASCII" and told("client_encoding") == "UTF8"
            if reader.is_plain and is_utf8:
                yield from copied_prints(self._connection, reader)
            else:
                rows = self._rows(reader, reader.select, [])
                yield from blocks_of(printed(row, form) for row in rows)

    def beside(self, form: Form, table: str, columns: Collection[str]) -> Iterator[Row]:
        """Every row of a table that the form's query stands on; raises StorageUnreadable."""
        with self._of(form):
            yield from rows_beside(self._connection, form, table, columns)

    def _found(self, located: Located, reader: RowReader, scope: Keys) -> Iterator[Row]:
        """Keys first, by their index; then the tokens, which takes a look at every row."""
        seen: set[Key] = set()
        if scope.keys:
            for row in self._rows(reader, *_by_keys(located, reader, scope.keys)):
                seen.add(row.key)
                yield row
        by_tokens = _by_tokens(located, reader, scope.tokens)
        if by_tokens is not None:
            for row in self._rows(reader, *by_tokens):
                if row.key not in seen:
                    yield row

    def _rows(
        self, reader: RowReader, query: sql.Composable, parameters: Sequence[object]
    ) -> Iterator[Row]:
        size = ROWS_AT_ONCE if pq.version() >= _CHUNKED_SINCE else 1
        with self._connection.cursor() as cursor:
            for cells in cursor.stream(spelled(query), parameters, size=size):
                yield reader.read(cells)

    @contextmanager
    def _of(self, form: Form) -> Iterator[None]:
        """The form's setup, undone at the end; the database's errors in the form's words."""
        try:
            with self._connection.transaction(force_rollback=True):
                set_up(self._connection, form.setup)
                yield
        except (psycopg.Error, UnicodeDecodeError) as error:
            where = f"form {form.name} in storage {form.storage} at {address(self._dsn)}"
            kind = LocatorMissing if isinstance(error, _GONE) else StorageUnreadable
            raise kind(f"{where}: {told(error, self._dsn)}") from error


def _by_keys(
    located: Located, reader: RowReader, keys: Sequence[Key]
) -> tuple[sql.Composable, list[object]]:
    names = located.form.key
    for key in keys:
        if len(key) != len(names):
            raise StorageUnreadable(
                f"form {located.form.name}: key {key} has {len(key)} parts, "
                f"the plan's key has {len(names)}: {', '.join(names)}"
            )
    # Cast to the columns' own types, so that the key's index serves.
    parts = [
        sql.SQL("u.{}::" + located.columns[name].type).format(sql.Identifier(f"k{n}"))
        for n, name in enumerate(names)
    ]
    query = sql.SQL("{} WHERE ({}) IN (SELECT {} FROM unnest({}) AS u({}))").format(
        reader.select,
        sql.SQL(", ").join(map(column, names)),
        sql.SQL(", ").join(parts),
        sql.SQL(", ").join(sql.SQL(f"${n + 1}::text[]") for n in range(len(names))),
        sql.SQL(", ").join(sql.Identifier(f"k{n}") for n in range(len(names))),
    )
    return query, [[key[n] for key in keys] for n in range(len(names))]


def _by_tokens(
    located: Located, reader: RowReader, tokens: Sequence[str]
) -> tuple[sql.Composable, list[object]] | None:
    """None where no token is sought or no field can hold one as text."""
    fields = [
        field.column
        for field in located.form.fields
        if field.contract.codec is None and not located.columns[field.column].is_bytes
    ]
    if not tokens or not fields:
        return None
    holds = [
        sql.SQL('strpos({}::text COLLATE "C", t.token) > 0').format(column(name)) for name in fields
    ]
    query = sql.SQL(
        "{} WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) AS t(token) WHERE {})"
    ).format(reader.select, sql.SQL(" OR ").join(holds))
    return query, [list(tokens)]
