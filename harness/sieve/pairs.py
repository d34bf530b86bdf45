"""Lines of a journal kept as entries: one for two lines that may be all there is of a record.

Of nearly every record one line says that it was opened and what was saved, and another soon after
that this was acknowledged. The two are one entry, of half the size, and take half the time. Where
any other line is about the same record they are two again.
"""

from __future__ import annotations

import numpy as np

from harness.journal.volume import first_save
from harness.sieve.kinds import ACT, BEGINS, KEYS, OPENS, WHOLE, kind_of
from harness.sieve.spill import Entries, Spill
from harness.sieve.words import Hashes, Ints, joined, order_of, words_of

# begun is the place of the line that opens the record, told that of the line that says when its
# save was acknowledged, at told_s. The rest is what the first line says.
PAIR = np.dtype(
    [
        ("rec", "<u8"),
        ("key", "<u8"),
        ("form", "<u8"),
        ("digest", "<u8"),
        ("due_s", "<f8"),
        ("at_s", "<f8"),
        ("told_s", "<f8"),
        ("begun", "<u8"),
        ("told", "<u8"),
    ]
)
_OF_BOTH = ("rec", "key", "form", "digest", "due_s", "at_s")
_BEGINS_ALL = OPENS | KEYS | BEGINS | WHOLE
# What a first save adds to the id of its record.
_FIRST = words_of([first_save("")])[:, 0]


def first_saves(recs: Hashes) -> Hashes:
    """The hashes of the first saves of records."""
    return joined(recs, _FIRST)


def paired(begun: Entries, told: Entries) -> tuple[Ints, Ints]:
    """Which lines that begin a save may make a pair, and with which of those that tell of it.

    They are of one file, and each in the order of it.
    """
    save = np.concatenate((begun["save"], told["save"]))
    order = order_of(save)
    save = save[order]
    # Of one save those that begin it come first.
    same = np.flatnonzero(save[1:] == save[:-1])
    first, then = order[same], order[same + 1] - len(begun)
    fits = (first < len(begun)) & (then >= 0)
    first, then = first[fits], then[fits]
    fits = kind_of(begun)[first] == _BEGINS_ALL
    fits &= begun["rec"][first] == told["rec"][then]
    fits &= begun["place"][first] < told["place"][then]
    return first[fits], then[fits]


def pairs_of(begun: Entries, told: Entries) -> Entries:
    """One entry each for two lines."""
    found = np.empty(len(begun), dtype=PAIR)
    for name in _OF_BOTH:
        found[name] = begun[name]
    found["begun"], found["told"], found["told_s"] = begun["place"], told["place"], told["at_s"]
    return found


def lines_of(pairs: Entries) -> Entries:
    """The two entries of each pair, first all that begin a save."""
    found = np.zeros(2 * len(pairs), dtype=ACT)
    begun, told = found[: len(pairs)], found[len(pairs) :]
    for name in _OF_BOTH:
        begun[name] = pairs[name]
    told["rec"], told["at_s"] = pairs["rec"], pairs["told_s"]
    begun["place"], told["place"] = pairs["begun"], pairs["told"]
    begun["save"] = told["save"] = first_saves(pairs["rec"])
    return found


class Acts:
    """Entries of lines in partitions, by the hash of the record that they are about.

    Lines of one file are added in their order, and file after file. Raises EnvironmentBroken.
    """

    def __init__(self, partitions_n: int) -> None:
        self.partitions_n = partitions_n
        self.lines = Spill(ACT, partitions_n, by="rec")
        self.pairs = Spill(PAIR, partitions_n, by="rec")

    @property
    def all(self) -> tuple[Spill, ...]:
        """Where they are kept."""
        return self.lines, self.pairs

    def read(self, partition: int) -> tuple[Entries, Entries]:
        """The pairs that are all there is of their records, and every other line in its order."""
        pairs, lines = self.pairs.read(partition), self.lines.read(partition)
        recs = np.sort(pairs["rec"])
        others = np.concatenate((recs[1:][recs[1:] == recs[:-1]], lines["rec"]))
        if not len(others) or not len(pairs):
            return pairs, lines
        others.sort()
        at = np.searchsorted(others, pairs["rec"])
        alone = others[np.minimum(at, len(others) - 1)] != pairs["rec"]
        # Entries are taken whole, and what is sliced by flags is copied field by field.
        more = lines_of(pairs.take(np.flatnonzero(~alone)))
        if len(more):
            lines = np.concatenate((lines, more))
            lines = lines.take(np.argsort(lines["place"]))
        return pairs.take(np.flatnonzero(alone)), lines
