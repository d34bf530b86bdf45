"""Records that were saved several times, or not in all of their fields, and each time told so.

A digest says whether two rows hold the same, and not which field was saved by which save. Here the
intents of such records are read once more, and nothing else of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import numpy as np

from harness.model import Form
from harness.prints import Cells
from harness.sieve import kinds
from harness.sieve.acts import Texts, runs
from harness.sieve.intents import fields_of
from harness.sieve.kinds import files_at, kind_of, kinds_at
from harness.sieve.rows import LINES, PLAIN, words_at
from harness.sieve.spill import Entries
from harness.sieve.words import (
    Flags,
    Hashes,
    Ints,
    Times,
    digest_of,
    hash_of,
)

if TYPE_CHECKING:
    from harness.sieve.gathering import Part

# So many lines are at hand together.
LINES_N = 8_192
_BEGIN = (ord("i"), ord("n"))


def told_s(entries: Entries, begin: Ints, size: Ints) -> Times:
    """When the last save of each record was told; infinity where it was not kept save by save.

    The entries of a record stand together and in the order of their lines, begin and size say
    where. It was kept that was opened once, got one key, and has saves of which digests say all,
    each acknowledged before the next one began; and nothing else.
    """
    kind, at_s, said = kind_of(entries), entries["at_s"], entries["save"]
    of = np.repeat(np.arange(len(begin)), size)

    def count(says: int, *, exactly: bool = False) -> Ints:
        at = kind == says if exactly else (kind & says) == says
        return np.bincount(of[at], minlength=len(begin))

    saves_n, told_n = count(kinds.BEGINS | kinds.WHOLE), count(kinds.TOLD)
    kept: Flags = ((kind[begin] & kinds.OPENS) != 0) & (count(kinds.OPENS) == 1)
    kept &= (count(kinds.KEYS) == 1) & (saves_n > 0) & (saves_n == told_n)
    # What begins no such save only opens the record, tells its key or how a save went.
    alone_n = count(kinds.OPENS, exactly=True) + count(kinds.OPENS | kinds.KEYS, exactly=True)
    kept &= size == saves_n + told_n + alone_n + count(kinds.KEYS, exactly=True)
    # The clocks of two files are not compared.
    file = files_at(entries["place"])
    kept &= file[begin] == file[begin + size - 1]
    saves, told = np.flatnonzero(kind & kinds.BEGINS), np.flatnonzero(kind == kinds.TOLD)
    # As many of the one as of the other, so that the nth save is the one that is told nth.
    saves, told = saves[kept[of[saves]]], told[kept[of[told]]]
    odd = (said[saves] != said[told]) | (told < saves)
    began_s, after = at_s[saves[1:]], of[saves[1:]] == of[saves[:-1]]
    odd[1:] |= after & ((began_s < at_s[told[:-1]]) | (began_s < at_s[saves[:-1]]))
    ordered = np.sort(said[saves])
    odd |= np.isin(said[saves], ordered[1:][ordered[1:] == ordered[:-1]])
    kept[of[saves[odd]]] = False
    last_s = np.maximum.reduceat(np.where(kind == kinds.TOLD, at_s, -np.inf), begin)
    return np.where(kept, last_s, np.inf)


@dataclass(slots=True)
class Saved:
    """Spots that are one record's each, which was kept save by save.

    ready_s and is_made are of the nth such spot each: when its last save was told, and whether its
    key came late. Of the intents, which are in their order, of says to which spot each belongs, and
    places where it stands.
    """

    spots: Flags
    ready_s: Times
    is_made: Flags
    of: Ints
    places: Hashes

    def only(self, some: Flags) -> Saved:
        """The same of some of these spots."""
        spots, mine = self.spots.copy(), some[self.of]
        spots[spots] = some
        number = np.cumsum(some) - 1
        return Saved(
            spots,
            self.ready_s[some],
            self.is_made[some],
            number[self.of[mine]],
            self.places[mine],
        )


def saved_of(part: Part, spots: Flags) -> Saved:
    """Those of these spots at which one record alone is to stand, if it was kept save by save."""
    plain_n, lines_n = part.count(PLAIN), part.count(LINES)
    spots = spots & (np.minimum(lines_n, 1) + plain_n == 1)
    at = np.sort(np.concatenate((part.at(PLAIN, spots), part.at(LINES, spots))))
    entries = part.entries.take(at)
    of = (np.cumsum(spots) - 1)[part.spots_at(at)]
    begin, size = runs(of)
    ready_s = entries["ready_s"][begin]
    fine = np.isfinite(ready_s)
    fine[of[entries["digest"] != np.repeat(entries["digest"][begin], size)]] = False
    places = entries["lines"].ravel()
    has = places > 0
    places, of = places[has], np.repeat(of, entries["lines"].shape[1])[has]
    kind = kinds_at(places)
    is_made = np.bincount(of[kind == kinds.KEYS], minlength=len(begin)) > 0
    save = (kind & kinds.BEGINS) != 0
    return Saved(spots, ready_s, is_made, of[save], places[save]).only(fine)


class Written(NamedTuple):
    """What intents write, one field each: by the number of the intent and that of the field.

    digest is what it adds to that of its row. odd are the intents of which this is not all.
    """

    intent: Ints
    field: Ints
    digest: Hashes
    odd: Flags


class Fields:
    """The fields of some forms by their numbers; width is how many the form has that has most."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self.widths = np.array([len(form.fields) for form in forms], dtype=np.int64)
        self.width = int(self.widths.max(initial=1))
        self._names = np.zeros((len(forms), self.width), dtype=np.uint64)
        for number, form in enumerate(forms):
            names = [hash_of(quote(spec.name)) for spec in form.fields]
            self._names[number, : len(names)] = names

    def written(self, intents: Texts, places: Hashes, forms: Ints) -> Written:
        """What the intents in these places write, each into a record of the form of its number.

        Raises RecordUnreadable where a line is not there any more.
        """
        none = np.zeros(0, dtype=np.int64)
        found = [(none, none, none.astype(np.uint64))]
        odd = np.zeros(len(places), dtype=np.bool_)
        order = np.argsort(places)
        for begin in range(0, len(order), LINES_N):
            mine = order[begin : begin + LINES_N]
            lines = intents.short(places[mine].tolist())
            fields_n, fine_n = np.zeros((2, len(mine)), dtype=np.int64)
            for some, fine, names, prints in fields_of(lines, np.arange(len(mine))):
                number, known = self._numbers(names, forms[mine[some]])
                fields_n[some] += 1
                fine_n[some] += fine & known
                found.append((mine[some], number, digest_of(names, prints)))
            odd[mine] = ~np.isin(lines.code, _BEGIN) | (fields_n == 0) | (fine_n < fields_n)
        intent, field, digest = (np.concatenate(each) for each in zip(*found, strict=True))
        return Written(intent, field, digest, odd)

    def held(self, cells: Cells, places: Ints, forms: Ints, fields: Ints) -> Hashes:
        """What a field of each of these rows adds to the digest of its row."""
        # From one end of the file to the other.
        order = np.argsort(places)
        prints = words_at(cells.read(places[order].tolist(), fields[order].tolist()))
        held = np.empty(len(places), dtype=np.uint64)
        held[order] = digest_of(self._names[forms[order], fields[order]], prints)
        return held

    def _numbers(self, names: Hashes, forms: Ints) -> tuple[Ints, Flags]:
        same = self._names[forms] == names[:, None]
        same &= np.arange(self.width) < self.widths[forms, None]
        return same.argmax(axis=1), same.any(axis=1)
