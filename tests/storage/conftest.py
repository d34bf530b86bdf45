"""A real PostgreSQL for the whole session, a database of its own for each test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from harness.deploy.postgres import postgres_server
from harness.model import Field, Form
from tests.storage.database import Database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest.fixture
def make_database(server: str, tmp_path: Path) -> Iterator[Callable[[str], Database]]:
    made: list[str] = []

    def make(options: str = "") -> Database:
        name = f"of_a_test_{len(made)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}")
        made.append(name)
        return Database(urlsplit(server)._replace(path=f"/{name}").geturl(), tmp_path)

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(make_database: Callable[[], Database]) -> Database:
    return make_database()


NOTE = Form(name="note", storage="main", key=("id",), table="note", fields=(Field("text", "text"),))


@pytest.fixture
def note(database: Database) -> Form:
    """A form on a table of its own that has a column no field covers."""
    database.run("CREATE TABLE note (id int PRIMARY KEY, text text, author text)")
    return replace(NOTE)
