"""The sieve's law on records that were saved several times, thousands at a time.

It is that of :mod:`harness.checks.owing` on what was acknowledged, one save after the other: each
field is as the last save left it that wrote it. One that no save wrote is as it stood before the
load, or as it likes where its row did not stand then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from harness.model import Form
from harness.prints import Cells, Prints
from harness.sieve.gathering import Part
from harness.sieve.rows import BEFORE, FINAL
from harness.sieve.several import Fields, Saved, saved_of
from harness.sieve.words import Flags, Hashes, Ints, Times


class Kept(NamedTuple):
    """Spots whose record is whole; of its saves visible_n are those that storage can tell of."""

    spots: Flags
    saves_n: int
    visible_n: int


@dataclass(slots=True)
class Several:
    """What is asked of such records: their forms, and the reads around the load."""

    forms: Mapping[str, Form]
    before: Prints | None
    final: Prints
    fields: Fields = field(init=False)
    _settle_s: Times = field(init=False)
    _is_read: Flags = field(init=False)
    _cells: dict[int, Cells] = field(init=False)

    def __post_init__(self) -> None:
        forms = list(self.forms.values())
        self.fields = Fields(forms)
        self._settle_s = np.array([form.settle_s_max for form in forms])
        reads = {BEFORE: self.before, FINAL: self.final}
        told = [read for read in reads.values() if read is not None]
        self._is_read = np.array([all(_is_of(f, read) for read in told) for f in forms], dtype=bool)
        self._cells = {who: Cells(read) for who, read in reads.items() if read is not None}

    def kept(self, part: Part, spots: Flags) -> Kept:
        """The whole ones of these spots; raises RecordUnreadable."""
        stood_n = part.count(BEFORE)
        saved = saved_of(part, spots & (part.count(FINAL) == 1) & (stood_n <= 1))
        form = part.of(FINAL, saved.spots)["form"].astype(np.int64)
        fine = self.final.began_s >= saved.ready_s + self._settle_s[form]
        # What was made over a row that stood there took the place of what somebody else saved.
        fine &= self._is_read[form] & ~(saved.is_made & (stood_n[saved.spots] > 0))
        saved = saved.only(fine)
        if not len(saved.of):
            return Kept(saved.spots, 0, 0)
        return self._kept(part, saved, form[fine])

    def _kept(self, part: Part, saved: Saved, form: Ints) -> Kept:
        written = self.fields.written(part.load.told.acts, saved.places, form[saved.of])
        rows = part.of(FINAL, saved.spots)
        whole = np.ones(len(form), dtype=np.bool_)
        whole[saved.of[written.odd]] = False
        stood = part.count(BEFORE)[saved.spots] > 0
        # A cell is a field of a record, and what is written into each stands in its order.
        width = self.fields.width
        cell = saved.of[written.intent] * width + written.field
        order = np.lexsort((written.intent, cell))
        intent, cell, digest = written.intent[order], cell[order], written.digest[order]
        first, last = np.ones((2, len(cell)), dtype=np.bool_)
        first[1:] = cell[1:] != cell[:-1]
        last[:-1] = first[1:]
        # Of a field that an intent has twice only the later one counts.
        twice = np.flatnonzero(~first[1:] & (intent[1:] == intent[:-1])) + 1
        whole[saved.of[intent[twice]]] = False

        due = self._held(part, saved.spots, form, stood, np.unique(cell))
        changed = first.copy()
        changed[first] = ~stood[cell[first] // width] | (digest[first] != due[cell[first]])
        changed[1:] |= ~first[1:] & (digest[1:] != digest[:-1])
        due[cell[last]] = digest[last]
        whole &= due.reshape(-1, width).sum(axis=1) == rows["digest"]

        # What storage holds of a field shows the last save that left it other than it was.
        shows = np.maximum.accumulate(np.where(changed, np.arange(len(cell)), -1))[last]
        visible = np.zeros(len(saved.places), dtype=np.bool_)
        visible[intent[shows[shows >= np.flatnonzero(first)]]] = True
        is_whole = whole[saved.of]
        return Kept(saved.only(whole).spots, int(is_whole.sum()), int((visible & is_whole).sum()))

    def _held(self, part: Part, spots: Flags, form: Ints, stood: Flags, written: Ints) -> Hashes:
        """What fields hold that their record owes: of a row that stood, all of it; of others, none
        but those that nobody wrote, which may hold anything.
        """
        width = self.fields.width
        is_field = np.arange(width) < self.fields.widths[form][:, None]
        held = np.zeros(is_field.size, dtype=np.uint64)
        free = (is_field & ~stood[:, None]).ravel()
        free[written] = False
        for who, wanted in ((BEFORE, (is_field & stood[:, None]).ravel()), (FINAL, free)):
            cell = np.flatnonzero(wanted)
            if len(cell):
                row = np.zeros(len(form), dtype=np.int64)
                row[part.count(who)[spots] > 0] = part.of(who, spots)["lines"][:, 0]
                of, number = cell // width, cell % width
                held[cell] = self.fields.held(self._cells[who], row[of], form[of], number)
        return held


def _is_of(form: Form, read: Prints) -> bool:
    """Whether a read has the fields of a form, in their order."""
    return read.fields.get(form.name) in (None, tuple(spec.name for spec in form.fields))
