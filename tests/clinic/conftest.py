"""A PostgreSQL for the session, with a database that the clinic has migrated and seeded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright

from harness.deploy.postgres import postgres_server
from tests.clinic.live import Caller, command, serving, signed_in


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def make_database(server: str) -> Callable[[], str]:
    """Makes empty databases; gives their addresses."""
    made: list[str] = []

    def make() -> str:
        name = f"clinic_of_a_test_{len(made)}"
        made.append(name)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return urlsplit(server)._replace(path=f"/{name}").geturl()

    return make


@pytest.fixture(scope="session")
def database(make_database: Callable[[], str]) -> str:
    """A database with tables and accounts, shared by tests that each open their own records."""
    url = make_database()
    for arguments in (["migrate"], ["seed"]):
        done = command(url, *arguments)
        assert done.returncode == 0, done.stderr
    return url


@pytest.fixture(scope="session")
def clinic(database: str) -> Iterator[str]:
    """The address of a running clinic in the newest clean release."""
    with serving(database) as (url, _):
        yield url


@pytest.fixture
def doctor(clinic: str) -> Iterator[Caller]:
    with signed_in(clinic, "dr1") as caller:
        yield caller


@pytest.fixture
def colleague(clinic: str) -> Iterator[Caller]:
    with signed_in(clinic, "dr2") as caller:
        yield caller


@pytest.fixture
def stored(database: str) -> Iterator[psycopg.Connection]:
    """A connection of the test's own to what is stored."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")  # one process can drive but one browser at a time
def chromium() -> Iterator[Browser]:
    """The system's browser where there is one, else Playwright's own."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()
