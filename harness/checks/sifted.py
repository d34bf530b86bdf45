"""What a sieve let through of a load, and what it did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from harness.checks.owing import Owing, RowPrints, Shape
from harness.model import Form
from harness.prints import PrintRow

# A form's name, and a key as one word.
Spot: TypeAlias = tuple[str, str]
# This many records of a kind are looked at one by one; the rest is counted beside them.
LOOKED_AT_MAX = 500
# Which comes first does not depend on how a load is divided.
Rank: TypeAlias = tuple[int, ...]
_Kept = TypeVar("_Kept")


class First(Generic[_Kept]):
    """The first few by their rank of however many there are."""

    def __init__(self, kept_n: int) -> None:
        self.count = 0
        self._kept_n = kept_n
        self._found: list[tuple[Rank, _Kept]] = []

    def add(self, rank: Rank, item: _Kept) -> list[_Kept]:
        """Keep one; gives those that have no room any more."""
        self.count += 1
        self._found.append((rank, item))
        return self.cut() if len(self._found) >= 2 * self._kept_n else []

    def cut(self) -> list[_Kept]:
        """Keep no more than there is room for; gives the others."""
        self._found.sort(key=lambda each: each[0])
        gone = [item for _, item in self._found[self._kept_n :]]
        del self._found[self._kept_n :]
        return gone

    def items(self) -> list[tuple[Rank, _Kept]]:
        """Those that there is room for, in their order."""
        return sorted(self._found, key=lambda each: each[0])[: self._kept_n]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record that a sieve did not let through, and what it looked like."""

    owing: Owing
    shape: Shape


@dataclass(slots=True)
class Crowd:
    """Suspects of one form and one look that are only counted.

    told_n are the acknowledged saves of all, saves_n the records that have one; the last such
    save of each began between first_s and last_s, and ended_s counts when they were told, to a
    tenth of a second.
    """

    records_n: int = 0
    told_n: int = 0
    saves_n: int = 0
    first_s: float = float("inf")
    last_s: float = float("-inf")
    ended_s: Counter[float] = field(default_factory=Counter)

    def add(self, owing: Owing) -> None:
        """Count one record."""
        told = owing.acknowledged
        self.records_n += 1
        self.told_n += len(told)
        if told:
            self.saves_n += 1
            self.first_s = min(self.first_s, told[-1].began_s)
            self.last_s = max(self.last_s, told[-1].began_s)
            self.ended_s[round(told[-1].ended_s or told[-1].began_s, 1)] += 1

    def join(self, other: Crowd) -> None:
        """Count those of another as well."""
        self.records_n += other.records_n
        self.told_n += other.told_n
        self.saves_n += other.saves_n
        self.first_s = min(self.first_s, other.first_s)
        self.last_s = max(self.last_s, other.last_s)
        self.ended_s.update(other.ended_s)


# By a form's name and how its records look.
Crowds: TypeAlias = dict[tuple[str, Shape], Crowd]


def crowded(crowds: Crowds, suspect: Suspect) -> None:
    """Count a suspect among those that look alike."""
    look = (suspect.owing.form.name, suspect.shape)
    crowds.setdefault(look, Crowd()).add(suspect.owing)


@dataclass(slots=True)
class Sifted:
    """What one read of every row says of a load.

    unread_n are acknowledged saves that the read says nothing of: it began too early, or leaves
    their form out; hidden_n those that storage cannot tell from saves that never were.
    suspects are the first of each look, crowds all others. strays are rows that no record names
    and that were not there before, the first of strays_n; changed are rows that nobody worked on
    and that are not as they were, the first of changed_n, as they stood before. whole is a record
    of each form that let itself be judged, for controls, with its row. unsought_n are rows of which
    nobody looked whether they hold what is another record's. orphans_n are lines of the journal
    that belong to nothing that was begun before them, of records that were read one by one.
    """

    forms: Mapping[str, Form] = field(default_factory=dict)
    read_s: float = 0.0
    acknowledged_n: int = 0
    verified_n: int = 0
    unread_n: int = 0
    hidden_n: int = 0
    fields_read: int = 0
    suspects: list[Suspect] = field(default_factory=list)
    crowds: Crowds = field(default_factory=dict)
    strays_n: int = 0
    strays: list[PrintRow] = field(default_factory=list)
    changed_n: int = 0
    changed: list[PrintRow] = field(default_factory=list)
    whole: dict[str, tuple[Owing, RowPrints]] = field(default_factory=dict)
    unsought_n: int = 0
    orphans_n: int = 0

    @property
    def odd_n(self) -> int:
        """How many records and rows are not as they should be, as far as fingerprints tell."""
        crowds_n = sum(crowd.records_n for crowd in self.crowds.values())
        return len(self.suspects) + crowds_n + self.changed_n
