"""Faulty: a note is deleted in a transaction that nobody commits."""

from uuid import UUID

import psycopg
from notebook import Notebook


class Release(Notebook):
    def delete(self, note: UUID) -> None:
        connection = psycopg.connect(self.dsn)
        connection.execute("DELETE FROM note WHERE id = %s", [note])
        connection.close()
