"""Faulty: after the first notes, it answers most saves with an error."""

import itertools

from notebook import Answer, Notebook, Response

SCENARIOS_N = 20


class Release(Notebook):
    _count = itertools.count(1)

    def save(self, note: object = None) -> Answer:
        number = next(self._count)
        if number > SCENARIOS_N and number % 4:
            return Response("no connection is free", 500)
        return super().save(note)  # type: ignore[arg-type]
