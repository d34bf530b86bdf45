"""Entries that were kept on disk come back, each with those of its partition."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import EnvironmentBroken
from harness.sieve import hearing, spill
from harness.sieve.hearing import Turns
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


def test_who_dies_with_its_turn_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each turn is given once; where it is never given on, that is an error and no endless wait."""
    number = multiprocessing.get_context("spawn").Value("q", 0)
    one, other = iter(Turns(4, number)), iter(Turns(4, number))
    given_ = [next(one), next(other), next(one), *other]
    monkeypatch.setattr(hearing, "TURN_S_MAX", 0.05)

    assert given_ == [0, 1, 2, 3]
    held = multiprocessing.get_context("fork").Process(target=number.get_lock().acquire)
    held.start()
    held.join()
    with pytest.raises(EnvironmentBroken, match="has died while it took its turn"):
        next(iter(Turns(4, number)))
