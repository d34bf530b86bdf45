"""Faulty: a save that took long is tried again, and both stay."""

from uuid import UUID

from notebook import Draft, Notebook


class Release(Notebook):
    def create(self, draft: Draft) -> UUID:
        super().create(draft)
        return super().create(draft)
