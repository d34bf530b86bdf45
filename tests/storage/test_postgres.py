"""What a read of PostgreSQL returns: every value as the server spells it, one snapshot for all."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from harness.errors import StorageUnreadable
from harness.model import Field, Form
from harness.storage import Keys, PostgresStorage
from tests.storage.database import Database


def test_null_and_empty_and_blanks_differ(database: Database, note: Form) -> None:
    """NULL, the empty text and a text of blanks come back as three different values."""
    database.run("INSERT INTO note VALUES (1, NULL), (2, ''), (3, '  ')")

    assert [None, "", "  "] == [row.fields["text"] for row in database.rows(note)]


@pytest.mark.parametrize(
    ("type_", "value", "spelling"),
    [
        ("boolean", "true", "t"),
        ("date", "'2023-04-26'", "2023-04-26"),
        ("timestamptz", "'2023-04-26 17:40+02'", "2023-04-26 15:40:00+00"),
        ("numeric(6,2)", "38.5", "38.50"),
        ("double precision", "0.1", "0.1"),
        ("json", '\'{"b": 1,  "a": null}\'', '{"b": 1,  "a": null}'),
        ("int[]", "'{1,2}'", "{1,2}"),
        ("char(5)", "'ab'", "ab   "),
        ("bytea", "'\\xDEAD'", "\\xdead"),
        ("interval", "'90 minutes'", "01:30:00"),
        ("mood", "'calm'", "calm"),
    ],
)
def test_values_are_the_servers_own_text(
    database: Database, type_: str, value: str, spelling: str
) -> None:
    """Whatever its type, a value is read as PostgreSQL writes it and never converted."""
    database.run(
        "CREATE TYPE mood AS ENUM ('calm')",
        f"CREATE TABLE note (id int PRIMARY KEY, text {type_})",
        f"INSERT INTO note VALUES (1, {value})",  # noqa: S608 - the test's own
    )
    form = Form("note", "main", ("id",), (Field("text", "text"),), table="note")

    assert [spelling] == [row.fields["text"] for row in database.rows(form)]


def test_every_character_survives(database: Database, note: Form) -> None:
    """Astral characters, line ends, backslashes and quotes come back as they were stored."""
    text = "TA <140/90 \u2265 10\u00b2 \u202f\U0001f469\u200d\u2695\ufe0f e\u0301\r\n\t\\N \"'{}%s%"
    with psycopg.connect(database.dsn) as connection:
        connection.execute("INSERT INTO note VALUES (1, %s)", [text])

    assert [text] == [row.fields["text"] for row in database.rows(note)]


def test_foreign_bytes_are_read_without_loss(
    make_database: Callable[[str], Database],
) -> None:
    """A database without an encoding may hold broken UTF-8, and it is read, not refused."""
    database = make_database(
        "ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER 'libc' TEMPLATE template0"
    )
    database.run(
        'CREATE TABLE note (id int PRIMARY KEY, "é" text)',
        "INSERT INTO note VALUES (1, convert_from('\\x61E962', 'SQL_ASCII')), (2, 'é')",
    )
    form = Form("note", "main", ("id",), (Field("text", "é"),), table="note")

    assert ["a\udce9b", "é"] == [row.fields["text"] for row in database.rows(form)]
    assert [("2",)] == [row.key for row in database.rows(form, Keys((), ("é",)))]


def test_all_forms_are_read_at_one_moment(database: Database, note: Form) -> None:
    """What is committed after a snapshot began is in none of its forms."""
    database.run("INSERT INTO note VALUES (1, 'before')")
    with database.storage(note).snapshot() as snapshot:
        database.run("UPDATE note SET text = 'after'", "INSERT INTO note VALUES (2, 'new')")
        seen = [row.fields["text"] for row in snapshot.observe(note)]

    assert ["before"] == seen


def test_the_read_says_who_reads(database: Database, note: Form) -> None:
    """The connection is named, so that a database administrator knows it."""
    with database.storage(note).snapshot(), psycopg.connect(database.dsn) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'harness'"
        ).fetchone()

    assert (1,) == found


def test_names_are_quoted(database: Database) -> None:
    """Schemas, capitals, blanks, quotes and dots in names are taken as they are written."""
    database.run(
        'CREATE SCHEMA "Clinic A"',
        'CREATE TABLE "Clinic A"."no.te" ("Id" int, "the ""text%s" text)',
        """INSERT INTO "Clinic A"."no.te" VALUES (1, 'x')""",
    )
    form = Form("note", "main", ("Id",), (Field("text", 'the "text%s'),), table='Clinic A."no.te"')

    assert [("1",)] == [row.key for row in database.rows(form)]


def test_a_query_is_a_form(database: Database, note: Form) -> None:
    """A query gives keys and fields, whatever comment, percent sign or semicolon it ends with."""
    database.run("INSERT INTO note VALUES (1, '100 %', 'anna'), (2, 'gone', 'deleted')")
    query = "SELECT id, upper(text) AS said FROM note WHERE author NOT LIKE 'del%'; -- live\n;"
    form = replace(
        note,
        table=None,
        query=query.strip().rstrip(";"),
        tables=("note",),
        key=("id",),
        fields=(Field("text", "said"),),
    )

    with pytest.raises(StorageUnreadable, match="syntax"):
        database.rows(form)
    form = replace(
        form, query="SELECT id, upper(text) AS said FROM note WHERE author LIKE 'a%' -- x"
    )

    assert [{"text": "100 %"}] == [row.fields for row in database.rows(form)]
    assert [""] == [row.rest for row in database.rows(form)]


def test_a_row_without_a_key_is_refused(database: Database, note: Form) -> None:
    """A NULL in the key is an error that names the form: such a row belongs to no record."""
    database.run("INSERT INTO note VALUES (1, 'x')")

    with pytest.raises(StorageUnreadable, match=r"form note: a row has NULL in its key \(author\)"):
        database.rows(replace(note, key=("author",)))


def test_rest_digests_what_no_field_covers(database: Database, note: Form) -> None:
    """The digest of a row follows its other columns, and neither its fields nor unchecked ones."""
    database.run("INSERT INTO note VALUES (1, 'x', 'anna')")
    before = database.rows(note)[0].rest
    database.run("UPDATE note SET text = 'y'")
    after_field = database.rows(note)[0].rest
    database.run("UPDATE note SET author = NULL")
    after_other = database.rows(note)[0].rest

    assert before == after_field
    assert before != after_other
    assert "" == database.rows(replace(note, unchecked=("author",)))[0].rest


def test_columns_are_those_of_the_table(database: Database, note: Form) -> None:
    """Every column of the form's tables is listed, those included that no field covers."""
    with database.storage(note).snapshot() as snapshot:
        columns = snapshot.columns(note)

    assert {"note": ("id", "text", "author")} == columns


