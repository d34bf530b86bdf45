"""A journal's file while it is written: whole lines, in order, whoever writes and whatever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from harness.errors import EnvironmentBroken
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter


def test_a_file_opens_with_the_clock(tmp_path: Path) -> None:
    """The first line ties the monotonic clock to the wall clock, and names the writer."""
    before_s = time.time()
    with JournalWriter(tmp_path, "gate") as writer:
        pass
    (line,) = writer.path.read_text().splitlines()
    opened = json.loads(line)

    assert f"gate-{os.getpid()}.jsonl" == writer.path.name
    assert ("opened", "gate", os.getpid()) == (opened["kind"], opened["writer"], opened["pid"])
    assert abs(opened["wall_s"] - before_s) < 5


def test_an_event_is_stamped_when_it_is_written(tmp_path: Path) -> None:
    """The time in the file is the time that is returned."""
    with JournalWriter(tmp_path, "gate") as writer:
        began_s = time.monotonic()
        at_s = writer.write(ev.Closed(at_s=1.0))
    last = read_journal(tmp_path)[-1]

    assert began_s <= at_s <= time.monotonic()
    assert round(at_s, 6) == last.at_s


def test_threads_share_a_writer(tmp_path: Path) -> None:
    """Lines of several threads never mix, and stand in the order of their time."""
    with JournalWriter(tmp_path, "load") as writer:
        stages = ["é" * 1000 + str(n) for n in range(4)]
        threads = [
            Thread(
                target=lambda s=stage: [writer.write(ev.StageEntered(stage=s)) for _ in range(50)]
            )
            for stage in stages
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [json.loads(line) for line in writer.path.read_text().splitlines()[1:]]

    assert 200 == len(lines)
    assert [line["at_s"] for line in lines] == sorted(line["at_s"] for line in lines)


def test_two_writers_of_one_process_append_to_one_file(tmp_path: Path) -> None:
    """Nothing is written over."""
    for _ in range(2):
        with JournalWriter(tmp_path, "gate") as writer:
            writer.write(ev.Closed())
    (path,) = tmp_path.iterdir()

    assert 4 == len(path.read_text().splitlines())


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    """A line is with the kernel when write returns: no flush and no farewell is needed."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from harness.journal.writer import JournalWriter\n"
        "from harness.journal.events import StageEntered\n"
        "writer = JournalWriter(Path(sys.argv[1]), 'child')\n"
        "writer.write(StageEntered(stage='here'))\n"
        "print('written', flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as child:
        assert child.stdout is not None
        assert "written\n" == child.stdout.readline()
        child.send_signal(signal.SIGKILL)

    assert ["opened", "stage-entered"] == [event.kind for event in read_journal(tmp_path)]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    """A journal that cannot be opened is a broken environment, with its path."""
    with pytest.raises(EnvironmentBroken, match=r"gone.*cannot be opened"):
        JournalWriter(tmp_path / "gone", "gate")


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that cannot be kept is never dropped in silence."""

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with JournalWriter(tmp_path, "gate") as writer:
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(EnvironmentBroken, match=r"No space left.*free the disk"):
            writer.write(ev.Closed())
        monkeypatch.undo()


def test_a_line_that_goes_in_parts_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that takes a few bytes at a time gets them all."""
    write = os.write
    with JournalWriter(tmp_path, "gate") as writer:
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
        writer.write(ev.StageEntered(stage="x" * 100))
        monkeypatch.undo()

    assert "x" * 100 == read_journal(tmp_path)[-1].stage  # type: ignore[attr-defined]


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    """Closing twice is nothing, writing afterwards an error that says so."""
    writer = JournalWriter(tmp_path, "gate")
    writer.close()
    writer.close()

    with pytest.raises(EnvironmentBroken, match="is closed"):
        writer.write(ev.Closed())
