"""Fields that are more than a column of text: files, child rows, codecs."""

import hashlib
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import StorageUnreadable
from harness.model import ABSENT, Contract, Field, FileValue, Form
from harness.storage import Keys
from harness.storage.listing import from_array, from_json
from tests.storage.database import Database

FILE = b"\x00\xff" * 1000
FILE_VALUE = FileValue(2000, hashlib.sha256(FILE).hexdigest())


def form_of(field: Field) -> Form:
    return Form("document", "main", ("id",), (field,), table="document")


def values_of(database: Database, form: Form) -> list[object]:
    return [row.fields[form.fields[0].name] for row in database.rows(form)]


# --- files -------------------------------------------------------------------------------------


def test_bytes_are_read_as_size_and_digest(database: Database) -> None:
    """A file in a bytea column is known by its size and SHA-256; NULL and no bytes differ."""
    database.run("CREATE TABLE document (id int PRIMARY KEY, content bytea)")
    with psycopg.connect(database.dsn) as connection:
        connection.execute("INSERT INTO document VALUES (1, %s), (2, NULL), (3, '')", [FILE])

    empty = FileValue(0, hashlib.sha256(b"").hexdigest())
    assert [FILE_VALUE, None, empty] == values_of(
        database, form_of(Field("content", "content", kind="file"))
    )


def test_a_path_is_read_as_the_file_it_names(database: Database) -> None:
    """A path in a text column stands for its file; where the file is gone, it is absent."""
    (database.folder / "a.bin").write_bytes(FILE)
    database.run(
        "CREATE TABLE document (id int PRIMARY KEY, path text)",
        f"INSERT INTO document VALUES (1, 'a.bin'), (2, '{database.folder}/a.bin'),"  # noqa: S608 - the test's own
        " (3, 'gone.bin'), (4, NULL)",
    )

    assert [FILE_VALUE, FILE_VALUE, ABSENT, None] == values_of(
        database, form_of(Field("content", "path", kind="file"))
    )


def test_a_path_that_cannot_be_read_is_no_absence(database: Database) -> None:
    """A path that leads to something other than a file is an error, not a lost file."""
    database.run(
        "CREATE TABLE document (id int PRIMARY KEY, path text)",
        "INSERT INTO document VALUES (1, '.')",
    )

    with pytest.raises(StorageUnreadable, match=r"field content, key \('1',\): the stored file"):
        database.rows(form_of(Field("content", "path", kind="file")))


def test_a_file_needs_bytes_or_a_path(database: Database) -> None:
    """A file in a column of another type is refused with what would do."""
    database.run("CREATE TABLE document (id int PRIMARY KEY)")

    with pytest.raises(StorageUnreadable, match="a file is bytea, or a text that holds its path"):
        database.rows(form_of(Field("content", "id", kind="file")))


# --- child rows --------------------------------------------------------------------------------

LINES = Form(
    "prescription",
    "main",
    ("id",),
    (Field("lines", "lines", rows="many"),),
    query="SELECT p.id, (SELECT {} FROM line WHERE line.of = p.id) AS lines FROM prescription p",
    tables=("prescription", "line"),
)


@pytest.mark.parametrize(
    "gathered",
    [
        "array_agg(text ORDER BY position)",
        "json_agg(text ORDER BY position)",
        "jsonb_agg(text ORDER BY position)",
    ],
)
def test_child_rows_are_an_ordered_list(database: Database, gathered: str) -> None:
    """Child rows come in the order of the query, NULL and empty ones told apart."""
    database.run(
        "CREATE TABLE prescription (id int PRIMARY KEY)",
        "CREATE TABLE line (of int, position int, text text)",
        "INSERT INTO prescription VALUES (1), (2)",
        "INSERT INTO line VALUES (1, 3, 'NULL'), (1, 1, ''), (1, 2, NULL), (1, 4, '{a, \"b\\')",
    )
    form = replace(LINES, query=str(LINES.query).format(gathered))

    assert [("", None, "NULL", '{a, "b\\'), None] == values_of(database, form)
    with database.storage(form).snapshot() as snapshot:
        assert {"prescription", "line"} == set(snapshot.columns(form))


def test_child_rows_need_a_list(database: Database) -> None:
    """Many rows from a column that is no list are refused before a row is read."""
    database.run("CREATE TABLE note (id int)")
    form = replace(LINES, query="SELECT id, 'a' AS lines FROM note", tables=("note",))

    with pytest.raises(StorageUnreadable, match="many rows come as an array or as a JSON array"):
        database.rows(form)


def test_every_array_is_read_back(database: Database) -> None:
    """Any list of texts comes back from the server's array text as it was stored."""
    with psycopg.connect(database.dsn) as connection:

        @given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"))))
        def round_trip(items: list[str | None]) -> None:
            found = connection.execute("SELECT %s::text[]::text", [items]).fetchone()

            assert found is not None
            assert tuple(items) == from_array(found[0])

        round_trip()


