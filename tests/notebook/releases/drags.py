"""Different, not faulty in what it stores: a new note takes a second longer."""

import time
from uuid import UUID

from notebook import Draft, Notebook

LONGER_S = 1.0


class Release(Notebook):
    def create(self, draft: Draft) -> UUID:
        time.sleep(LONGER_S)
        return super().create(draft)
