"""The plan's statement removes one record, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from harness.canary.cleaning import by_statement
from harness.deploy.postgres import postgres_server
from harness.plan.schema import CleanTable


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest.fixture
def ids(server: str) -> Iterator[Callable[[], list[int]]]:
    """A table of three notes; what is called gives the ids that are there."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE TABLE note (id bigint, body text)")
        connection.execute("INSERT INTO note VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        yield lambda: [row[0] for row in connection.execute("SELECT id FROM note ORDER BY id")]
        connection.execute("DROP TABLE note")


def clean(server: str, statement: str) -> CleanTable:
    return CleanTable(statement=statement, url=server)


def test_one_record_goes(server: str, ids: Callable[[], list[int]]) -> None:
    """Its key is a parameter, and no other row is touched."""
    assert [] == by_statement(clean(server, "DELETE FROM note WHERE id = $1"), "note", ("2",))
    assert [1, 3] == ids()


def test_a_statement_that_takes_more_is_undone(server: str, ids: Callable[[], list[int]]) -> None:
    """A slip of the pen costs no record of production."""
    (told,) = by_statement(clean(server, "DELETE FROM note WHERE id >= $1::bigint"), "note", ("1",))

    assert "touched 3 rows, and was undone" in told
    assert [1, 2, 3] == ids()


def test_a_hostile_key_is_a_value(server: str, ids: Callable[[], list[int]]) -> None:
    """What stands in a key is never read as SQL."""
    hostile = "1'; DELETE FROM note; --"
    by_statement(clean(server, "DELETE FROM note WHERE body = $1"), "note", (hostile,))

    assert [1, 2, 3] == ids()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM nothing WHERE id = $1", "DELETE FROM note; DELETE FROM note"]
)
def test_a_statement_that_fails_is_told(
    server: str, ids: Callable[[], list[int]], statement: str
) -> None:
    """Which record it was, and the database's own words."""
    (told,) = by_statement(clean(server, statement), "note", ("1",))

    assert "note 1: the plan's statement failed" in told
    assert [1, 2, 3] == ids()


def test_a_database_that_is_gone_is_told_without_its_password(tmp_path: Path) -> None:
    """The address may be said, the password never."""
    (told,) = by_statement(
        CleanTable(statement="DELETE", url="postgresql://u:hidden-word@127.0.0.1:9/d"),
        "note",
        ("1",),
    )

    assert "hidden-word" not in told
