"""Faulty: its migration fails half way."""

from notebook import Cursor, Notebook


class Release(Notebook):
    def migrate(self, cursor: Cursor) -> None:
        super().migrate(cursor)
        cursor.execute("ALTER TABLE note ADD COLUMN owner text NOT NULL REFERENCES person")
