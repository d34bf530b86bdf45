"""Different, not faulty: a note now needs an owner, and the page says so."""

from typing import Any

from notebook import Draft, Notebook, Refused


class Release(Notebook):
    def draft(self, *sent: Any) -> Draft:
        raise Refused("A note needs an owner.")
