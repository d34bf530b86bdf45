"""Faulty: notes are shown from a cache that edits do not clear; storage is right."""

from pathlib import Path
from typing import Any
from uuid import UUID

from notebook import Notebook


class Release(Notebook):
    def __init__(self, name: str, dsn: str, files: Path) -> None:
        super().__init__(name, dsn, files)
        self.cache: dict[UUID, dict[str, Any]] = {}

    def read(self, note: UUID) -> dict[str, Any] | None:
        if note not in self.cache:
            row = super().read(note)
            if row is None:
                return None
            self.cache[note] = row
        return self.cache[note]
