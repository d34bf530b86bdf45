"""Entries that were kept on disk come back, each with those of its partition."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import EnvironmentBroken
from harness.sieve import spill
from harness.sieve.heard import Turns
from harness.sieve.spill import Pair, Spill, partition_of

ENTRY = np.dtype([("key", "<u8"), ("nth", "<u4")])
KEYS = st.lists(st.integers(0, (1 << 64) - 1), max_size=40)
# How many are added at once, and to which of two.
ADDED = st.lists(st.tuples(KEYS, st.booleans()), max_size=8)


@given(ADDED, st.integers(1, 9), st.integers(1, 200))
def test_what_two_have_kept_is_all_there(
    added: list[tuple[list[int], bool]], partitions_n: int, held_bytes: int
) -> None:
    """However few wait for others: each is in its partition once, in the order it was added."""
    spills = Spill(ENTRY, partitions_n, by="key"), Spill(ENTRY, partitions_n, by="key")
    due: list[list[list[tuple[int, int]]]] = [[[], []] for _ in range(partitions_n)]
    nth = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "HELD_BYTES", held_bytes + ENTRY.itemsize)
        for keys, is_other in added:
            entries = np.zeros(len(keys), dtype=ENTRY)
            entries["key"], entries["nth"] = keys, np.arange(nth, nth + len(keys))
            nth += len(keys)
            spills[is_other].add(entries)
            parts = partition_of(entries["key"], partitions_n).tolist()
            for part, entry in zip(parts, entries.tolist(), strict=True):
                due[part][is_other].append(entry)
    found = [Pair(*spills).read(partition).tolist() for partition in range(partitions_n)]
    for each in spills:
        each.close()

    assert [one + other for one, other in due] == found


@given(st.lists(st.tuples(KEYS, st.lists(st.integers(0, 6), max_size=8)), max_size=6))
def test_partitions_are_read_in_any_order(steps: list[tuple[list[int], list[int]]]) -> None:
    """Also while more is added: each time all of a partition is there that was added so far."""
    kept, due = Spill(ENTRY, 7, by="key"), list[list[tuple[int, int]]]([] for _ in range(7))
    found: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "WRITTEN_BYTES", 5)
        for nth, (keys, reads) in enumerate(steps):
            entries = np.zeros(len(keys), dtype=ENTRY)
            entries["key"], entries["nth"] = keys, nth
            kept.add(entries)
            parts = partition_of(entries["key"], 7).tolist()
            for part, entry in zip(parts, entries.tolist(), strict=True):
                due[part].append(entry)
            found += [(kept.read(part).tolist(), list(due[part])) for part in reads]
    kept.close()

    for read, wanted in found:
        assert read == wanted


def test_what_was_cut_is_told() -> None:
    """Entries that are not there any more are an error, and not fewer entries."""
    kept = Spill(ENTRY, 1, by="key")
    kept.add(np.zeros(9, dtype=ENTRY))
    kept.flush()
    os.ftruncate(kept.fd, 5 * ENTRY.itemsize)

    with pytest.raises(EnvironmentBroken, match="cut while it was in use"):
        kept.read(0)
    kept.close()


def test_each_turn_is_given_once() -> None:
    """Whichever of two processes comes, the next partition is its, until there are no more."""
    turns = Turns(200)
    code = (
        "import sys\n"
        "from harness.sieve.heard import Turns\n"
        "turns = Turns.__new__(Turns)\n"
        "turns.fd = int(sys.argv[1])\n"
        "print(*turns)\n"
    )
    one = next(iter(turns))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(turns.fd)],
            stdout=subprocess.PIPE,
            pass_fds=[turns.fd],
        )
        for _ in range(2)
    ]
    told = [list(map(int, process.communicate()[0].split())) for process in started]
    left = list(turns)
    turns.close()

    assert sorted([one, *told[0], *told[1]]) == list(range(200))
    assert left == []
