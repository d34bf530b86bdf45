"""Faulty: it listens, and is never healthy."""

from flask import abort
from notebook import Notebook


class Release(Notebook):
    def health(self) -> dict[str, str]:
        abort(503)
