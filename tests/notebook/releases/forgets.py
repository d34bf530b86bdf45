"""Faulty: of many notes every twentieth loses its summary, as a cache that is too small does."""

import itertools
from dataclasses import replace
from uuid import UUID

from notebook import Draft, Notebook


class Release(Notebook):
    _count = itertools.count(1)

    def create(self, draft: Draft) -> UUID:
        forgets = next(self._count) % 20 == 0
        return super().create(replace(draft, summary="") if forgets else draft)
