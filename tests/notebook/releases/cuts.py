"""Faulty: an attachment is read once, and what did not fit the buffer is left behind."""

from uuid import UUID

from notebook import Cursor, Draft, Notebook

BUFFER_BYTES = 3000


class Release(Notebook):
    def write_attachment(self, cursor: Cursor, note: UUID, draft: Draft) -> None:
        super().write_attachment(cursor, note, draft)
        for path in self.files.glob(f"{note}-*"):
            path.write_bytes(path.read_bytes()[:BUFFER_BYTES])
