"""What intents save, as digests: of one shape all at once, and field by field where few share one.

Of nearly all intents everything after the save's id is the same but for the fingerprints: the
fields, their classes, where each word stands. A shape is that much of one line, and a line that has
the same bytes in all the other places has its fingerprints where the shape has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.contracts import PRINT_CHARS
from harness.sieve.words import (
    EIGHT,
    ODD,
    PRINT_WORDS,
    Flags,
    Hashes,
    Ints,
    Lines,
    digest_of,
    hash_of,
)

# How many words an intent has ahead of its fields: more where it opens its record as well.
AHEAD, AHEAD_OPENING = 5, 7
# So many shapes are tried in some lines; what is left is read field by field.
SHAPES_MAX = 16
# Fewer lines than this are not worth a shape of their own.
LINES_MIN = 32
_ODD_PRINT_CHARS = 1
_OPERATION = "save"
_PRINT = np.dtype((np.void, PRINT_WORDS * EIGHT))
_WHOLE = np.full(PRINT_WORDS, (1 << 64) - 1, dtype=np.uint64)
_ONES, _HIGH = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_COLONS = np.uint64(0x3A3A3A3A3A3A3A3A)


def digests(lines: Lines, mine: Ints) -> tuple[Hashes, Flags]:
    """The digest of what each of these intents saves, and of which a digest says all."""
    digest = np.zeros(len(mine), dtype=np.uint64)
    plain = np.zeros(len(mine), dtype=np.bool_)
    begin = operation_of(lines, mine)[0]
    size = lines.last_word(mine)[1] - begin
    count = lines.count[mine]
    left, others = np.arange(len(mine)), [np.zeros(0, dtype=np.int64)]
    for _ in range(SHAPES_MAX):
        if len(left) < LINES_MIN:
            break
        shape = _shape(lines.text(int(mine[left[0]])))
        alike = (size[left] == size[left[0]]) & (count[left] == count[left[0]])
        some = left[alike]
        if shape is None:
            others.append(some)
        else:
            told, fits = shape.digests(lines, begin[some])
            some, alike[alike] = some[fits], fits
            digest[some], plain[some] = told[fits], True
        left = left[~alike]
    rest = np.concatenate([left, *others])
    if len(rest):
        digest[rest], plain[rest] = _field_by_field(lines, mine[rest])
    return digest, plain


@dataclass(frozen=True, slots=True)
class _Shape:
    """What stands in a line from its operation on, with zeros in the place of fingerprints.

    kept says which bytes are compared, ats where fingerprints stand; names are the hashes of their
    fields, and sizes says what stays of each.
    """

    told: Hashes
    kept: Hashes
    ats: tuple[int, ...]
    names: Hashes
    sizes: Hashes

    def digests(self, lines: Lines, begin: Ints) -> tuple[Hashes, Flags]:
        """What each of the lines saves whose operation begins there, and which have this shape.

        They are as long as the shape is.
        """
        here = lines.eights(begin, len(self.told))
        prints = np.empty((len(self.ats), len(begin)), dtype=_PRINT)
        for n, at in enumerate(self.ats):
            prints[n] = np.ndarray(len(here), _PRINT, here.data, at, here.strides[:1])
        told = prints.view("<u8").reshape(*prints.shape, PRINT_WORDS) & self.sizes
        # A fingerprint has no colon in it: what stands behind one is a value. Of bytes that become
        # zero by it the next higher bit is borrowed from.
        free = told ^ _COLONS
        colons = np.bitwise_or.reduce((free - _ONES) & ~free & _HIGH, axis=0)
        here ^= self.told
        here &= self.kept
        fits: Flags = np.bitwise_or.reduce(here, axis=1) == 0
        fits &= np.bitwise_or.reduce(colons, axis=1) == 0
        return digest_of(self.names, told).sum(axis=0, dtype=np.uint64), fits


def _shape(line: str) -> _Shape | None:
    """The shape of a line; None where a digest does not say all of it."""
    words = line.split(" ")
    operation, *fields = words[(AHEAD_OPENING if words[0] == "n" else AHEAD) - 1 :]
    if operation != _OPERATION or not fields:
        return None
    told, kept = bytearray(operation.encode()), bytearray(b"\xff" * len(operation))
    ats, names, sizes = [], [], []
    for field in fields:
        name, equal, rest = field.partition("=")
        text_class, colon, print_ = rest.partition(":")
        if not equal or not colon or len(print_) not in (PRINT_CHARS, _ODD_PRINT_CHARS):
            return None
        if ":" in name or ":" in print_:
            return None
        ahead = f" {name}={text_class}:".encode()
        ats.append(len(told) + len(ahead))
        names.append(hash_of(name))
        sizes.append(_WHOLE if len(print_) == PRINT_CHARS else ODD)
        told += ahead + bytes(len(print_))
        kept += b"\xff" * len(ahead) + bytes(len(print_))
    # A fingerprint of one character is read as any other.
    size = ats[-1] + PRINT_CHARS
    room = bytes(size - len(told) + -size % EIGHT)
    return _Shape(
        np.frombuffer(bytes(told + room), dtype="<u8"),
        np.frombuffer(bytes(kept + room), dtype="<u8"),
        tuple(ats),
        np.array(names, dtype=np.uint64)[:, np.newaxis],
        np.array(sizes)[:, np.newaxis],
    )


def _field_by_field(lines: Lines, mine: Ints) -> tuple[Hashes, Flags]:
    begin, end = operation_of(lines, mine)
    four = lines.eight(begin) & np.uint64(0xFFFFFFFF)
    plain: Flags = end - begin == len(_OPERATION)
    plain &= four == np.uint64(int.from_bytes(_OPERATION.encode(), "little"))
    plain &= lines.count[mine] > _ahead(lines, mine)
    digest = np.zeros(len(mine), dtype=np.uint64)
    for some, fine, names, prints in fields_of(lines, mine):
        digest[some] += digest_of(names, prints)
        plain[some[~fine]] = False
    return digest, plain


def fields_of(lines: Lines, mine: Ints) -> Iterator[tuple[Ints, Flags, Hashes, Hashes]]:
    """Field by field: which of these intents have one, whether it is well made, name and print.

    Names are hashes, prints as :func:`digest_of` takes them.
    """
    ahead = _ahead(lines, mine)
    fields_n = lines.count[mine] - ahead
    equals = np.append(np.flatnonzero(lines.data == ord("=")), len(lines.data))
    colons = np.append(np.flatnonzero(lines.data == ord(":")), [len(lines.data)] * 2)
    for nth in range(int(fields_n.max(initial=0))):
        some = np.flatnonzero(fields_n > nth)
        begin, end = lines.word(mine[some], ahead[some] + nth)
        equal = equals[np.searchsorted(equals, begin)]
        colon = np.searchsorted(colons, begin)
        print_at, print_end = colons[colon] + 1, np.minimum(colons[colon + 1], end)
        size = print_end - print_at
        fine = (equal < print_at) & ((size == PRINT_CHARS) | (size == _ODD_PRINT_CHARS))
        # What is not well made is nowhere in particular.
        equal, print_at = np.where(fine, equal, begin), np.where(fine, print_at, begin)
        prints = lines.eights(print_at, PRINT_WORDS)
        prints[size == _ODD_PRINT_CHARS] &= ODD
        yield some, fine, lines.hashes(begin, equal), prints


def operation_of(lines: Lines, mine: Ints) -> tuple[Ints, Ints]:
    """Where the operation of each of these intents begins and ends."""
    return lines.word(mine, _ahead(lines, mine) - 1)


def _ahead(lines: Lines, mine: Ints) -> Ints:
    return np.where(lines.data[lines.at[mine]] == ord("n"), AHEAD_OPENING, AHEAD)
