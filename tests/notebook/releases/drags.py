"""Different, not faulty in what it stores: a new note takes half a second longer."""

import time
from uuid import UUID

from notebook import Draft, Notebook

LONGER_S = 0.5


class Release(Notebook):
    def create(self, draft: Draft) -> UUID:
        time.sleep(LONGER_S)
        return super().create(draft)
