"""One connection to PostgreSQL: what reads can only read, and it says why when it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg import IsolationLevel, RawCursor, sql
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.string import TextLoader

from harness.errors import StorageUnreadable
from harness.hiding import passwords, scrub

Connection: TypeAlias = psycopg.Connection[tuple[str | None, ...]]

# The text of a value depends on these; the same for every read, so that reads compare.
_SPELLING = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "xmloption": "content",
}
_ADVICE = {
    "42501": "grant this user SELECT on it",
    "25006": "setup may SET but not write: it runs in a read-only transaction",
    "55P03": "somebody held a lock on it for longer than the statement timeout",
    "57014": "it took longer than the statement timeout",
}


class LosslessLoader(Loader):
    """Text of a database that does not know its own encoding; foreign bytes become surrogates."""

    def load(self, data: Buffer) -> str:
        """The bytes as UTF-8 where they are, else each as a lone surrogate."""
        return bytes(data).decode("utf-8", "surrogateescape")


def address(dsn: str) -> str:
    """Where the DSN leads, without its password; raises StorageUnreadable if it is none."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        # The parser's message quotes the DSN, and with it the password.
        raise StorageUnreadable(
            "the storage's url is not a PostgreSQL address; "
            "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    user, host = parts.get("user", "?"), parts.get("host", "the local socket")
    return f"{user}@{host}:{parts.get('port', 5432)}/{parts.get('dbname', '?')}"


def told(error: BaseException, dsn: str) -> str:
    """The database's own words on one line, with advice and without the password."""
    words = " ".join(str(error).split()) or type(error).__name__
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    hint = f"; {_ADVICE[state]}" if state in _ADVICE else ""
    secrets = set(passwords(dsn))
    secrets.add(str(conninfo_to_dict(dsn).get("password") or ""))
    return scrub(words, secrets) + hint


@contextmanager
def reading(dsn: str, connect_timeout_s: int, statement_timeout_s: int) -> Iterator[Connection]:
    """A connection inside one read-only snapshot, closed at the end; nothing is ever committed.

    Raises StorageUnreadable where the database cannot be reached or refuses.
    """
    with _connected(dsn, connect_timeout_s) as connection:
        connection.read_only = True
        with connection.transaction(force_rollback=True):
            _settled(connection, dsn, statement_timeout_s)
            yield connection


@contextmanager
def changing(dsn: str, connect_timeout_s: int, statement_timeout_s: int) -> Iterator[Connection]:
    """One snapshot that may change what it has read, kept when the block ends without an error.

    What somebody else has changed since the snapshot cannot be changed in it: that is an error
    of the database. Raises StorageUnreadable where it cannot be reached or refuses.
    """
    with _connected(dsn, connect_timeout_s) as connection, connection.transaction():
        _settled(connection, dsn, statement_timeout_s)
        yield connection


@contextmanager
def _connected(dsn: str, connect_timeout_s: int) -> Iterator[Connection]:
    where = address(dsn)
    try:
        connection = psycopg.connect(
            dsn,
            autocommit=True,
            connect_timeout=connect_timeout_s,
            application_name="harness",
            client_encoding="utf-8",
            prepare_threshold=None,
            cursor_factory=RawCursor,
        )
    except psycopg.Error as error:
        raise StorageUnreadable(
            f"storage at {where} cannot be reached: {told(error, dsn)}"
        ) from None
    with connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        yield connection


def _settled(connection: Connection, dsn: str, statement_timeout_s: int) -> None:
    try:
        _settle(connection, statement_timeout_s)
    except psycopg.Error as error:
        words = told(error, dsn)
        raise StorageUnreadable(f"storage at {address(dsn)} cannot be read: {words}") from error


def _settle(connection: Connection, statement_timeout_s: int) -> None:
    """Fix the spelling of values, and take the snapshot: later statements cannot undo either."""
    settings = {**_SPELLING, "statement_timeout": f"{statement_timeout_s}s"}
    loader: type[Loader] = TextLoader
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        settings["client_encoding"] = "SQL_ASCII"
        loader = LosslessLoader
    for name, value in settings.items():
        connection.execute("SELECT set_config($1, $2, true)", [name, value])
    for known in connection.adapters.types:
        connection.adapters.register_loader(known.oid, loader)
        connection.adapters.register_loader(known.array_oid, loader)
    connection.adapters.register_loader(0, loader)


def spelled(statement: str | sql.Composable) -> bytes:
    """The statement as it crosses the network, also where the database has no encoding."""
    text = statement if isinstance(statement, str) else statement.as_string()
    return text.encode("utf-8")


def run_one(connection: Connection, statement: str | sql.Composable) -> PGresult:
    """Run one statement, never several; raises psycopg.Error."""
    result = connection.pgconn.exec_params(spelled(statement), [])
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result, "utf-8")
    return result


def set_up(connection: Connection, statements: Sequence[str]) -> None:
    """Run a form's setup; raises StorageUnreadable where it leaves the snapshot."""
    for statement in statements:
        run_one(connection, statement)
        if connection.info.transaction_status != TransactionStatus.INTRANS:
            raise StorageUnreadable(
                f"setup {statement!r} ends the transaction in which everything is read; remove it"
            )
