"""Faulty: a new note is told stored before its summary is, which a crash in between loses."""

import threading
from dataclasses import replace
from uuid import UUID

from notebook import Draft, Notebook

LATER_S = 0.5


class Release(Notebook):
    def create(self, draft: Draft) -> UUID:
        note = super().create(replace(draft, summary=""))
        rest = replace(draft, attachment=None)
        threading.Timer(LATER_S, super().update, [note, rest]).start()
        return note
