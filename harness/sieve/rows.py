"""The rows of a read of storage as entries: where each is to stand, a digest of what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import numpy as np

from harness.errors import RecordUnreadable
from harness.prints import Prints
from harness.sieve.acts import packed
from harness.sieve.spill import Entries, Spill
from harness.sieve.words import Hashes, Ints, Lines, digest_of, hash_of, mixed, read_lines

# Who says something of a spot: a record of one save that was kept, lines of any other record, the
# last read of every row, and the one before the load.
PLAIN, LINES, FINAL, BEFORE = range(KINDS_N := 4)
# key is the hash of a key; form and who are numbers. digest is of what is saved or held, of LINES
# the hash of their record. ready_s is when the save of a PLAIN record was told. lines are places of
# lines, 0 where there are fewer; of a row the second is its number, and the third the hash of what
# its other columns hold.
SPOT = np.dtype(
    [
        ("key", "<u8"),
        ("form", "<u4"),
        ("who", "<u4"),
        ("digest", "<u8"),
        ("ready_s", "<f8"),
        ("lines", "<u8", (4,)),
    ]
)
# Where the entry of a row has the hash of its other columns, and that of a record its fourth line,
# which only a record has that was made: its key came late.
REST, MADE = 2, 3
_BESIDE_FIELDS = 3
_DOT = ord(".")


def spot_of(keys: Hashes, forms: Ints) -> Hashes:
    """One number for a key of a form."""
    return mixed(keys, 2) ^ mixed(forms.astype(np.uint64) + np.uint64(1), 3)


def scan_rows(prints: Prints, who: int, forms: Sequence[str], into: Spill) -> None:
    """Keep an entry for every row of a read; forms are the names by their numbers.

    Raises RecordUnreadable.
    """
    numbers = {name: number for number, name in enumerate(forms)}
    rows_n, is_over = 0, False
    try:
        with prints.path.open("rb") as stream:
            head_bytes = len(stream.readline())
        for lines in read_lines(prints.path, head_bytes):
            mine = np.arange(len(lines.at))
            over = np.flatnonzero(lines.code == _DOT)
            if len(over):
                is_over, mine = True, mine[: over[0]]
            into.add(_entries(lines, mine, prints.fields, numbers, who, rows_n))
            rows_n += len(mine)
            if is_over:
                break
        if rows_n != prints.rows_n or not is_over:
            raise ValueError(f"{prints.rows_n} rows promised, {rows_n} there")
    except (OSError, ValueError, IndexError) as error:
        raise RecordUnreadable(
            f"the observation {prints.path} cannot be read: {error!r}"
        ) from error


def _entries(
    lines: Lines,
    mine: Ints,
    fields: Mapping[str, Sequence[str]],
    numbers: Mapping[str, int],
    who: int,
    rows_n: int,
) -> Entries:
    entries = np.zeros(len(mine), dtype=SPOT)
    begin, end = lines.word(mine, 0)
    form = np.zeros(len(mine), dtype=np.int64)
    for at, (name, names) in enumerate(fields.items()):
        digits = str(at)
        is_it = end - begin == len(digits)
        for n, digit in enumerate(digits):
            is_it &= lines.data[np.minimum(begin + n, end)] == ord(digit)
        rows = np.flatnonzero(is_it)
        form[rows] = at + 1
        odd = np.flatnonzero(lines.count[mine[rows]] != len(names) + _BESIDE_FIELDS)
        if len(odd):
            row = mine[rows[odd[0]]]
            raise ValueError(f"row {rows_n + int(row) + 1} has {lines.count[row]} words")
        entries["form"][rows] = numbers[name]
        entries["digest"][rows] = _digests(lines, mine[rows], names)
    if not form.all():
        raise ValueError(f"row {rows_n + int(np.flatnonzero(form == 0)[0]) + 1} is of no form")
    entries["who"] = who
    entries["key"] = lines.hashes(*lines.word(mine, 1)) if len(mine) else 0
    entries["lines"][:, 0] = packed(who, lines.places[mine], 0)
    entries["lines"][:, 1] = np.arange(rows_n, rows_n + len(mine))
    if len(mine):
        entries["lines"][:, REST] = lines.hashes(*lines.last_word(mine))
    return entries


def _digests(lines: Lines, rows: Ints, names: Sequence[str]) -> Hashes:
    digest = np.zeros(len(rows), dtype=np.uint64)
    for nth, name in enumerate(names):
        print_ = lines.hashes(*lines.word(rows, nth + 2))
        digest += digest_of(np.array([hash_of(quote(name))], dtype=np.uint64), print_)
    return digest
