"""Fingerprints by COPY are those of the values that any other read gives."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from harness.contracts import fingerprint
from harness.errors import StorageUnreadable
from harness.model import Contract, Field, Form, Kind
from harness.prints import PrintRow, printed
from harness.storage.copying import columns_of
from harness.storage.postgres import PostgresStorage
from harness.storage.printing import printer_of
from tests.storage.database import Database

CONTRACTS = [
    Contract(),
    Contract(newline="any"),
    Contract(trim=True),
    Contract(nfc=True),
    Contract(newline="any", trim=True, nfc=True),
]
HOSTILE = [
    None, "", " ", "\\N", "\\", "a\\nb", "a\nb", "a\r\nb\rc", "\t", "trailing \t\n", "\x0b\x0c\x08",
    "caf\u00e9", "cafe\u0301", "trailing\u00a0", "trailing\u2003", "\u0085", "\U0001f600", "'\";--",
    "\x7f\x1c", "12.50", "t", "2024-02-29",
]  # fmt: skip


TEXTS = (
    st.none()
    | st.sampled_from(HOSTILE)
    | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
)


def both(database: Database, form: Form) -> tuple[list[PrintRow], list[PrintRow]]:
    """The rows of a form, by COPY and from its values."""
    with database.storage(form).snapshot() as snapshot:
        copied = list(chain.from_iterable(block.rows() for block in snapshot.prints(form)))
        return copied, [printed(row, form) for row in snapshot.observe(form)]


@pytest.mark.parametrize("contract", CONTRACTS, ids=repr)
@pytest.mark.parametrize("kind", ["text", "choice", "number", "date", "flag"])
@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_a_field_prints_its_bytes_as_its_text(contract: Contract, kind: Kind, text: str) -> None:
    """Whatever a field holds, its fingerprint is the same from bytes as from text."""
    print_ = printer_of(Field("f", "f", kind=kind, contract=contract))

    assert fingerprint(text, contract, kind) == print_(text.encode()).hex()


@pytest.mark.parametrize("contract", CONTRACTS, ids=repr)
def test_a_copy_prints_what_a_read_prints(database: Database, contract: Contract) -> None:
    """Escapes, NULL, blanks and other scripts come through, in fields, keys and other columns."""
    database.run("CREATE TABLE odd (a text, b text, c int, d text, e bool, f timestamptz)")
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for n, text in enumerate(HOSTILE):
            row = (f"key {n} {text or ''}", text, n, text, n % 2 == 0, "2024-02-29 12:00+02")
            connection.execute("INSERT INTO odd VALUES (%s, %s, %s, %s, %s, %s)", row)
    fields = (Field("b", "b", contract=contract), Field("e", "e"), Field("f", "f", kind="date"))
    form = Form("odd", "main", ("a",), fields, table="odd")
    two = replace(form, key=("c", "a"))

    for each in (form, two):
        copied, read = both(database, each)
        assert len(copied) == len(HOSTILE)
        assert read == copied


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", HOSTILE),
        ("varchar(9)", ["a  ", "", None, "\\t"]),
        ("char(9)", ["a", "b  ", "", None]),
        ("name", ["a", None]),
        ("int8", ["-1", "13", "9223372036854775807", None]),
        ("numeric", ["12.50", "-0.00", "NaN", "1e30", None]),
        ("float8", ["0.1", "1e300", "-0", "NaN", "Infinity", None]),
        ("bool", ["t", "f", None]),
        ("uuid", ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", None]),
        ("date", ["2024-02-29", "0044-03-15 BC", "infinity", None]),
        ("timestamptz", ["2024-02-29 12:00:00.5+02", "-infinity", None]),
        ("timestamp", ["2024-02-29 12:00:00.5", None]),
        ("time", ["12:00", None]),
        ("interval", ["1 day 2 hours", None]),
        ("json", ['{"b": 1,  "a": "\\\\n"}', None]),
        ("jsonb", ['{"b": 1,  "a": "\\\\n"}', None]),
        ("inet", ["10.0.0.1", "10.0.0.0/8", None]),
        ("money", ["12.5", None]),
        ("bytea", ["\\x00ff0d0a", None]),
        ("mood", ["so, so", None]),
        ("short", ["a ", None]),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_every_type_prints_as_it_is_read(
    database: Database, kind: str, values: list[str | None]
) -> None:
    """A COPY spells each type as any other read does, in a field as well as in a key."""
    database.run(
        "CREATE TYPE mood AS ENUM ('so, so')",
        "CREATE DOMAIN short AS char(4)",
        f"CREATE TABLE odd (a int, b {kind})",
    )
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for n, value in enumerate(values):
            said = sql.SQL("INSERT INTO odd VALUES ({}, {})").format(n, value)
            connection.execute(said)
    form = Form("odd", "main", ("a",), (Field("b", "b"),), table="odd")
    copied, read = both(database, form)

    assert len(values) == len(copied)
    assert read == copied
    database.run("DELETE FROM odd WHERE b IS NULL")
    copied, read = both(database, replace(form, key=("b",), fields=(Field("a", "a"),)))
    assert read == copied


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=30), st.sampled_from(CONTRACTS))
def test_whatever_texts_there_are_a_copy_prints_what_a_read_prints(
    database: Database, rows: list[tuple[str | None, str | None]], contract: Contract
) -> None:
    """NULL, the empty text, breaks and every other character: both ways to read give one line."""
    database.run(
        "DROP TABLE IF EXISTS odd", "CREATE TABLE odd (a int, b text, c varchar, d char(5))"
    )
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for n, (one, other) in enumerate(rows):
            row = (n, one, other, "ab ")
            connection.execute("INSERT INTO odd VALUES (%s, %s, %s, %s)", row)
    two = (Field("b", "b", contract=contract), Field("c", "c", contract=contract))
    raw = Form("odd", "main", ("a",), two, table="odd")
    # A column of blanks that a cast would trim has all of them come as lines.
    lines = replace(raw, fields=(*two, Field("d", "d")))

    for form in (raw, lines):
        copied, read = both(database, form)
        assert (len(rows), read) == (len(copied), copied)


@pytest.mark.parametrize(
    "row", [b"", b"\0\1", b"\0\1\0\0\0\2x", b"\0\2\0\0\0\1x", b"\0\1\0\0\0\1xy"]
)
def test_a_row_that_is_not_as_it_was_asked_for_is_an_error(row: bytes) -> None:
    """Bytes that are no row of so many columns are told, and never taken for one."""
    whole = memoryview(b"\0\1\0\0\0\1x")

    assert [list(column.cells()) for column in columns_of([whole], 1)] == [[b"x"]]
    with pytest.raises(StorageUnreadable, match="not the columns it was asked for"):
        columns_of([whole, memoryview(row)], 1)


def test_what_a_codec_reads_is_printed_as_well(database: Database) -> None:
    """A form that a COPY cannot print is read value by value, with the same rows."""
    database.run(
        "CREATE TABLE tagged (id int, tags text[])", "INSERT INTO tagged VALUES (1, '{a,b}')"
    )
    form = Form("tagged", "main", ("id",), (Field("tags", "tags", rows="many"),), table="tagged")
    copied, read = both(database, form)

    assert read == copied == [PrintRow("tagged", "1", (fingerprint(("a", "b")),))]


def test_a_database_without_an_encoding_is_read_value_by_value(
    make_database: object, tmp_path: Path
) -> None:
    """Bytes that are no text come through as they do in any other read."""
    assert callable(make_database)
    database = make_database(
        "ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER 'libc' TEMPLATE template0"
    )
    database.run(
        "CREATE TABLE note (id int, text text)", r"INSERT INTO note VALUES (1, E'caf\xe9')"
    )
    copied, read = both(database, NOTE)

    assert read == copied
    assert len(copied) == 1


NOTE = Form("note", "main", ("id",), (Field("text", "text"),), table="note")


def test_a_row_without_a_key_is_told(database: Database) -> None:
    """NULL in a key is an error, and no row of that name."""
    database.run("CREATE TABLE note (id int, text text)", "INSERT INTO note VALUES (NULL, 'x')")

    with (
        pytest.raises(StorageUnreadable, match="NULL in its key"),
        database.storage(NOTE).snapshot() as snapshot,
    ):
        list(snapshot.prints(NOTE))


def test_a_copy_that_fails_is_told(database: Database) -> None:
    """What the server says in the middle of a COPY is an error, and not the end of the rows."""
    database.run("CREATE TABLE note (id int, text text)")
    database.run("INSERT INTO note SELECT n, n FROM generate_series(1, 5000) AS n")
    form = replace(
        NOTE,
        table=None,
        query="SELECT id, (1 / (4999 - id))::text AS text FROM note",
        tables=("note",),
    )

    with (
        pytest.raises(StorageUnreadable, match="division by zero"),
        database.storage(form).snapshot() as snapshot,
    ):
        list(snapshot.prints(form))


def test_a_setup_may_change_what_bytes_spell(database: Database) -> None:
    """Where a form asks for another encoding, a copy prints what a read prints all the same."""
    database.run("CREATE TABLE note (id int, text text)", "INSERT INTO note VALUES (1, 'é')")

    copied, read = both(database, replace(NOTE, setup=("SET LOCAL client_encoding = 'LATIN1'",)))

    assert copied == read != []


def test_a_server_that_falls_silent_is_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has sent nothing for longer than any statement may take is gone."""
    monkeypatch.setattr("harness.storage.copying.SILENT_S_MAX", 0.2)
    database.run("CREATE TABLE note (id int, text text)")
    database.run("INSERT INTO note SELECT n, repeat('x', 900) FROM generate_series(1, 5000) AS n")
    query = (
        "SELECT id, text FROM note WHERE CASE WHEN id = 4000 THEN pg_sleep(2) IS NULL ELSE true END"
    )

    with (
        pytest.raises(StorageUnreadable, match=r"silent for 0\.2 s"),
        database.storage(NOTE).snapshot() as snapshot,
    ):
        list(snapshot.prints(replace(NOTE, table=None, query=query, tables=("note",))))


