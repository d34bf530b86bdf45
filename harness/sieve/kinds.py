"""One line of a journal as an entry: what kind of line it is, and a few numbers."""

from __future__ import annotations

import numpy as np

from harness.sieve.spill import Entries
from harness.sieve.words import Hashes, Ints

# What a line says, which may be several of these: it opens a record, tells its key, begins a save,
# and a digest says all of that save; or it tells how a save went, or what was typed.
KIND_BITS = 8
OPENS, KEYS, BEGINS, WHOLE, TOLD, REFUSED, CUT, TYPED = (1 << bit for bit in range(KIND_BITS))
# rec is the hash of a record's id, save that of a save's, key and form are those of a record's;
# digest is that of what is saved. place is the file's number, the line's place in it and what it
# says. at_s is when it was said of a save; due_s is that of a save that begins, else no number.
ACT = np.dtype(
    [
        ("rec", "<u8"),
        ("save", "<u8"),
        ("key", "<u8"),
        ("form", "<u8"),
        ("digest", "<u8"),
        ("at_s", "<f8"),
        ("due_s", "<f8"),
        ("place", "<u8"),
    ]
)
_FILE_SHIFT, _KIND_SHIFT = np.uint64(48), np.uint64(KIND_BITS)
# A file has no more bytes than this.
OFFSET_MAX = 1 << 40
_KINDS = np.uint64((1 << KIND_BITS) - 1)


def packed(file: int, offset: Ints, kind: Ints | int) -> Hashes:
    """The number of a file, places in it and what stands there, as one number each."""
    place = (offset.astype(np.uint64) << _KIND_SHIFT) | np.asarray(kind).astype(np.uint64)
    return place | (np.uint64(file) << _FILE_SHIFT)


def unpacked(place: int) -> tuple[int, int]:
    """The number of the file and the place in it."""
    return place >> int(_FILE_SHIFT), (place >> KIND_BITS) & (OFFSET_MAX - 1)


def kind_of(entries: Entries) -> Ints:
    """What each entry's line says."""
    return kinds_at(entries["place"])


def kinds_at(places: Hashes) -> Ints:
    """What the line at each place says."""
    return (places & _KINDS).astype(np.int64)


def files_at(places: Hashes) -> Ints:
    """The number of the file of each place."""
    return (places >> _FILE_SHIFT).astype(np.int64)
