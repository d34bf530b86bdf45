"""Faulty: the build took the code of another release."""

from notebook import Notebook


class Release(Notebook):
    def health(self) -> dict[str, str]:
        return {"status": "ok", "release": "good"}
