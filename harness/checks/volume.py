"""The sieve: every save of a load against one read of every row, by fingerprints alone.

What is whole passes through, and that is nearly everything: a record that was saved once and told
so, of which storage has one row with just these fingerprints, is compared by one number, thousands
at a time; and so is one that was saved several times, or not in every field, once its intents are
read again. The others are read and weighed one by one, a part of them at a time, so that a load of
any size takes the same memory. What does not pass is a suspect, whose texts are then read and
judged by the oracle as any other record is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from harness.checks.owing import Owing
from harness.checks.several import Several
from harness.checks.sifted import First, Sifted
from harness.checks.sifting import (
    CONTROL_CANDIDATES_MAX,
    Rest,
    Sieve,
    Sifting,
    in_order,
    place_of,
)
from harness.checks.slices import add_slice
from harness.journal.volume import VolumeRecord, undisturbed
from harness.model import Form
from harness.prints import Prints
from harness.sieve.gathering import Gathered, Part
from harness.sieve.kinds import KEYS, kinds_at
from harness.sieve.rows import BEFORE, BETWEEN, FINAL, LINES, NUMBER, PLAIN, REST
from harness.sieve.spill import Entries
from harness.sieve.words import Flags, Hashes, Ints, hash_of

# So many refused records without a key are known by what they hold.
REFUSED_MAX = 1_000


def sift(
    load: Gathered,
    forms: Mapping[str, Form],
    before: Prints | None,
    final: Prints,
    *,
    slices: Sequence[tuple[Path, Mapping[str, object]]] = (),
    in_bulk: bool = True,
) -> Sifted:
    """Compare every record of a load, and every row that stood before, with the last read.

    slices are what was found in parts of it already; without any all of it is sifted. The reads are
    those that the load was gathered with. What comes of it does not depend on how many partitions
    there are, nor on whether what is plainly whole is compared in bulk. Raises RecordUnreadable,
    EnvironmentBroken.
    """
    with undisturbed():
        sieve = _sieve(load, forms, final)
        # What was read until here is in no part, and in every slice.
        sieve.sifted.orphans_n = load.told.volume.orphans_n
        looking = _Looking(load, sieve, before, final, in_bulk)
        for path, of in slices:
            add_slice(path, sieve, of)
        for partition in range(0 if slices else load.spots.partitions_n):
            looking.look(load.part(partition))
        looking.offer()
        whole = sieve.weigh_keyless()
        if sieve.foreign:
            sieve.find_doubles(whole)
            looking.find_doubles()
        return sieve.close()


def sift_slice(
    load: Gathered,
    forms: Mapping[str, Form],
    before: Prints | None,
    final: Prints,
    slice_: tuple[int, int],
) -> Sieve:
    """What a sieve knows of one slice, the nth from 0 of so many, ahead of what all say together.

    The load was gathered for so many slices.
    """
    nth, of_n = slice_
    each_n = load.spots.partitions_n // of_n
    with undisturbed():
        sieve = _sieve(load, forms, final)
        looking = _Looking(load, sieve, before, final, in_bulk=True)
        for partition in range(nth * each_n, (nth + 1) * each_n):
            looking.look(load.part(partition))
        looking.offer()
        return sieve


def _sieve(load: Gathered, forms: Mapping[str, Form], final: Prints) -> Sieve:
    return Sieve(forms, final, [Owing(forms[r.form], [r]) for r in in_order(_keyless(load))])


def _keyless(load: Gathered) -> list[VolumeRecord]:
    """Records that never got a key and may stand in storage all the same.

    Of those that were refused, which may be all of a load, the first are enough to tell by what
    they hold that they stand there nevertheless; rows of the others are nobody's.
    """
    found, refused = [], First[VolumeRecord](REFUSED_MAX)
    for record in load.keyless_records():
        if all(save.state == "refused" for save in record.saves):
            refused.add(place_of(record.id), record)
        else:
            found.append(record)
    return [*found, *(record for _, record in refused.items())]


@dataclass(slots=True)
class _Looking:
    """A load, looked at part after part."""

    load: Gathered
    sieve: Sieve
    before: Prints | None
    final: Prints
    in_bulk: bool
    # The first rows of each form that are whole, by their numbers, and what there is of them.
    first: dict[int, Hashes] = field(default_factory=dict)
    offered: list[Entries] = field(default_factory=list)
    several: Several = field(init=False)

    def __post_init__(self) -> None:
        self.several = Several(self.sieve.forms, self.before, self.final)

    def look(self, part: Part) -> None:
        """Let through what is plainly whole, and weigh the rest."""
        rest = np.ones(len(part.begin), dtype=np.bool_)
        if self.in_bulk and len(rest):
            rest &= ~self._unchanged(part)
            rest &= ~self._whole(part)
            rest &= ~self._kept(part, rest)
        known_n = self.load.told.volume.orphans_n
        self._sifting(part, rest).sift()
        # Here alone each record is read once: who looks at it again finds them again.
        self.sieve.sifted.orphans_n += self.load.told.volume.orphans_n - known_n

    def find_doubles(self) -> None:
        """Look once more at records of which a value stands in a row that is nobody's."""
        prints = {print_ for _, print_ in self.sieve.foreign}
        spots = self.load.spots_with(sorted(prints), len(self.sieve.forms))
        for partition in range(self.load.spots.partitions_n if len(spots) else 0):
            part = self.load.part(partition)
            some = np.isin(part.spot, spots)
            if some.any():
                self.sieve.find_doubles(self._sifting(part, some).whole())

    def _sifting(self, part: Part, spots: Flags) -> Sifting:
        before = part.rows(BEFORE, spots, self.before) if self.before is not None else []
        final = part.rows(FINAL, spots, self.final)
        rest = Rest(
            part.records(spots),
            before,
            final,
            lambda spot: part.is_owned(hash_of(spot[1]), spot[0]),
        )
        return Sifting(self.sieve, rest)

    def _unchanged(self, part: Part) -> Flags:
        """Rows that nobody saved and that hold what they held before."""
        one_each = (part.count(BEFORE) == 1) & (part.count(FINAL) == 1)
        spots: Flags = one_each & (part.size == 2)
        before, final = part.of(BEFORE, spots), part.of(FINAL, spots)
        same = before["digest"] == final["digest"]
        same &= before["lines"][:, REST] == final["lines"][:, REST]
        spots[spots] = same
        self._count_fields(final["form"][same])
        return spots

    def _whole(self, part: Part) -> Flags:
        """Records that were saved once and told so, and of which storage has one row, theirs."""
        stood_n = part.count(BEFORE)
        spots: Flags = (part.count(PLAIN) == 1) & (part.count(FINAL) == 1) & (stood_n <= 1)
        spots &= part.size == 2 + stood_n
        record, row = part.at(PLAIN, spots), part.at(FINAL, spots)
        told = part.entries
        settle_s = np.array([form.settle_s_max for form in self.sieve.forms.values()])
        ready_s = told["ready_s"][record] + settle_s[told["form"][record]]
        fine = told["digest"][record] == told["digest"][row]
        fine &= self.final.began_s >= ready_s
        # What was made over a row that stood there took the place of what somebody else saved.
        is_made = kinds_at(told["lines"][record, BETWEEN]) == KEYS
        fine &= ~is_made | (stood_n[spots] == 0)
        spots[spots] = fine
        self._count_whole(part, spots, row[fine])
        return spots

    def _count_whole(self, part: Part, spots: Flags, rows: Ints) -> None:
        sifted, told = self.sieve.sifted, part.entries
        stood = np.flatnonzero(part.count(BEFORE)[spots])
        before = part.at(BEFORE, spots)
        same_n = int((told["digest"][before] == told["digest"][rows[stood]]).sum())
        sifted.acknowledged_n += len(rows)
        sifted.verified_n += len(rows) - same_n
        sifted.hidden_n += same_n
        forms = told["form"][rows]
        self._count_fields(forms)
        self._offer(part, spots, forms, told["lines"][rows, NUMBER])

    def _kept(self, part: Part, spots: Flags) -> Flags:
        """Those of these records that have one row, as their saves left it one after the other."""
        kept, sifted = self.several.kept(part, spots), self.sieve.sifted
        rows = part.of(FINAL, kept.spots)
        sifted.acknowledged_n += kept.saves_n
        sifted.verified_n += kept.visible_n
        sifted.hidden_n += kept.saves_n - kept.visible_n
        self._count_fields(rows["form"])
        self._offer(part, kept.spots, rows["form"], rows["lines"][:, NUMBER])
        return kept.spots

    def _count_fields(self, forms: Ints) -> None:
        widths = np.array([len(self.final.fields.get(name, ())) for name in self.load.names])
        self.sieve.sifted.fields_read += int(widths[forms].sum())

    def _offer(self, part: Part, spots: Flags, forms: Ints, numbers: Hashes) -> None:
        """Whole records in which a control may be planted: the first ones by their rows' numbers.

        They are not read before it is known which are the first of all.
        """
        wanted = np.zeros(len(forms), dtype=np.bool_)
        for form in range(len(self.sieve.forms)):
            mine = np.flatnonzero(forms == form)
            first = self.first.get(form, numbers[:0])
            if len(first) == CONTROL_CANDIDATES_MAX:
                mine = mine[numbers[mine] < first[-1]]
            first = np.sort(np.concatenate((first, numbers[mine])))[:CONTROL_CANDIDATES_MAX]
            self.first[form] = first
            wanted[mine] = numbers[mine] <= first[-1:].max(initial=0)
        some = np.zeros(len(spots), dtype=np.bool_)
        some[np.flatnonzero(spots)[wanted]] = True
        self.offered += [part.of(who, some) for who in (PLAIN, LINES, BEFORE, FINAL)]

    def offer(self) -> None:
        """Read the whole records that are the first of all, so that controls have something."""
        if not self.offered:
            return
        part = Part(self.load, np.concatenate(self.offered))
        rows = part.of(FINAL, np.ones(len(part.begin), dtype=np.bool_))
        some = np.zeros(len(part.begin), dtype=np.bool_)
        for form, first in self.first.items():
            some |= (rows["form"] == form) & (rows["lines"][:, NUMBER] <= first[-1:].max(initial=0))
        self._sifting(part, some).offer()
