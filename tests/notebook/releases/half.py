"""Faulty: the lines of a note are written after it, and the third one never arrives."""

from uuid import UUID

from notebook import Cursor, Draft, Notebook


class Release(Notebook):
    def write_lines(self, cursor: Cursor, note: UUID, draft: Draft) -> None:
        draft.lines = draft.lines[:2]
        super().write_lines(cursor, note, draft)
