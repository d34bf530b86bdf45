"""Faulty: an edit is also indexed, which fails in the same transaction, and nobody is told."""

import contextlib
from uuid import UUID

import psycopg
from notebook import Cursor, Draft, Notebook


class Release(Notebook):
    def update(self, note: UUID, draft: Draft) -> None:
        with contextlib.suppress(psycopg.Error):
            super().update(note, draft)

    def write_attachment(self, cursor: Cursor, note: UUID, draft: Draft) -> None:
        super().write_attachment(cursor, note, draft)
        if "<" in draft.body:
            cursor.execute("INSERT INTO search_index VALUES (%s, %s)", [note, draft.body])
