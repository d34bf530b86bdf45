"""All that a run holds of its load, gathered on disk so that a part of it is looked at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from harness.errors import RecordUnreadable
from harness.journal.acts_files import ActsFile
from harness.journal.volume import Volume, VolumeRecord, VolumeSave, take
from harness.model import Form
from harness.prints import PrintRow, Prints
from harness.sieve.acts import (
    Texts,
    form_hashes,
    recs_with,
    runs,
    unreadable,
)
from harness.sieve.heard import Task, Turns
from harness.sieve.hearing import Beside, Here
from harness.sieve.join import Spots, spots_of
from harness.sieve.kinds import unpacked
from harness.sieve.pairs import Acts
from harness.sieve.rows import BEFORE, FINAL, KINDS_N, LINES, NUMBER, PLAIN, scan_rows, spot_of
from harness.sieve.spill import Entries, Pair
from harness.sieve.told import Told
from harness.sieve.words import NAMELESS, Flags, Hashes, Ints, digest_of, order_of, words_of

Answer = TypeVar("Answer")

# So much of the record is looked at together: its texts are objects then, if none of it is whole.
PARTITION_BYTES = 2 << 20
PARTITIONS_MAX = 4096
# Starting another process takes as long as reading this in a thread.
BESIDE_BYTES_MIN = 64 << 20


@dataclass(slots=True)
class Gathered:
    """What a load's journals tell, and the reads around it.

    keyless are the lines of records that never got a key; excuse is told every save that is read.
    names are the forms by their numbers, those of the reads alone at the end.
    """

    told: Told
    names: tuple[str, ...]
    keyless: Pair
    lines: Acts
    spots: Pair
    files: Sequence[ActsFile]
    hearing: Here | Beside
    excuse: Callable[[Iterable[VolumeSave]], None] = lambda _: None

    def meanwhile(self, ask: Callable[[Told], Answer]) -> Callable[[], Answer]:
        """Ask something of the journals, maybe in another process; calling what is given waits.

        The question can be pickled, and so can the answer. One is asked at a time.
        """
        return self.hearing.meanwhile(ask, self.told)

    def part(self, partition: int) -> Part:
        """All that is to be said of some spots."""
        return Part(self, self.spots.read(partition))

    def records(self, places: Iterable[int]) -> list[VolumeRecord]:
        """The records that these lines tell of, which is each of their lines."""
        volume, saves = Volume(), dict[str, VolumeSave]()
        shift_s = 0.0
        for place in places:
            words = self.told.acts.words(place)
            number, offset = unpacked(place)
            shift_s = self.files[number].shift_s
            try:
                take(words, volume, saves)
            except (ValueError, IndexError) as error:
                raise unreadable(self.files[number].path, offset, error) from error
        self.told.volume.orphans_n += volume.orphans_n
        found = list(volume.records.values())
        for record in found:
            if shift_s:
                record.shift(shift_s)
            self.excuse(record.saves)
        return found

    def keyless_records(self) -> Iterator[VolumeRecord]:
        """Every record that never got a key, one after the other."""
        for partition in range(self.keyless.partitions_n):
            for places in _by_record(self.keyless.read(partition)):
                yield from self.records(places)

    def spots_with(self, prints: Iterable[str], forms_n: int) -> Hashes:
        """Where the records stand of which a save has one of these prints; all are sorted."""
        wanted = np.unique(digest_of(NAMELESS, words_of(prints)))
        recs = [recs_with(file, wanted) for file in self.files]
        found = np.unique(np.concatenate(recs)) if recs else wanted[:0]
        return spots_of(self.lines, found, form_hashes(self.names[:forms_n]))


@dataclass(slots=True)
class Part:
    """The spots of one partition: the entries of each stand together.

    begin and size are where those of each spot are; counts how many there are of each kind.
    """

    load: Gathered
    entries: Entries
    spot: Hashes = field(init=False)
    begin: Ints = field(init=False)
    size: Ints = field(init=False)
    _who: Ints = field(init=False)
    _of: Ints = field(init=False)
    _counts: Ints = field(init=False)

    def __post_init__(self) -> None:
        spot = spot_of(self.entries["key"], self.entries["form"])
        order = order_of(spot)
        self.entries, spot = self.entries.take(order), spot[order]
        self.begin, self.size = runs(spot)
        self.spot = spot[self.begin]
        self._who = self.entries["who"].astype(np.int64)
        self._of = np.repeat(np.arange(len(self.begin)), self.size)
        counts = np.bincount(self._of * KINDS_N + self._who, minlength=len(self.begin) * KINDS_N)
        self._counts = counts.reshape(-1, KINDS_N)

    def count(self, who: int) -> Ints:
        """How many entries of a kind each spot has."""
        found: Ints = self._counts[:, who]
        return found

    def at(self, who: int, spots: Flags) -> Ints:
        """Where the entries of a kind are, of these spots alone."""
        mine = np.flatnonzero(self._who == who)
        return mine[spots[self._of[mine]]]

    def spots_at(self, at: Ints) -> Ints:
        """The number of the spot of each of these entries."""
        return self._of[at]

    def of(self, who: int, spots: Flags) -> Entries:
        """The entries of a kind, of these spots alone."""
        found: Entries = self.entries.take(self.at(who, spots))
        return found

    def records(self, spots: Flags) -> list[VolumeRecord]:
        """Every record that stands in these spots."""
        found: list[VolumeRecord] = []
        for entry in self.of(PLAIN, spots):
            found += self.load.records(_places(entry))
        for places in _by_record(self.of(LINES, spots)):
            found += self.load.records(places)
        return found

    def rows(self, who: int, spots: Flags, read: Prints) -> list[tuple[int, PrintRow]]:
        """The rows of a read in these spots, with their numbers and in their order."""
        lines = self.of(who, spots)["lines"]
        lines = lines[np.argsort(lines[:, NUMBER])]
        return list(zip(lines[:, NUMBER].tolist(), read.rows_at(lines[:, 0].tolist()), strict=True))

    def is_owned(self, key: int, form: str) -> bool:
        """Whether a record stands at a key of a form."""
        if form not in self.load.names:
            return False
        number = np.array([self.load.names.index(form)])
        spot = spot_of(np.array([key], dtype=np.uint64), number)
        at = int(np.searchsorted(self.spot, spot)[0])
        if at == len(self.spot) or self.spot[at] != spot[0]:
            return False
        who = self._who[self.begin[at] : self.begin[at] + self.size[at]]
        return bool(np.isin(who, (PLAIN, LINES)).any())


def _by_record(lines: Entries) -> Iterator[list[int]]:
    """The places of each record's lines, in their order."""
    lines = lines[order_of(lines["digest"])]
    for begin, size in zip(*runs(lines["digest"]), strict=True):
        yield [place for entry in lines[begin : begin + size] for place in _places(entry)]


