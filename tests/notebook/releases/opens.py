"""Faulty: an edit counts only in the process that has opened it, so as not to save it twice."""

from typing import Any
from uuid import UUID

from notebook import Answer, Draft, Notebook


class Release(Notebook):
    def __init__(self, *known: Any) -> None:
        super().__init__(*known)
        self.opened: set[UUID] = set()

    def edit_page(self, note: UUID) -> Answer:
        self.opened.add(note)
        return super().edit_page(note)

    def update(self, note: UUID, draft: Draft) -> None:
        if note in self.opened:
            self.opened.remove(note)
            super().update(note, draft)