# --- scopes ------------------------------------------------------------------------------------


def test_rows_are_found_by_key(database: Database, note: Form) -> None:
    """Rows with one of the keys are read and no others; a key that is not there is no row."""
    database.run("INSERT INTO note SELECT n, 'text ' || n FROM generate_series(1, 20) n")

    found = database.rows(note, Keys((("3",), ("17",), ("99",))))

    assert [("17",), ("3",)] == [row.key for row in found]


def test_rows_are_found_by_several_key_columns(database: Database) -> None:
    """A key of several columns finds the rows in which all of them fit, fixed widths included."""
    database.run(
        "CREATE TABLE note (a char(3), b uuid, text text, PRIMARY KEY (a, b))",
        "INSERT INTO note SELECT l, lpad(n || '-0000-0000-0000-000000000000', 36, '0')::uuid,"
        " l || n FROM unnest('{xy,yz}'::text[]) l, generate_series(1, 2) n",
    )
    form = Form("note", "main", ("a", "b"), (Field("text", "text"),), table="note")
    key = ("yz ", "00000002-0000-0000-0000-000000000000")

    assert [(key, {"text": "yz2"})] == [
        (row.key, row.fields) for row in database.rows(form, Keys((key,)))
    ]


def test_a_key_lookup_uses_the_index(database: Database, note: Form) -> None:
    """Looking up a key does not read the whole table, so it can run against production."""
    database.run(
        "INSERT INTO note SELECT n, 'text' FROM generate_series(1, 50000) n", "ANALYZE note"
    )
    database.rows(note, Keys((("7",),)))
    database.run("SELECT pg_stat_force_next_flush()")
    with psycopg.connect(database.dsn) as connection:
        before = connection.execute("SELECT sum(seq_scan) FROM pg_stat_user_tables").fetchone()
    database.rows(note, Keys((("7",),)))
    database.run("SELECT pg_stat_clear_snapshot()")
    with psycopg.connect(database.dsn) as connection:
        after = connection.execute("SELECT sum(seq_scan) FROM pg_stat_user_tables").fetchone()

    assert before == after


