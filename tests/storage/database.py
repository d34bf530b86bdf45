"""One database of a test."""

from pathlib import Path

import psycopg

from harness.model import Form
from harness.observations import Row
from harness.storage import EVERY_ROW, PostgresStorage, Scope


class Database:
    """One database: SQL goes in as its owner, rows come out as the harness reads them."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.folder = folder

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def storage(self, *forms: Form) -> PostgresStorage:
        return PostgresStorage(self.dsn, folder=self.folder)

    def rows(self, form: Form, scope: Scope = EVERY_ROW) -> list[Row]:
        with self.storage(form).snapshot() as snapshot:
            return sorted(snapshot.observe(form, scope), key=lambda row: row.key)