def test_a_copy_that_nobody_reads_to_its_end_leaves_the_next_read_alone(database: Database) -> None:
    """Whoever stops early can read the next form on the same snapshot."""
    database.run("CREATE TABLE note (id int, text text)")
    database.run("INSERT INTO note SELECT n, repeat('x', 900) FROM generate_series(1, 20000) AS n")

    with database.storage(NOTE).snapshot() as snapshot:
        stopped = snapshot.prints(NOTE)
        next(stopped)
        stopped.close()  # type: ignore[attr-defined]
        assert sum(block.rows_n for block in snapshot.prints(NOTE)) == 20_000


SLOW = "SELECT id, text FROM note WHERE pg_sleep(0.05) IS NOT NULL"


def test_very_many_rows_may_take_longer_than_a_statement(database: Database) -> None:
    """A load of any size is read to its end: only who stands still is not waited for."""
    database.run("CREATE TABLE note (id int, text text)")
    database.run("INSERT INTO note SELECT n, repeat('x', 900) FROM generate_series(1, 30) AS n")
    slow = replace(NOTE, table=None, query=SLOW, tables=("note",))
    storage = PostgresStorage(database.dsn, statement_timeout_s=1)

    with storage.snapshot() as snapshot:
        assert sum(block.rows_n for block in snapshot.prints(slow)) == 30
        with pytest.raises(StorageUnreadable, match="longer than the statement timeout"):
            list(snapshot.observe(slow))


