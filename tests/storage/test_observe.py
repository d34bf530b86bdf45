"""One read of everything: what an observation holds, and what is refused before driving."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import LocatorMissing, StorageUnreadable
from harness.model import Contract, Field, FileValue, Form
from harness.observations import Observation, Purpose, Row, read_observations, write_observation
from harness.storage import Keys, check_locators, observe_all
from harness.storage.fake import FakeStorage
from tests.storage.database import Database


def test_an_observation_holds_every_form(database: Database, note: Form, tmp_path: Path) -> None:
    """Rows of every form, empty ones too, the tables' columns and the time around the read."""
    database.run("INSERT INTO note VALUES (1, NULL, 'anna')")
    other = replace(note, name="other", table=None, query="SELECT id, text FROM note WHERE false")
    forms = {"note": note, "other": replace(other, tables=("note",))}
    before_s = time.monotonic()
    seen = observe_all({"main": database.dsn}, forms, id="a", role="candidate", purpose="final")

    assert before_s <= seen.began_s <= seen.ended_s <= time.monotonic()
    assert ["note", "other"] == list(seen.rows)
    assert {"text": None} == seen.rows["note"][0].fields
    assert () == seen.rows["other"]
    assert {"note": ("id", "text", "author")} == seen.columns
    write_observation(tmp_path, seen)
    assert (seen,) == read_observations(tmp_path)


def test_each_form_may_have_a_scope(database: Database, note: Form) -> None:
    """A form is read as far as its own scope reaches, and one without a scope not at all."""
    database.run("INSERT INTO note VALUES (1, 'x'), (2, 'y')")
    forms = {"note": note, "other": replace(note, name="other")}
    seen = observe_all(
        {"main": database.dsn},
        forms,
        id="a",
        role="candidate",
        purpose="during",
        scope={"note": Keys((("2",),))},
    )

    assert {"note": [("2",)]} == {
        form: [row.key for row in rows] for form, rows in seen.rows.items()
    }


def test_forms_of_several_storages_are_read() -> None:
    """Each form is read from the storage it names, whatever kind of storage that is."""
    forms = {name: Form(name, name, ("id",), (Field("text", "text"),), table=name) for name in "ab"}
    storages = {
        name: FakeStorage({name: [Row(name, ("1",), {"text": name})]}, {name: ("id", "text")})
        for name in "ab"
    }
    seen = observe_all(storages, forms, id="a", role="candidate", purpose="final")

    assert ["a", "b"] == [row.fields["text"] for name in "ab" for row in seen.rows[name]]
    assert {"a": ("id", "text"), "b": ("id", "text")} == seen.columns


def test_a_storage_that_is_not_deployed_is_named(note: Form) -> None:
    """A form whose storage the deployment lacks is an error, not a form without rows."""
    with pytest.raises(StorageUnreadable, match="no storage main, which holds note"):
        observe_all({}, {"note": note}, id="a", role="candidate", purpose="final")


def test_all_that_does_not_fit_is_named_at_once(database: Database, note: Form) -> None:
    """Before anything is driven every form is looked up, and every misfit is in one message."""
    lost = Field("text", "text", contract=Contract(codec="nowhere_at_all:x"))
    forms = {
        "a": replace(note, name="a", table="nte"),
        "b": replace(note, name="b", key=("ID",), fields=(Field("text", "texts"),)),
        "c": replace(note, name="c", fields=(lost,)),
        "d": replace(note, name="d", storage="other"),
        "e": note,
    }

    with pytest.raises(StorageUnreadable) as caught:
        check_locators({"main": database.dsn}, forms)

    lines = str(caught.value).splitlines()
    assert 5 == len(lines)
    assert "no table nte; write note" in lines[0]
    assert "no column ID; write id" in lines[1]
    assert "no column texts; write text" in lines[2]
    assert "nowhere_at_all" in lines[3]
    assert "no storage other" in lines[4]
    check_locators({"main": database.dsn}, {"e": note})


def test_the_fake_is_read_like_any_storage(note: Form) -> None:
    """The fake gives a snapshot that later changes do not reach, and honours keys and tokens."""
    rows = [
        Row("note", (str(n),), {"text": f"token-{n}", "file": FileValue(1, "")}) for n in (1, 2, 3)
    ]
    fake = FakeStorage({"note": rows})
    with fake.snapshot() as snapshot:
        fake.rows["note"].clear()
        found = list(snapshot.observe(note, Keys((("1",),), ("token-3",))))

    assert [("1",), ("3",)] == [row.key for row in found]


def query_of(note: Form, **changes: object) -> Form:
    """The form as a query that stands on the table."""
    query = "SELECT id, text FROM note"
    return replace(note, table=None, query=query, tables=("note",), **changes)  # type: ignore[arg-type]


def seen(database: Database, form: Form, purpose: Purpose) -> Observation:
    """One read of one form."""
    return observe_all(
        {"main": database.dsn}, {form.name: form}, id="a", role="candidate", purpose=purpose
    )


def test_a_table_beneath_a_query_is_read_beside_it(database: Database, note: Form) -> None:
    """Its rows by the form's key, a digest for each column that nothing else covers."""
    database.run("INSERT INTO note VALUES (1, 'x', 'anna'), (2, 'x', NULL)")
    rows = seen(database, query_of(note), "before").rows["table note"]
    (first, second) = sorted(rows, key=lambda row: row.key)

    assert (("1",), ("2",)) == (first.key, second.key)
    assert first.rest.startswith("author=")
    assert "author=-" == second.rest
    (bare, _) = seen(database, query_of(note, unchecked=("author",)), "before").rows["table note"]
    assert "" == bare.rest


def test_a_table_whose_rows_no_key_tells_apart_is_left(database: Database, note: Form) -> None:
    """A form whose key the table does not have says nothing of whose its rows are."""
    form = replace(query_of(note), key=("number",), query="SELECT id AS number, text FROM note")

    assert ["note"] == list(seen(database, form, "before").rows)


def test_a_column_that_vanishes_under_the_run_is_seen(database: Database, note: Form) -> None:
    """The rest of the rows is read all the same; before anything ran, it is the plan's mistake."""
    form = replace(note, fields=(*note.fields, Field("author", "author")))
    database.run("INSERT INTO note VALUES (1, 'x', 'anna')", "ALTER TABLE note DROP COLUMN author")
    found = seen(database, form, "final")

    assert [{"text": "x"}] == [row.fields for row in found.rows["note"]]
    assert ("id", "text") == found.columns["note"]
    with pytest.raises(LocatorMissing, match="no column author"):
        seen(database, form, "before")


@pytest.mark.parametrize("is_query", [False, True], ids=["table", "query"])
def test_a_table_that_vanishes_under_the_run_is_seen(
    database: Database, note: Form, is_query: bool
) -> None:
    """All its rows are gone, and so are its columns; whoever cannot be asked is another matter."""
    form = query_of(note) if is_query else note
    database.run("DROP TABLE note")
    found = seen(database, form, "confirm")

    assert {"note": ()} == found.rows
    assert {"note": ()} == found.columns
    with pytest.raises(StorageUnreadable, match="cannot be reached"):
        observe_all(
            {"main": "postgresql://nobody@127.0.0.1:1/none"},
            {"note": form},
            id="a",
            role="candidate",
            purpose="confirm",
        )
