"""The rows of a read of storage as entries: where each is to stand, a digest of what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from urllib.parse import quote

import numpy as np

from harness.prints import Block, Prints, joined
from harness.sieve.spill import Spill
from harness.sieve.words import (
    ODD,
    PRINT_WORDS,
    Hashes,
    Ints,
    digest_of,
    hash_of,
    lines_of,
    mixed,
)

# Who says something of a spot: a record of one save that was kept, lines of any other record, the
# last read of every row, and the one before the load.
PLAIN, LINES, FINAL, BEFORE = range(KINDS_N := 4)
# key is the hash of a key; form and who are numbers. digest is of what is saved or held, of LINES
# the hash of their record. ready_s is when the last save of a record was told, infinity where it
# was not kept save by save. lines are places of lines, 0 where there are fewer: of a PLAIN one that
# opens it, the one that is between, and that it was told. Of a row the first is its place, the
# second its number, and the third the hash of what its other columns hold.
SPOT = np.dtype(
    [
        ("key", "<u8"),
        ("form", "<u4"),
        ("who", "<u4"),
        ("digest", "<u8"),
        ("ready_s", "<f8"),
        ("lines", "<u8", (3,)),
    ]
)
BETWEEN = NUMBER = 1
REST = 2
# So many blocks are looked at together.
BLOCKS_N = 8
# What stands behind a fingerprint of one character.
_DOTS = np.uint64(int.from_bytes(b"." * 8, "little"))


def spot_of(keys: Hashes, forms: Ints) -> Hashes:
    """One number for a key of a form."""
    return mixed(keys, 2) ^ mixed(forms.astype(np.uint64) + np.uint64(1), 3)


def scan_rows(prints: Prints, who: int, forms: Sequence[str], into: Spill) -> None:
    """Keep an entry for every row of a read; forms are the names by their numbers.

    Raises RecordUnreadable.
    """
    rows_n = 0
    for blocks in _together(prints.blocks()):
        block = joined(blocks)
        entries = np.zeros(block.rows_n, dtype=SPOT)
        try:
            entries["key"] = _hashes(block.keys)
            entries["lines"][:, REST] = _hashes(block.rests)
        except ValueError as error:
            raise prints.unreadable(error) from error
        entries["form"] = forms.index(block.form)
        entries["who"] = who
        entries["digest"] = _digests(block, prints.fields[block.form])
        entries["lines"][:, 0] = np.concatenate(
            [np.arange(each.place, each.place + each.rows_n) for each in blocks]
        )
        entries["lines"][:, NUMBER] = np.arange(rows_n, rows_n + block.rows_n)
        into.add(entries)
        rows_n += block.rows_n


def _together(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    for _, some in groupby(blocks, key=lambda block: block.form):
        while few := list(islice(some, BLOCKS_N)):
            yield few


def _hashes(words: bytes) -> Hashes:
    lines = lines_of(words + b"\n")
    return lines.hashes(lines.begin, lines.end)


def _digests(block: Block, names: Sequence[str]) -> Hashes:
    digest = np.zeros(block.rows_n, dtype=np.uint64)
    for name, column in zip(names, block.prints, strict=True):
        digest += digest_of(np.array([hash_of(quote(name))], dtype=np.uint64), words_at(column))
    return digest


def words_at(column: bytes) -> Hashes:
    """Fingerprints of sixteen characters each as :func:`digest_of` takes them."""
    told = np.frombuffer(column, dtype="<u8").reshape(-1, PRINT_WORDS)
    odd = np.flatnonzero(told[:, -1] == _DOTS)
    if len(odd):
        told = told.copy()
        told[odd] &= ODD
    return told
