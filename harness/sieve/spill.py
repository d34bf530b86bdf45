"""Entries kept on disk in partitions, so that a partition at a time is at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from harness.errors import EnvironmentBroken

Entries: TypeAlias = npt.NDArray[Any]

# So much is written together: the more, the fewer pieces there are of a partition to read back.
HELD_BYTES = 2 << 20
# And so much at once: a file gets memory in pieces as large as what is written, and a virtual
# machine may have to fetch large ones from its host, in ten times the time.
WRITTEN_BYTES = 256 << 10
# How many entries a block may have: how many of them are of one partition is kept in few bytes.
COUNT_MAX = (1 << 16) - 1


class Spill:
    """Entries of one kind in so many partitions, by the first bits of a hash in each.

    Blocks stand in the file as they came, each sorted by partition. The file has no name, so that
    nothing stays of it however its processes end. A process that is started with the file open, as
    the same number, has its entries as well, one after the other: it is pickled without them.
    Raises EnvironmentBroken where it cannot be made, written or read back.
    """

    def __init__(self, dtype: np.dtype[Any], partitions_n: int, by: str) -> None:
        self.partitions_n = partitions_n
        self.dtype = dtype
        self._by = by
        # Where each block begins, and how many entries of each partition it has.
        self._begins: list[int] = []
        self._counts: list[npt.NDArray[np.uint16]] = []
        self._size = 0
        # A partition, and where each block has its entries.
        self._known: tuple[int, npt.NDArray[np.int64]] = 0, np.zeros(0, dtype=np.int64)
        # As bytes: arrays of many fields are copied field by field.
        self._held = self._nothing = np.empty(0, dtype=np.dtype((np.void, dtype.itemsize)))
        self._held_n = 0
        try:
            with TemporaryFile(prefix="harness-load-") as file:
                self.fd = os.dup(file.fileno())
        except OSError as error:
            raise no_room(error) from error

    def follow(self, other: Spill) -> None:
        """Know the entries that another process has added, which had this one."""
        self._begins, self._counts, self._size = other._begins, other._counts, other._size
        self._known = other._known

    def add(self, entries: Entries) -> None:
        """Keep some entries; those of one partition stay in their order."""
        while len(entries):
            if not len(self._held):
                room_n = min(COUNT_MAX, HELD_BYTES // self.dtype.itemsize)
                self._held = np.empty(room_n, dtype=self._nothing.dtype)
            some = entries[: len(self._held) - self._held_n]
            into = self._held[self._held_n : self._held_n + len(some)]
            into[:] = np.ascontiguousarray(some).view(into.dtype)
            self._held_n, entries = self._held_n + len(some), entries[len(some) :]
            if self._held_n == len(self._held):
                self.flush()

    def flush(self) -> None:
        """Write what is held back."""
        entries = self._held[: self._held_n].view(self.dtype)
        self._held, self._held_n = self._nothing, 0
        if not len(entries):
            return
        counts = np.array([len(entries)])
        if self.partitions_n > 1:
            # Small numbers are sorted by counting them.
            part = partition_of(entries[self._by], self.partitions_n).astype(np.uint16)
            # Entries are taken whole, and what is sliced by numbers is copied field by field.
            entries = entries.take(np.argsort(part, kind="stable"))
            counts = np.bincount(part, minlength=self.partitions_n)
        begin = self._size
        data = entries.view(np.uint8).data
        try:
            while data:
                written = os.pwrite(self.fd, data[:WRITTEN_BYTES], self._size)
                data, self._size = data[written:], self._size + written
        except OSError as error:
            raise no_room(error) from error
        self._begins.append(begin)
        self._counts.append(counts.astype(np.uint16))

    def read(self, partition: int) -> Entries:
        """The entries of one partition, in the order in which they were added."""
        return read_all([self], partition)

    def pieces(self, partition: int) -> Iterator[tuple[int, int]]:
        """Where the pieces of a partition stand, and how many bytes each has."""
        self.flush()
        if len(self._counts) > 1:
            self._counts = [np.vstack(self._counts)]
        for counts in map(np.atleast_2d, self._counts):
            # Partitions are nearly always read in their order.
            known, begins = self._known
            if partition < known or len(begins) < len(counts):
                known, begins = 0, np.array(self._begins)
            size = self.dtype.itemsize
            begins = begins + counts[:, known:partition].sum(axis=1, dtype=np.int64) * size
            self._known = partition, begins
            sizes = counts[:, partition].astype(np.int64) * size
            some = np.flatnonzero(sizes)
            yield from zip(begins[some].tolist(), sizes[some].tolist(), strict=True)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def read_all(spills: Sequence[Spill], partition: int) -> Entries:
    """The entries of one partition, one spill's after the other's; they are of one kind."""
    pieces = [(spill.fd, *piece) for spill in spills for piece in spill.pieces(partition)]
    # Read in place: very many small pieces of memory would come and go, and some of it stay.
    data = np.empty(sum(size for _, _, size in pieces), dtype=np.uint8)
    left = data.data
    try:
        for fd, begin, size in pieces:
            if os.preadv(fd, [left[:size]], begin) != size:
                raise EnvironmentBroken("a file of entries was cut while it was in use")
            left = left[size:]
    except OSError as error:
        raise no_room(error) from error
    return data.view(spills[0].dtype)


class Pair:
    """Entries of one kind that two processes have kept, each in a file of its own."""

    def __init__(self, one: Spill, other: Spill) -> None:
        self.partitions_n = one.partitions_n
        self._both = one, other

    def read(self, partition: int) -> Entries:
        """The entries of one partition, those of each in the order in which it added them."""
        return read_all(self._both, partition)


def no_room(error: OSError) -> EnvironmentBroken:
    """That what is kept on disk while a load is judged cannot be."""
    return EnvironmentBroken(
        f"there is no room for what a load is judged by: {error}; free the disk of the temporary "
        "folder, or name another one with TMPDIR"
    )


def partition_of(hashes: npt.NDArray[np.uint64], partitions_n: int) -> npt.NDArray[np.int64]:
    """Which partition each hash belongs to."""
    return ((hashes >> np.uint64(32)) * np.uint64(partitions_n) >> np.uint64(32)).astype(np.int64)
