"""All that a run holds of its load, gathered on disk so that a part of it is looked at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import numpy as np

from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.journal.acts_files import ActsFile
from harness.journal.volume import Volume, VolumeRecord, VolumeSave, take
from harness.model import Form
from harness.prints import PrintRow, Prints, row_of
from harness.sieve.acts import (
    ACT,
    Texts,
    begun_s,
    form_hashes,
    recs_with,
    runs,
    scan,
    unpacked,
    unreadable,
)
from harness.sieve.join import WENT, join_records, spots_of
from harness.sieve.rows import BEFORE, FINAL, LINES, PLAIN, SPOT, scan_rows, spot_of
from harness.sieve.spill import Entries, Spill
from harness.sieve.words import Flags, Hashes, Ints, hash_of

# So much of the record is looked at together: its texts are objects then, if none of it is whole.
PARTITION_BYTES = 8 << 20
PARTITIONS_MAX = 4096


@dataclass(slots=True)
class Gathered:
    """A load's journal and the reads around it.

    volume has no record and no save in it; there are records_n, and cut_n files end in the middle
    of a line. keyless are the lines of each record that never got a key; excuse is told every save
    that is read. names are the forms by their numbers, those of the reads alone at the end.
    """

    volume: Volume
    names: tuple[str, ...]
    keyless: list[Ints]
    lines: Spill
    spots: Spill
    went: Spill
    acts: Texts
    rows: Texts
    files: Sequence[ActsFile]
    records_n: int = 0
    cut_n: int = 0
    start_s: float = 0.0
    excuse: Callable[[Iterable[VolumeSave]], None] = lambda _: None

    def part(self, partition: int) -> Part:
        """All that is to be said of some spots."""
        return Part(self, self.spots.read(partition))

    def fourth(self, place: int) -> str:
        """The fourth word of a line: a form's name, or what was said of a save."""
        return unquote(self.acts.words(place)[3])

    def records(self, places: Iterable[int]) -> list[VolumeRecord]:
        """The records that these lines tell of, which is each of their lines."""
        volume, saves = Volume(), dict[str, VolumeSave]()
        shift_s = 0.0
        for place in places:
            words = self.acts.words(place)
            number, offset = unpacked(place)
            shift_s = self.files[number].shift_s
            try:
                take(words, volume, saves)
            except (ValueError, IndexError) as error:
                raise unreadable(self.files[number].path, offset, error) from error
        self.volume.orphans_n += volume.orphans_n
        found = list(volume.records.values())
        for record in found:
            if shift_s:
                record.shift(shift_s)
            self.excuse(record.saves)
        return found

    def spots_with(self, prints: Iterable[str], forms_n: int) -> Hashes:
        """Where the records stand of which a save has one of these prints; all are sorted."""
        wanted = np.unique(np.array([hash_of(print_) for print_ in prints], dtype=np.uint64))
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

    def __post_init__(self) -> None:
        spot = spot_of(self.entries["key"], self.entries["form"])
        order = np.argsort(spot, kind="stable")
        self.entries, spot = self.entries[order], spot[order]
        self.begin, self.size = runs(spot)
        self.spot = spot[self.begin]
        self._who = self.entries["who"].astype(np.int64)
        self._of = np.repeat(np.arange(len(self.begin)), self.size)

    def count(self, who: int) -> Ints:
        """How many entries of a kind each spot has."""
        return np.bincount(self._of[self._who == who], minlength=len(self.begin))

    def of(self, who: int, spots: Flags) -> Entries:
        """The entries of a kind, of these spots alone."""
        mine = np.flatnonzero(self._who == who)
        mine = mine[spots[self._of[mine]]]
        found: Entries = self.entries[mine]
        return found

    def records(self, spots: Flags) -> list[VolumeRecord]:
        """Every record that stands in these spots."""
        found: list[VolumeRecord] = []
        for entry in self.of(PLAIN, spots):
            found += self.load.records(_places(entry))
        lines = self.of(LINES, spots)
        lines = lines[np.argsort(lines["digest"], kind="stable")]
        at = 0
        while at < len(lines):
            places: list[int] = []
            rec = lines["digest"][at]
            while at < len(lines) and lines["digest"][at] == rec:
                places += _places(lines[at])
                at += 1
            found += self.load.records(places)
        return found

    def rows(self, who: int, spots: Flags, read: Prints) -> list[tuple[int, PrintRow]]:
        """The rows of a read in these spots, with their numbers and in their order."""
        names, words = tuple(read.fields), self.load.rows.words
        found = [
            (int(number), row_of(words(int(place)), names))
            for place, number in self.of(who, spots)["lines"][:, :2]
        ]
        return sorted(found, key=lambda each: each[0])

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


