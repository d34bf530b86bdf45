"""Two lines as one entry: for what is all there is of a record, and for nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from itertools import zip_longest
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from harness.journal.acts_files import find_acts
from harness.sieve import acts
from harness.sieve.heard import hear
from harness.sieve.kinds import TOLD, kind_of
from harness.sieve.pairs import Acts, lines_of, paired
from harness.sieve.spill import Entries
from harness.sieve.words import Ints, read_lines
from tests.sieve.test_acts import CHUNK_BYTES, ENDED, HEAD, PLAIN, RECORDS
from tests.sieve.test_acts import lines_of as told_of

RECORD = "load/0/1/r1"
BEGUN, TOLD_SO = f"n 0.5 0.5 {RECORD} note 7 {PLAIN}", f"a 0.6 {RECORD}/s1 {ENDED['a']}"
# Each is about the same record, or the save, and so none of it is a pair.
OTHERS = [
    f"r 0.5 {RECORD} note 7",
    f"k 0.5 {RECORD} 8",
    BEGUN,
    f"i 0.7 0.7 {RECORD}/s2 {PLAIN}",
    TOLD_SO,
    f"a 0.8 {RECORD}/s2 {ENDED['a']}",
    f"x 0.6 {RECORD}/s1 {ENDED['x']}",
    f"u 0.6 {RECORD}/s1 {ENDED['u']}",
    f"t 0.6 {RECORD}/s1 {ENDED['t']}",
]


def read(
    *files: Sequence[str], chunk_bytes: int = 9_999, parts_n: int = 1
) -> list[tuple[Entries, Entries]]:
    """The pairs and the other lines of each partition."""
    some = partial(read_lines, chunk_bytes=chunk_bytes)
    with tempfile.TemporaryDirectory() as made, patch.object(acts, "read_lines", some):
        folder, kept = Path(made), Acts(parts_n)
        for number, lines in enumerate(files):
            text = "".join(f"{line}\n" for line in [HEAD, *lines])
            (folder / f"load-{number}-1.acts").write_text(text, "ascii")
        with closing(kept.lines), closing(kept.pairs):
            hear(find_acts(folder), kept)
            return [kept.read(part) for part in range(parts_n)]


def test_what_was_opened_saved_and_told_by_two_lines_is_a_pair() -> None:
    """Also where lines of others stand between them."""
    other = [line.replace("/0/", "/1/") for line in (BEGUN, TOLD_SO)]
    ((pairs, lines),) = read([BEGUN, *other, TOLD_SO])

    assert (2, 0) == (len(pairs), len(lines))
    assert {0.5} == set(pairs["at_s"].tolist())
    assert {0.6} == set(pairs["told_s"].tolist())
    assert [TOLD, TOLD] == [int(kind) & TOLD for kind in pairs["told"].tolist()]


@pytest.mark.parametrize("other", OTHERS)
def test_where_anything_else_is_said_of_the_record_there_is_no_pair(other: str) -> None:
    """Ahead of both, between them, behind them, and in a file of its own."""
    for nth in range(3):
        told = [BEGUN, TOLD_SO]
        told.insert(nth, other)
        for chunk_bytes in (90, 9_999):
            ((pairs, lines),) = read(told, chunk_bytes=chunk_bytes)
            assert (0, 3) == (len(pairs), len(lines))
            assert sorted(lines["place"].tolist()) == lines["place"].tolist()
    ((pairs, lines),) = read([BEGUN, TOLD_SO], [other])
    assert (0, 3) == (len(pairs), len(lines))


@pytest.mark.parametrize(
    "told",
    [
        [TOLD_SO, BEGUN],
        [BEGUN.replace(" 7 ", " ? "), TOLD_SO],
        [BEGUN.replace("save a", "clear a"), TOLD_SO],
        [BEGUN, TOLD_SO.replace("/s1", "/s2")],
        [BEGUN, TOLD_SO.replace("a 0.6", "x 0.6")],
    ],
    ids=["told first", "no key", "no plain save", "another save", "refused"],
)
def test_no_other_two_lines_are_a_pair(told: list[str]) -> None:
    """Each of them is looked at as it is."""
    ((pairs, lines),) = read(told)
    assert (0, 2) == (len(pairs), len(lines))


def none(begun: Entries, told: Entries) -> tuple[Ints, Ints]:
    """No two lines."""
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(RECORDS, CHUNK_BYTES)
def test_pairs_and_lines_are_every_line(
    records: list[tuple[bool, str, list[tuple[str, str]]]], chunk_bytes: int
) -> None:
    """Nothing is lost or changed by it, and nobody else speaks of a pair's record."""
    told = [told_of(n, *of) for n, of in enumerate(records)]
    text = [line for some in zip_longest(*told) for line in some if line]
    found = read(text, chunk_bytes=chunk_bytes, parts_n=2)
    with patch.object(acts, "paired", none):
        due = read(text, parts_n=2)

    for (pairs, lines), (no_pairs, every) in zip(found, due, strict=True):
        both = np.concatenate((lines, lines_of(pairs)))
        assert not len(no_pairs)
        assert every.tobytes() == both.take(np.argsort(both["place"])).tobytes()
        assert not set(pairs["rec"].tolist()) & set(lines["rec"].tolist())
        assert len(set(pairs["rec"].tolist())) == len(pairs)


def test_of_a_save_that_begins_twice_the_last_one_may_be_a_pair() -> None:
    """And of what was told twice the first."""
    ((_, lines),) = read([BEGUN, BEGUN, TOLD_SO, TOLD_SO])
    begun, told = lines[kind_of(lines) != TOLD], lines[kind_of(lines) == TOLD]

    assert ([1], [0]) == tuple(each.tolist() for each in paired(begun, told))


def test_a_record_that_is_told_of_by_two_pairs_is_none() -> None:
    """Where they are read apart from each other, and in two files."""
    both = [BEGUN, TOLD_SO]
    for found in (read(both * 2, chunk_bytes=200), read(both, both)):
        ((pairs, lines),) = found
        assert (0, 4) == (len(pairs), len(lines))


def test_saves_of_two_records_with_one_hash_are_no_pair() -> None:
    """Which is so rare that it has to be made up; both are then read as they are."""
    ((_, lines),) = read([TOLD_SO, BEGUN])
    begun, told = lines[kind_of(lines) != TOLD], lines[kind_of(lines) == TOLD]
    begun["place"] = 0 * begun["place"] + kind_of(begun).astype("u8")
    assert ([0], [0]) == tuple(each.tolist() for each in paired(begun, told))

    told["rec"] += np.uint64(1)
    assert ([], []) == tuple(each.tolist() for each in paired(begun, told))