def test_rows_are_found_by_token(database: Database, note: Form) -> None:
    """A row is found by a token in any field, once, whatever pattern characters the token has."""
    database.run(
        "INSERT INTO note VALUES (1, 'a [50%_x] b'), (2, 'a [50__x] b'), (3, NULL), (4, '[50%_x]')"
    )

    found = database.rows(note, Keys((("4",),), ("[50%_x]",)))

    assert [("1",), ("4",)] == [row.key for row in found]


def test_an_empty_scope_finds_nothing(database: Database, note: Form) -> None:
    """No key and no token is no row, not every row."""
    database.run("INSERT INTO note VALUES (1, 'x')")

    assert [] == database.rows(note, Keys())


def test_keys_are_parameters(database: Database, note: Form) -> None:
    """A key is never part of the statement: one that is no number is named, nothing is run."""
    with pytest.raises(StorageUnreadable, match=r"form note .*invalid input syntax"):
        database.rows(note, Keys((("1); DROP TABLE note; --",),)))
    with pytest.raises(StorageUnreadable, match="has 2 parts"):
        database.rows(note, Keys((("1", "2"),)))


# --- setup -------------------------------------------------------------------------------------


def test_setup_serves_row_policies(database: Database, note: Form) -> None:
    """A form's setup holds for its own read, and for that of no other form."""
    database.run(
        "ALTER TABLE note ADD tenant text",
        "INSERT INTO note VALUES (1, 'a', '', 'paris'), (2, 'b', '', 'lyon')",
        "CREATE VIEW mine AS SELECT * FROM note WHERE tenant = current_setting('app.tenant', true)",
    )
    mine = replace(note, name="mine", table="mine", setup=("SET app.tenant = 'lyon'",))
    other = replace(note, name="other", table="mine")
    with database.storage(mine, other).snapshot() as snapshot:
        keys = [[row.key for row in snapshot.observe(form)] for form in (mine, other)]

    assert [[("2",)], []] == keys


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM note",
        "SET TRANSACTION READ WRITE",
        "COMMIT",
        "COMMIT AND CHAIN",
        "SET x.y = 1; DELETE FROM note",
    ],
)
def test_setup_cannot_write(database: Database, note: Form, statement: str) -> None:
    """Setup that writes, or that leaves the read-only snapshot, is refused and changes nothing."""
    database.run("INSERT INTO note VALUES (1, 'x')")

    with pytest.raises(StorageUnreadable):
        database.rows(replace(note, setup=(statement, "DELETE FROM note")))
    assert [("1",)] == [row.key for row in database.rows(note)]


# --- what cannot be read -----------------------------------------------------------------------


