"""The texts of what a user is to save next, made many at once.

Between two saves others have the processor, and whatever begins after that runs slowly at first:
to make one save's texts then costs as much as to make those of four in a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.journal.handles import Entered, Texts, Trial, texts_now
from harness.model import Value

# So many saves are prepared, once a user has done as many alike; long texts are not.
AHEAD_MAX = 16
CHARS_MAX = 4_000


class Ahead:
    """Prepares one user's saves: the first ones of new records, alike as long as they were so.

    spelled is how the journal has what a save owes; records_max how many records a trial has.
    """

    def __init__(
        self, spelled: Callable[[Entered, Mapping[str, Value]], str], records_max: int
    ) -> None:
        self._spelled = spelled
        self._records_max = records_max
        self._trial: Trial | None = None
        self._entered: Entered | None = None
        self._made: dict[int, Texts] = {}
        self._next_n = 1

    def __call__(self, entered: Entered, trial: Trial, ordinal: int, revision: int) -> Texts:
        """What one save types, by which record of its trial it is; as :func:`texts_now` has it."""
        if revision != 1 or not entered.texts:
            return texts_now(entered, trial, ordinal, revision)
        made = None
        if entered is self._entered and trial is self._trial:
            made = self._made.pop(ordinal, None)
        return self._first_of(entered, trial, ordinal) if made is None else made

    def _first_of(self, entered: Entered, trial: Trial, ordinal: int) -> Texts:
        left_n = max(1, self._records_max + 1 - ordinal)
        if entered is not self._entered or self._made:
            # What is left was made for nothing, which is never to happen often.
            self._next_n = 1
        self._entered, self._trial, self._made = entered, trial, {}
        for number in range(ordinal, ordinal + min(self._next_n, left_n)):
            texts, _ = texts_now(entered, trial, number, 1)
            self._made[number] = Texts(texts, self._spelled(entered, texts))
        first = self._made.pop(ordinal)
        short = sum(map(len, first.by_field.values())) <= CHARS_MAX
        self._next_n = min(2 * self._next_n, AHEAD_MAX) if short else 1
        return first
