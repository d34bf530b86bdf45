"""Faulty: the arguments of a new function are the other way round."""

from typing import Any

from notebook import Draft, Notebook


class Release(Notebook):
    def draft(self, *sent: Any) -> Draft:
        draft = super().draft(*sent)
        draft.title, draft.summary = draft.summary, draft.title
        return draft