def test_array_bounds_are_no_items() -> None:
    """An array that does not count from 1 holds the same items."""
    assert ("1", "2") == from_array("[0:1]={1,2}")


@pytest.mark.parametrize("text", ["{{a},{b}}", "{a", "a", "", '{"a"b}', "{a,{b}}"])
def test_what_is_no_list_is_refused(text: str) -> None:
    """Arrays of arrays and broken ones raise: a list is never guessed."""
    with pytest.raises(ValueError, match="not an array"):
        from_array(text)


def test_json_keeps_the_spelling_of_numbers() -> None:
    """Numbers in a JSON list stay as they are spelled; an object is no list."""
    assert ("1.50", "1e400", None, "true", '{"a": "1"}') == from_json(
        '[1.50, 1e400, null, true, {"a": 1}]'
    )
    with pytest.raises(ValueError, match="not a JSON array"):
        from_json('{"a": 1}')


# --- codecs ------------------------------------------------------------------------------------


def write_codecs(folder: Path, name: str) -> None:
    (folder / f"{name}.py").write_text(
        "class Odd(Exception):\n"
        "    pass\n"
        "def text(raw):\n"
        "    return None if raw is None else raw[::-1]\n"
        "def opened(raw):\n"
        "    return None if raw is None else raw.decode()[::-1]\n"
        "def content(raw):\n"
        "    return raw if raw is None else raw.encode()\n"
        "def path(raw):\n"
        "    return 'a.bin'\n"
        "def fails(raw):\n"
        "    raise Odd('no key')\n"
        "def number(raw):\n"
        "    return 5\n",
        encoding="utf-8",
    )


def coded(function: str, column: str = "content", **changes: object) -> Form:
    contract = Contract(codec=function)
    return form_of(replace(Field("content", column, contract=contract), **changes))  # type: ignore[arg-type]


@pytest.fixture
def documents(database: Database) -> Database:
    database.run(
        "CREATE TABLE document (id int PRIMARY KEY, content text, sealed bytea)",
        "INSERT INTO document VALUES (1, 'abc', 'abc'), (2, NULL, NULL)",
    )
    return database


def test_a_codec_sees_what_storage_holds(documents: Database) -> None:
    """A codec of the plan's folder gets text or bytes or None, and its answer is the value."""
    write_codecs(documents.folder, "seen")

    assert ["cba", None] == values_of(documents, coded("seen:text"))
    assert ["cba", None] == values_of(documents, coded("seen:opened", "sealed"))


def test_a_codec_fetches_a_file(documents: Database) -> None:
    """A codec of a file returns its bytes or the path of a file, as an object store needs it."""
    write_codecs(documents.folder, "fetched")
    (documents.folder / "a.bin").write_bytes(FILE)

    content = FileValue(3, hashlib.sha256(b"abc").hexdigest())
    assert [content, None] == values_of(documents, coded("fetched:content", kind="file"))
    assert [FILE_VALUE] * 2 == values_of(documents, coded("fetched:path", kind="file"))


def test_a_codec_decodes_each_child_row(documents: Database) -> None:
    """In a list the codec gets each item by itself."""
    write_codecs(documents.folder, "each")
    form = replace(
        coded("each:text", rows="many"),
        table=None,
        query="SELECT id, ARRAY['ab', NULL] AS content FROM document WHERE id = 1",
        tables=("document",),
    )

    assert [("ba", None)] == values_of(documents, form)


@pytest.mark.parametrize(
    ("codec", "message"),
    [
        ("failing:fails", r"field content, key \('1',\): codec failing:fails raised Odd: no key"),
        ("failing:number", "codec failing:number returned int, not str or None"),
        ("failing:gone", "failing.py has no function gone"),
        ("nowhere_to_be_found:x", "importing nowhere_to_be_found from .* ModuleNotFoundError"),
    ],
)
def test_a_codec_never_fails_silently(documents: Database, codec: str, message: str) -> None:
    """A codec that raises, is missing or returns nonsense makes storage unreadable, by name."""
    write_codecs(documents.folder, "failing")

    with pytest.raises(StorageUnreadable, match=message):
        documents.rows(coded(codec))


def test_a_coded_field_is_found_by_key_alone(documents: Database) -> None:
    """Tokens are not sought in what only a codec can read; the key still finds the row."""
    write_codecs(documents.folder, "sought")
    form = coded("sought:text")

    assert [] == documents.rows(form, Keys((), ("abc",)))
    assert [("1",)] == [row.key for row in documents.rows(form, Keys((("1",),), ("abc",)))]
