"""What arrays say of the lines of a journal is what each of them says by itself."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.checks.course import Course, course_of
from harness.errors import RecordUnreadable
from harness.journal.acts_files import find_acts
from harness.journal.volume import SCHEMA, Volume, VolumeRecord, VolumeSave, take
from harness.model import Form
from harness.sieve import acts
from harness.sieve.gathering import gathered
from harness.sieve.words import read_lines
from tests.checks.acts import apart

HEAD = json.dumps({"schema": SCHEMA, "pid": 1})
NOTE = Form("note", "main", ("id",), ())
PLAIN = "save a=plain:0123456789abcdef"
SAVED = st.sampled_from(
    [
        *[PLAIN] * 4,
        "save a=plain:- b=edge:fedcba9876543210",
        "save a=literal:0123456789abcdef:%22x%22",
        "clear a=literal:0123456789abcdef:%22%22",
        "delete",
    ]
)
ENDS = st.sampled_from(["a", "a", "a", "a", "x", "u", "t", ""])
ENDED = {"a": "200", "x": "500", "u": "no%20answer ?", "t": "a=0123456789abcdef:%22y%22"}
# Its key is known at once, once it was saved, before it is, or never.
KEYED = st.sampled_from(["at once", "at once", "at once", "saved", "early", "never"])
# In two lines or in one, and its saves.
RECORDS = st.lists(
    st.tuples(st.booleans(), KEYED, st.lists(st.tuples(SAVED, ENDS), max_size=3)), max_size=5
)
# What is read together, which may end in any line.
CHUNK_BYTES = st.sampled_from([90, 200, 9_999])
MISHAPS = st.lists(
    st.tuples(st.sampled_from(["lost", "twice", "late"]), st.integers(0, 40)), max_size=2
)


def lines_of(nth: int, is_apart: bool, keyed: str, saves: Sequence[tuple[str, str]]) -> list[str]:
    """A record's lines, of which one is told after the other."""
    record, at_s = f"load/{nth}/1/r1", f"{nth}.500000"
    key = "7" if keyed == "at once" else "?"
    found = [f"r {at_s} {record} note {key}"]
    for n, (saved, end) in enumerate(saves, 1):
        if n == 1 and not is_apart and keyed != "early":
            found = [f"n {at_s} {at_s} {record} note {key} {saved}"]
        else:
            found.append(f"i {at_s} ? {record}/s{n} {saved}")
        if end:
            found.append(f"{end} {at_s} {record}/s{n} {ENDED[end]}")
    if keyed in ("early", "saved"):
        found.insert(1 if keyed == "early" else len(found), f"k {at_s} {record} 8")
    return found


def one_by_one(text: str) -> Volume | None:
    """What whole lines say, each by itself; None where that is an error."""
    volume, saves = Volume(), dict[str, VolumeSave]()
    try:
        for line in text.split("\n")[1:-1]:
            take(line.split(" "), volume, saves)
    except ValueError:
        return None
    return volume


def in_arrays(
    folder: Path, text: str, parts_n: int
) -> tuple[dict[str, VolumeRecord], Course] | None:
    """The records that are found in arrays, and what they add up to; None where it is an error."""
    (folder / "load-0-1.acts").write_text(text, "ascii")
    try:
        with gathered(find_acts(folder), {"note": NOTE}, None, None, parts_n) as load:
            parts = [load.part(n) for n in range(load.spots.partitions_n)]
            found = [record for part in parts for record in part.records(part.size > 0)]
            found += load.keyless_records()
            return {record.id: record for record in found}, course_of(load.told)
    except RecordUnreadable:
        return None


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(RECORDS, st.booleans(), MISHAPS, st.integers(0, 90), st.integers(1, 3), CHUNK_BYTES)
@example([(True, "at once", [(PLAIN, "a")])], False, [("late", 1)], 0, 1, 9_999)
@example([(False, "at once", [(PLAIN, "a")])], False, [("late", 0)], 0, 1, 9_999)
@example([(False, "at once", [(PLAIN, ""), (PLAIN, "a")])], False, [("lost", 1)], 0, 1, 9_999)
@example([(False, "saved", [(PLAIN, "a")])], False, [("late", 0)] * 2, 0, 1, 9_999)
@example([(False, "at once", [(PLAIN, "a")])], False, [("twice", 0), ("lost", 0)], 0, 1, 9_999)
def test_arrays_say_what_each_line_says(
    records: list[tuple[bool, str, list[tuple[str, str]]]],
    are_beside: bool,
    mishaps: list[tuple[str, int]],
    cut_n: int,
    parts_n: int,
    chunk_bytes: int,
) -> None:
    """In one line or in two, late, refused, never told, lost, told twice, out of order or cut."""
    told = [lines_of(n, *of) for n, of in enumerate(records)]
    in_turn = zip_longest(*told) if are_beside else told
    lines = [line for some in in_turn for line in some if line]
    for what, of in mishaps:
        n = of % max(1, len(lines))
        if what != "lost":
            lines += lines[n : n + 1]
        if what != "twice":
            del lines[n : n + 1]
    whole = "".join(f"{line}\n" for line in [HEAD, *lines])
    text = whole[: max(len(HEAD) + 1, len(whole) - cut_n)]
    *ended, cut = text.split("\n")
    text_apart = "\n".join([each for line in ended for each in apart(line)] + [cut])
    due, kinds = one_by_one(text), {what for what, _ in mishaps}
    some = partial(read_lines, chunk_bytes=chunk_bytes)
    with tempfile.TemporaryDirectory() as folder, patch.object(acts, "read_lines", some):
        found = in_arrays(Path(folder), text, parts_n)
        found_apart = in_arrays(Path(folder), text_apart, parts_n)

    assert (due is None) == (found is None)
    if due is not None and found is not None:
        saves = [save for record in due.records.values() for save in record.saves]
        states = [save.state for save in saves]
        assert due.records == found[0]
        assert due.orphans_n == found[1].orphans_n
        # Where a line stands ahead of what it belongs to, only reading its record finds it; of two
        # the first may be lost.
        if {"late"}.isdisjoint(kinds) and not {"twice", "lost"} <= kinds:
            assert Counter(states) == Counter(found[1].states)
        assert found[1].cut_n == bool(cut)
    assert found == found_apart
