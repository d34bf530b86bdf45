"""What is proved to be a probe's own is removed where it is proved, and nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from harness.canary.removing import Remover
from harness.checks.history import read_history
from harness.deploy.postgres import postgres_server
from harness.model import Key
from harness.plan.schema import CleanTable
from tests.canary.stories import FORMS, NOTE, TAG, Story, text

BY_ID = "DELETE FROM note WHERE id = $1"
TABLE = "CREATE TABLE note (id bigint, title text, body text)"
OURS, THEIRS = ("2",), ("3",)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest.fixture
def ids(server: str) -> Iterator[Callable[[], list[int]]]:
    """A table of three notes, of which 2 is the probe's; what is called gives the ids there."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute("INSERT INTO note VALUES (1, 'a', 'b'), (3, 'e', 'f')")
        connection.execute("INSERT INTO note VALUES (2, %s, 'd')", [text()])
        yield lambda: [row[0] for row in connection.execute("SELECT id FROM note ORDER BY id")]
        connection.execute("DROP TABLE note")


@pytest.fixture
def elsewhere(server: str) -> Iterator[str]:
    """Another database, in which key 2 is somebody's own note."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE elsewhere")
        other = psycopg.conninfo.make_conninfo(server, dbname="elsewhere")
        with psycopg.connect(other, autocommit=True) as there:
            there.execute(TABLE)
            there.execute("INSERT INTO note VALUES (2, 'of a patient', 'her own words')")
        yield other
        connection.execute("DROP DATABASE elsewhere WITH (FORCE)")


def remover(url: str, statement: str = BY_ID, key: Key = OURS) -> Remover:
    """What removes the note of a probe whose journal has this key for it."""
    story = Story()
    story.told(story.save("note", key, {"title": text(), "body": "d"}))
    return Remover(
        read_history(story.end().events), "candidate", TAG, {"candidate": FORMS},
        {"note": CleanTable(statement=statement, url=url)}, Path(),
    )  # fmt: skip


def removed(one: Remover, key: Key = OURS) -> list[str]:
    """Prove it and remove it; why it stays."""
    proved, said = one.prove([("note", key)])
    return said + [why for place, row in proved.items() for why in one.remove(place, row)]


def test_one_record_goes(server: str, ids: Callable[[], list[int]]) -> None:
    """Its key is a parameter, and no other row is touched."""
    assert [] == removed(remover(server))
    assert [1, 3] == ids()


def test_a_row_of_that_key_in_another_database_stays(
    server: str, ids: Callable[[], list[int]], elsewhere: str
) -> None:
    """The statement's database is not the one that was looked in: the patient's note stays."""
    (told,) = removed(remover(elsewhere))

    assert "note 2: the database of the plan's statement holds nothing that proves it" in told
    with psycopg.connect(elsewhere) as connection:
        assert [(2,)] == connection.execute("SELECT id FROM note").fetchall()


def test_a_row_that_was_proved_elsewhere_is_read_again(
    server: str, ids: Callable[[], list[int]], elsewhere: str
) -> None:
    """Even who has a proof of another database in hand removes nothing that is not proved here."""
    proved, _ = remover(server).prove([("note", OURS)])
    (told,) = remover(elsewhere).remove(("note", OURS), proved["note", OURS])

    assert "is not what was proved any longer" in told
    with psycopg.connect(elsewhere) as connection:
        assert [(2,)] == connection.execute("SELECT id FROM note").fetchall()


def test_a_key_that_was_given_again_stays(server: str, ids: Callable[[], list[int]]) -> None:
    """Between proof and removal the key has become somebody else's."""
    one = remover(server)
    proved, _ = one.prove([("note", OURS)])
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("UPDATE note SET title = 'of a patient' WHERE id = 2")
    (told,) = one.remove(("note", OURS), proved["note", OURS])

    assert "is left alone" in told
    assert [1, 2, 3] == ids()


def test_a_statement_that_takes_more_is_undone(server: str, ids: Callable[[], list[int]]) -> None:
    """A slip of the pen costs no record of production."""
    (told,) = removed(remover(server, "DELETE FROM note WHERE id >= $1::bigint"))

    assert "touched 2 rows, and was undone" in told
    assert [1, 2, 3] == ids()


def test_a_statement_that_takes_another_is_undone(
    server: str, ids: Callable[[], list[int]]
) -> None:
    """One row is not enough: it has to be the one that was proved."""
    (told,) = removed(remover(server, "DELETE FROM note WHERE id = $1::bigint + 1"))

    assert "touched another row, and was undone" in told
    assert [1, 2, 3] == ids()


def test_a_hostile_key_is_a_value(server: str, ids: Callable[[], list[int]]) -> None:
    """What stands in a key is never read as SQL."""
    hostile = ("1'; DELETE FROM note; --",)
    removed(remover(server, "DELETE FROM note WHERE body = $1", hostile), hostile)

    assert [1, 2, 3] == ids()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM nothing WHERE id = $1", "DELETE FROM note; DELETE FROM note"]
)
def test_a_statement_that_fails_is_told(
    server: str, ids: Callable[[], list[int]], statement: str
) -> None:
    """Which record it was, and the database's own words."""
    (told,) = removed(remover(server, statement))

    assert "note 2: the plan's statement failed" in told
    assert [1, 2, 3] == ids()


def test_what_is_no_key_of_ours_is_never_removed(server: str, ids: Callable[[], list[int]]) -> None:
    """Somebody's note under a key that the journal has is left alone, and that is said."""
    (told,) = removed(remover(server, key=THEIRS), THEIRS)

    assert "nothing is removed there" in told
    assert [1, 2, 3] == ids()


def test_a_database_that_is_gone_is_told_without_its_password() -> None:
    """The address may be said, the password never."""
    one = remover("postgresql://u:hidden-word@127.0.0.1:9/d", "DELETE")
    (told,) = removed(one)

    assert f"{NOTE.name} 2: the plan's statement failed" in told
    assert "hidden-word" not in told
