"""Faulty: a body is cut to what an index can hold, on its way to storage."""

from typing import Any

from notebook import Draft, Notebook

INDEXED_CHARS_MAX = 60


class Release(Notebook):
    def draft(self, *sent: Any) -> Draft:
        draft = super().draft(*sent)
        draft.body = draft.body[:INDEXED_CHARS_MAX]
        return draft