def _places(entry: Entries) -> list[int]:
    return [place for place in entry["lines"].tolist() if place]


@contextmanager
def gathered(
    files: Sequence[ActsFile],
    forms: Mapping[str, Form],
    before: Prints | None,
    final: Prints | None,
    partitions_n: int | None = None,
) -> Iterator[Gathered]:
    """The record of a load; what it takes on disk is gone at the end.

    Raises RecordUnreadable, and EnvironmentBroken where there is no room for it.
    """
    reads = [(BEFORE, before), (FINAL, final)]
    told = [set(read.fields) - set(forms) for _, read in reads if read is not None]
    names = (*forms, *sorted(set().union(*told)))
    count = partitions_n or _partitions_n(files, before, final)
    volume = Volume()
    try:
        folder = TemporaryDirectory(prefix="harness-load-")
    except OSError as error:
        raise EnvironmentBroken(f"no folder for a load's entries can be made: {error}") from error
    with folder as path:
        lines = Spill(Path(path, "lines"), ACT, count, by="rec")
        spots = Spill(Path(path, "spots"), SPOT, count, by="key")
        went = Spill(Path(path, "went"), WENT, count, by="slot")
        acts = Texts([file.path for file in files])
        rows = Texts([final.path if who == FINAL and final else _path(before) for who in range(4)])
        try:
            load = Gathered(volume, names, [], lines, spots, went, acts, rows, files)
            _scan(load, len(forms))
            for who, read in reads:
                if read is not None:
                    scan_rows(read, who, names, spots)
            yield load
        finally:
            for each in (lines, spots, went, acts, rows):
                each.close()


def _path(read: Prints | None) -> Path:
    return read.path if read is not None else Path()


def _scan(load: Gathered, forms_n: int) -> None:
    for number, file in enumerate(load.files):
        told = Volume()
        load.cut_n += scan(number, file, load.lines, partial(take, volume=told, saves={}))
        load.volume.schedules += [
            replace(schedule, start_s=schedule.start_s + file.shift_s)
            for schedule in told.schedules
        ]
        for message, count in told.troubles.items():
            load.volume.troubles[message] = load.volume.troubles.get(message, 0) + count
    load.start_s = _start_s(load)
    forms = form_hashes(load.names[:forms_n])
    joined = join_records(load.lines, forms, load.spots, load.went, load.start_s)
    load.keyless, load.records_n = joined.keyless, joined.records_n
    for places in joined.odd:
        # Only to count what belongs to nothing, and to find what was begun twice.
        load.records(places.tolist())


def _start_s(load: Gathered) -> float:
    """When the load began: when its first save was due, or was begun where nobody set a pace."""
    if load.volume.schedules:
        return min(schedule.start_s for schedule in load.volume.schedules)
    parts = (load.lines.read(partition) for partition in range(load.lines.partitions_n))
    return min((begun for part in parts for begun in begun_s(part)), default=0.0)


def _partitions_n(files: Sequence[ActsFile], *reads: Prints | None) -> int:
    try:
        size = sum(file.path.stat().st_size for file in files)
        size += sum(read.path.stat().st_size for read in reads if read is not None)
    except OSError as error:
        raise RecordUnreadable(f"the record of a load cannot be read: {error}") from error
    return min(PARTITIONS_MAX, 1 + size // PARTITION_BYTES)