def test_what_is_missing_is_named_with_what_is_there(database: Database, note: Form) -> None:
    """A missing table, key or column is named together with the nearest name that exists."""
    form = replace(note, key=("idd",), fields=(Field("a", "txt"), Field("b", "authors")))

    with pytest.raises(StorageUnreadable) as caught:
        database.rows(form)
    with pytest.raises(StorageUnreadable, match="no table notes; write note"):
        database.rows(replace(note, table="notes"))
    with pytest.raises(StorageUnreadable, match="no table Note; write note"):
        database.rows(replace(note, table="Note"))

    lines = str(caught.value).splitlines()
    assert 3 == len(lines)
    assert "form note does not fit storage main: key: table note has no column idd" in lines[0]
    assert lines[1].endswith("field a: table note has no column txt; write text")
    assert lines[2].endswith("field b: table note has no column authors; write author")


def test_a_query_that_names_a_column_twice_is_refused(database: Database, note: Form) -> None:
    """Two columns of one name are refused: which of them is meant cannot be known."""
    query = "SELECT a.id, b.id, a.text FROM note a JOIN note b USING (id)"

    with pytest.raises(StorageUnreadable, match="returns two columns id"):
        database.rows(replace(note, table=None, query=query, tables=("note",)))


def test_errors_never_hold_the_password(database: Database, note: Form) -> None:
    """Unreachable, refused or no address at all: the message says where, and no password."""
    right = psycopg.conninfo.conninfo_to_dict(database.dsn)
    wrong = [
        psycopg.conninfo.make_conninfo(database.dsn, password="s3cret-word"),
        psycopg.conninfo.make_conninfo(database.dsn, password="s3cret-word", dbname="nowhere"),
        "postgresql://anna:s3cret-word@127.0.0.1:1/main",
        "postgresql://anna:s3cret-word@nowhere.invalid/main?connect_timeout=s3cret-word",
        "s3cret-word",
    ]
    for dsn in wrong:
        with pytest.raises(StorageUnreadable) as caught, PostgresStorage(dsn).snapshot():
            pass

        assert "s3cret-word" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert str(right["password"]) not in repr(database.storage(note))


def test_a_missing_permission_is_named(database: Database, note: Form) -> None:
    """A user that may not read the table is told which one, and what to grant."""
    database.run(
        "DROP ROLE IF EXISTS onlooker", "CREATE ROLE onlooker LOGIN PASSWORD 'onlooker-word'"
    )
    dsn = psycopg.conninfo.make_conninfo(database.dsn, user="onlooker", password="onlooker-word")
    with (
        pytest.raises(StorageUnreadable, match="permission denied for table note; grant"),
        PostgresStorage(dsn).snapshot() as snapshot,
    ):
        list(snapshot.observe(note))
    database.run("DROP ROLE onlooker")


def test_a_read_has_a_limit(database: Database, note: Form) -> None:
    """A query that takes longer than the limit ends as storage that cannot be read."""
    form = replace(note, table=None, tables=("note",), query="SELECT 1 AS id, pg_sleep(9) AS text")
    storage = PostgresStorage(database.dsn, statement_timeout_s=1)

    with (
        pytest.raises(StorageUnreadable, match="longer than the statement timeout"),
        storage.snapshot() as snapshot,
    ):
        list(snapshot.observe(form))


def test_a_form_that_fails_does_not_spoil_the_next(database: Database, note: Form) -> None:
    """After one form could not be read, another one of the same snapshot still can."""
    database.run("INSERT INTO note VALUES (1, 'x')")
    bad = replace(note, table=None, tables=("note",), query="SELECT id, 1/0 AS text FROM note")
    with database.storage(note).snapshot() as snapshot:
        with pytest.raises(StorageUnreadable, match="division by zero"):
            list(snapshot.observe(bad))
        rows = list(snapshot.observe(note))

    assert 1 == len(rows)


def test_a_reader_may_stop_early(database: Database, note: Form) -> None:
    """Rows that nobody takes do not hinder the next read of the snapshot."""
    database.run("INSERT INTO note SELECT n, 'x' FROM generate_series(1, 1000) n")
    with database.storage(note).snapshot() as snapshot:
        rows = snapshot.observe(note)
        next(rows)
        rows.close()  # type: ignore[attr-defined]
        again = sum(1 for _ in snapshot.observe(note))

    assert 1000 == again