def test_a_lock_is_waited_for_no_longer_than_any_statement_is(database: Database) -> None:
    """Rows may take their time to come; a table that somebody else has locked is told soon."""
    database.run("CREATE TABLE note (id int, text text)")
    storage = PostgresStorage(database.dsn, statement_timeout_s=1)

    with psycopg.connect(database.dsn) as other, storage.snapshot() as snapshot:
        other.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        began_s = time.monotonic()
        with pytest.raises(StorageUnreadable, match="lock on it for longer"):
            list(snapshot.prints(NOTE))
        assert time.monotonic() - began_s < 30


def test_rows_that_cannot_be_read_leave_the_next_form_alone(database: Database) -> None:
    """What goes wrong in the middle is told, and the snapshot is still good."""
    database.run("CREATE TABLE note (id int, text text)")
    database.run("INSERT INTO note SELECT n, repeat('x', 900) FROM generate_series(1, 5000) AS n")
    query = "SELECT id / (id - 4000) AS id, text FROM note"

    with database.storage(NOTE).snapshot() as snapshot:
        with pytest.raises(StorageUnreadable, match="division by zero"):
            list(snapshot.prints(replace(NOTE, table=None, query=query, tables=("note",))))
        assert sum(block.rows_n for block in snapshot.prints(NOTE)) == 5_000
