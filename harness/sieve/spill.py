"""Entries kept on disk in partitions, so that a partition at a time is at hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from harness.errors import EnvironmentBroken

Entries: TypeAlias = npt.NDArray[Any]


class Spill:
    """Entries of one kind in so many partitions, by the first bits of a hash in each.

    Blocks stand in the file as they came, each sorted by partition. One process after the other
    may have it. Raises EnvironmentBroken where the file cannot be written or read back.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], partitions_n: int, by: str) -> None:
        self.partitions_n = partitions_n
        self.dtype = dtype
        self._by = by
        self._path = path
        self._blocks: list[tuple[int, npt.NDArray[np.int64]]] = []
        self._size = 0
        self._fd = -1

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_fd": -1}

    def add(self, entries: Entries) -> None:
        """Keep some entries; those of one partition stay in their order."""
        if not len(entries):
            return
        bounds = np.array([0, len(entries)])
        if self.partitions_n > 1:
            # Small numbers are sorted by counting them.
            part = partition_of(entries[self._by], self.partitions_n).astype(np.uint16)
            entries = entries[np.argsort(part, kind="stable")]
            bounds = np.cumsum(np.bincount(part, minlength=self.partitions_n))
            bounds = np.concatenate(([0], bounds))
        begin = self._size
        data = np.ascontiguousarray(entries).view(np.uint8).data
        try:
            while data:
                written = os.pwrite(self._open(), data, self._size)
                data, self._size = data[written:], self._size + written
        except OSError as error:
            raise self._broken(error) from error
        self._blocks.append((begin, bounds.astype(np.int64)))

    def read(self, partition: int) -> Entries:
        """The entries of one partition, in the order in which they were added."""
        parts = []
        for begin, bounds in self._blocks:
            from_, to = int(bounds[partition]), int(bounds[partition + 1])
            if from_ < to:
                parts.append(self._read(begin + from_ * self.dtype.itemsize, to - from_))
        # Joined as bytes: arrays of many fields are joined field by field.
        return np.frombuffer(b"".join(parts), dtype=self.dtype)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self, begin: int, count: int) -> bytes:
        size = count * self.dtype.itemsize
        try:
            data = os.pread(self._open(), size, begin)
        except OSError as error:
            raise self._broken(error) from error
        if len(data) != size:
            raise EnvironmentBroken(f"{self._path} was cut while it was in use")
        return data

    def _open(self) -> int:
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._fd

    def _broken(self, error: OSError) -> EnvironmentBroken:
        return EnvironmentBroken(
            f"{self._path}, which holds what a load is judged by, cannot be used: {error}; "
            "free its disk, or name another folder with TMPDIR"
        )


def partition_of(hashes: npt.NDArray[np.uint64], partitions_n: int) -> npt.NDArray[np.int64]:
    """Which partition each hash belongs to."""
    return ((hashes >> np.uint64(32)) * np.uint64(partitions_n) >> np.uint64(32)).astype(np.int64)
