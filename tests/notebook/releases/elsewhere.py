"""Faulty: an edit goes to the oldest note, not to the one that was open."""

from uuid import UUID

from notebook import Draft, Notebook


class Release(Notebook):
    def update(self, note: UUID, draft: Draft) -> None:
        with self.transaction() as cursor:
            cursor.execute("SELECT id FROM note ORDER BY saved_at LIMIT 1")
            oldest = cursor.fetchone()
        super().update(oldest["id"] if oldest else note, draft)
