"""Faulty: the fourth note ends the process."""

import os
from pathlib import Path
from uuid import UUID

from notebook import Draft, Notebook


class Release(Notebook):
    def __init__(self, name: str, dsn: str, files: Path) -> None:
        super().__init__(name, dsn, files)
        self.notes_n = 0

    def create(self, draft: Draft) -> UUID:
        self.notes_n += 1
        if self.notes_n > 3:
            os.write(2, b"out of memory\n")
            os._exit(9)
        return super().create(draft)
