"""A journal read back: whole, in order of time, and refused where it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import RecordUnreadable
from harness.journal import events as ev
from harness.journal.reader import read_journal


def lines(folder: Path, name: str, *events: ev.Event, end: bytes = b"") -> Path:
    """A file of the journal with these lines."""
    path = folder / f"{name}.jsonl"
    text = "".join(json.dumps(ev.to_json(event)) + "\n" for event in events)
    path.write_bytes(text.encode() + end)
    return path


def test_files_are_merged_in_the_order_of_time(tmp_path: Path) -> None:
    """Several processes wrote; their lines are read as they happened."""
    lines(tmp_path, "b", ev.StageEntered(stage="1", at_s=1.0), ev.StageEntered(stage="3", at_s=3.0))
    lines(tmp_path, "a", ev.StageEntered(stage="2", at_s=2.0), ev.Closed(at_s=4.0))

    assert [1.0, 2.0, 3.0, 4.0] == [event.at_s for event in read_journal(tmp_path)]


def test_lines_of_one_moment_keep_their_order(tmp_path: Path) -> None:
    """Within a file nothing is turned round, however fast it was written."""
    stages = [ev.StageEntered(stage=str(n), at_s=1.0) for n in range(20)]
    lines(tmp_path, "a", *stages)

    assert tuple(stages) == read_journal(tmp_path)


@pytest.mark.parametrize("end", [b'{"kind":"clo', b'{"kind":"closed","at_s":9.0}', b"\xff\xfe"])
def test_a_last_line_without_its_end_is_left_out(tmp_path: Path, end: bytes) -> None:
    """A process that was cut while it wrote has not said it."""
    lines(tmp_path, "a", ev.StageEntered(stage="1", at_s=1.0), end=end)

    assert ["stage-entered"] == [event.kind for event in read_journal(tmp_path)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "line 2: "),
        (b"[1]", r"line 2: an event is an object, not \[1\]"),
        (b"null", "line 2: an event is an object"),
        (b"", "line 2: "),
        (b"\xff", "line 2: "),
        (b'{"kind":"saved","at_s":1.0}', "line 2: unknown kind of event 'saved'"),
    ],
)
def test_any_other_line_that_does_not_parse_is_refused(
    tmp_path: Path, line: bytes, why: str
) -> None:
    """A damaged journal is no evidence; file and line say where."""
    lines(tmp_path, "a", ev.Closed(at_s=1.0), end=line + b"\n")

    with pytest.raises(RecordUnreadable, match=rf"a\.jsonl, {why}"):
        read_journal(tmp_path)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    """A journal of another harness is not guessed at."""
    lines(tmp_path, "a", ev.Opened(writer="gate", pid=1, wall_s=1.0, schema="harness.journal/9"))

    with pytest.raises(RecordUnreadable, match=r"harness\.journal/9.*reads 'harness\.journal/1'"):
        read_journal(tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """What is there and is no file is said with its path."""
    (tmp_path / "a.jsonl").mkdir()

    with pytest.raises(RecordUnreadable, match=r"a\.jsonl cannot be read"):
        read_journal(tmp_path)


def test_a_run_without_a_journal_said_nothing(tmp_path: Path) -> None:
    """No file is no line."""
    assert () == read_journal(tmp_path)