def _places(entry: Entries) -> list[int]:
    return [place for place in entry["lines"].tolist() if place]


@contextmanager
def gathering(
    files: Sequence[ActsFile],
    forms: Mapping[str, Form],
    before: Prints | None,
    partitions_n: int | None = None,
    *,
    slices_n: int = 1,
) -> Iterator[Callable[[Prints | None], Gathered]]:
    """Begin with a load's journals, and go on with the last read of every row once it is there.

    The partitions fall into so many slices. Where there is much to read another process does it
    meanwhile, else a thread. What it takes on disk is gone at the end, however that comes. Raises
    RecordUnreadable, and EnvironmentBroken where there is no room for it.
    """
    size = _bytes(files)
    count = partitions_n or min(PARTITIONS_MAX, 1 + (size + _bytes([before])) // PARTITION_BYTES)
    count = -(-count // slices_n) * slices_n
    with ExitStack() as stack:
        turns = Turns(count)
        stack.callback(turns.close)
        lines, there, here = Acts(count), Spots(count), Spots(count)
        for spill in (*lines.all, *there.all, *here.all):
            stack.callback(spill.close)
        # Of little most is done on arrays, while whoever reads storage goes on in a thread.
        kind = Beside if size >= BESIDE_BYTES_MIN else Here
        hearing = kind(Task(files, tuple(forms), lines, there, here, turns))
        stack.callback(hearing.close)

        def read(final: Prints | None) -> Gathered:
            reads = [(who, read) for who, read in ((BEFORE, before), (FINAL, final)) if read]
            added = [set(read.fields) - set(forms) for _, read in reads]
            names = (*forms, *sorted(set().union(*added)))
            for who, read in reads:
                scan_rows(read, who, names, here.spots)
            heard, joined = hearing.heard()
            told = Told(
                heard.volume,
                Pair(there.went, here.went),
                Texts([file.path for file in files]),
                sum(each.records_n for each in joined),
                sum(each.orphans_n for each in joined),
                heard.cut_n,
                heard.start_s,
            )
            stack.callback(told.acts.close)
            load = Gathered(
                told,
                names,
                Pair(there.keyless, here.keyless),
                lines,
                Pair(there.spots, here.spots),
                files,
                hearing,
            )
            for places in sorted((p for each in joined for p in each.odd), key=_first):
                # Only to count what belongs to nothing, and to find what was begun twice.
                load.records(places.tolist())
            return load

        yield read


def _first(places: Ints) -> int:
    return int(places[0])


@contextmanager
def gathered(
    files: Sequence[ActsFile],
    forms: Mapping[str, Form],
    before: Prints | None,
    final: Prints | None,
    partitions_n: int | None = None,
    *,
    slices_n: int = 1,
) -> Iterator[Gathered]:
    """The record of a load that is there whole; as :func:`gathering`."""
    with gathering(files, forms, before, partitions_n, slices_n=slices_n) as read:
        yield read(final)


def _bytes(files: Iterable[ActsFile | Prints | None]) -> int:
    try:
        return sum(file.path.stat().st_size for file in files if file is not None)
    except OSError as error:
        raise RecordUnreadable(f"the record of a load cannot be read: {error}") from error
