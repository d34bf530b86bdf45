"""A load's journal outlives what ends its process, and a full disk."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from harness.checks.course import Course, course_of
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.journal.acts_files import ActsFile, find_acts
from harness.journal.clocks import Clock, clock_of
from harness.journal.handles import Trial
from harness.journal.volume import SCHEMA
from harness.journal.volume_writer import SUM_LINES, VolumeWriter
from harness.journal.writer import JournalWriter
from harness.model import Field, Form
from harness.sieve.gathering import gathered
from harness.values import trial_number

NOTE = Form("note", "main", ("id",), (Field("title", "title"), Field("text", "text")))
FORMS = {"note": NOTE}
ROOT = Path(__file__).parent.parent.parent


def read(files: list[ActsFile]) -> Course:
    """What these journals add up to."""
    with gathered(files, FORMS, None, None) as load:
        return course_of(load.told)


def saved(writer: VolumeWriter, number: int = 0) -> None:
    """One save of one record, from its opening to its acknowledgement."""
    id_, place = f"load/{number}/1", trial_number("load", number, 1)
    trial = Trial(writer, id=id_, run="ab12", number=place, forms=FORMS)
    with trial.record("note", key=number).save(title="plain", text="plain") as save:
        assert save.values
        save.acknowledged("200 PATCH", level="transport")


# What a process of its own does: save without end, and tell of each save that it is journaled.
SAVING = """
import sys
from pathlib import Path
from harness.journal.volume_writer import VolumeWriter
from tests.journal.test_durability import saved
writer = VolumeWriter(Path(sys.argv[1]))
for number in range(1_000_000):
    saved(writer, number)
    print(number, flush=True)
"""


@contextmanager
def saving(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SAVING, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_process_loses_no_acknowledgement(tmp_path: Path) -> None:
    """After SIGKILL every save that was told is there, and unknown is what was under way."""
    with saving(tmp_path) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(3 * SUM_LINES)][-1]
        process.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
    course = read(find_acts(tmp_path))

    assert course.orphans_n == 0
    assert told + 1 <= course.states["acknowledged"] <= told + 2
    assert course.states["unknown"] <= 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for a few lines; where nobody may mount one, a limit on files does it."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if (
        os.geteuid() == 0
        and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    ):
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def keep_saving(writer: VolumeWriter) -> int:
    """How many saves were journaled before the disk was full."""
    for number in range(10_000):
        try:
            saved(writer, number)
        except EnvironmentBroken:
            return number
    raise AssertionError("the disk is not small")


def test_a_full_disk_tears_no_line(small_disk: Path) -> None:
    """Where a line does not fit it is taken back: what was journaled before is whole."""
    writer = VolumeWriter(small_disk)
    told_n = keep_saving(writer)
    with suppress(EnvironmentBroken):
        writer.close()
    course = read(find_acts(small_disk))

    assert writer.path.read_bytes().endswith(b"\n")
    assert (course.states["acknowledged"], course.cut_n, course.orphans_n) == (told_n, 0, 0)
    assert told_n > 10


def test_a_disk_with_room_again_goes_on(small_disk: Path) -> None:
    """What is written after a line that did not fit follows a whole one."""
    writer = JournalWriter(small_disk, "gate")
    with pytest.raises(EnvironmentBroken):
        writer.append("y" * 70_000)
    writer.append("z")
    writer.close()

    assert writer.path.read_bytes().endswith(b"\nz\n")
    assert b"y" not in writer.path.read_bytes().splitlines()[-2]


def test_a_line_that_was_cut_counts_for_nothing_and_is_told(tmp_path: Path) -> None:
    """The last line of a process that was killed in it is left out, and counted."""
    with VolumeWriter(tmp_path) as writer:
        saved(writer)
    lines = writer.path.read_bytes().splitlines(keepends=True)
    (acknowledged,) = [n for n, line in enumerate(lines) if line.startswith(b"a ")]
    writer.path.write_bytes(b"".join(lines[:acknowledged]) + lines[acknowledged][:-5])
    course = read(find_acts(tmp_path))

    assert (course.states["acknowledged"], course.states["unknown"], course.cut_n) == (0, 1, 1)


def test_a_journal_that_is_cut_at_any_byte_says_what_is_whole(tmp_path: Path) -> None:
    """Of a process that is killed in any of its writes only what was in flight is unknown."""
    with VolumeWriter(tmp_path) as writer:
        for number in range(2):
            saved(writer, number)
    whole = writer.path.read_bytes()
    for size in range(whole.index(b"\n") + 1, len(whole)):
        writer.path.write_bytes(whole[:size])
        course = read(find_acts(tmp_path))
        begun, told = (whole[:size].rpartition(b"\n")[0].count(act) for act in (b"\nn ", b"\na "))

        assert (course.records_n, course.orphans_n) == (begun, 0)
        assert (course.states["acknowledged"], course.states["unknown"]) == (told, begun - told)


@pytest.mark.parametrize("damage", ["a byte", "a hole", "a line"])
def test_what_was_changed_after_it_was_written_is_an_error(tmp_path: Path, damage: str) -> None:
    """Lines that are not what their process summed up are named, whatever happened to them."""
    with VolumeWriter(tmp_path) as writer:
        for number in range(SUM_LINES):
            saved(writer, number)
    whole = writer.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    middle = sum(map(len, lines[:500])) + 30
    spoiled = {
        "a byte": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "a hole": whole[:middle] + b"\0" * 64 + whole[middle + 64 :],
        "a line": b"".join(lines[:500] + lines[501:]),
    }
    writer.path.write_bytes(spoiled[damage])

    with pytest.raises(RecordUnreadable, match=r"\.acts, line \d+: the 10\d\d lines above"):
        read(find_acts(tmp_path))


def test_lines_that_are_missing_with_their_own_sum_are_an_error(tmp_path: Path) -> None:
    """A whole block of saves that is taken out of a journal leaves a sum that goes on from none."""
    with VolumeWriter(tmp_path) as writer:
        for number in range(2 * SUM_LINES):
            saved(writer, number)
    (path,) = tmp_path.glob("load-*.acts")
    whole = read(find_acts(tmp_path))
    first, second, *rest = re.findall(rb"(?s).*?\nc [^\n]*\n", path.read_bytes())
    assert second.count(b"\na ") > SUM_LINES // 10
    assert whole.states["acknowledged"] == 2 * SUM_LINES
    path.write_bytes(b"".join([first, *rest]))

    with pytest.raises(RecordUnreadable, match="are not what was written"):
        read(find_acts(tmp_path))


def test_a_line_that_goes_on_with_another_is_an_error(tmp_path: Path) -> None:
    """A torn line in the middle is named by file and number also where nothing is summed up."""
    with VolumeWriter(tmp_path) as writer:
        saved(writer)
    every = writer.path.read_bytes().splitlines(keepends=True)
    lines = [line for line in every if not line.startswith(b"c ")]
    writer.path.write_bytes(b"".join([lines[0], lines[1][:20], *lines[2:]]))

    with pytest.raises(RecordUnreadable, match=r"line 2: "):
        read(find_acts(tmp_path))


@pytest.mark.parametrize("time", ["nan", "inf", "-inf", "1e999"])
def test_what_is_no_time_is_an_error(tmp_path: Path, time: str) -> None:
    """No save was told stored at a moment that is none; no process of ours writes such a line."""
    with VolumeWriter(tmp_path) as writer:
        saved(writer)
    lines = writer.path.read_text("ascii").splitlines(keepends=True)
    told = [re.sub(r"^a \S+", f"a {time}", line) for line in lines if line[:2] != "c "]
    writer.path.write_text("".join(told), "ascii")

    with pytest.raises(RecordUnreadable, match="line 3: no time is"):
        read(find_acts(tmp_path))


@pytest.mark.parametrize("wall", ["NaN", "Infinity", "1" + "0" * 400, '"soon"', "null", "[]"])
def test_a_clock_that_says_no_time_is_an_error(tmp_path: Path, wall: str) -> None:
    """What the head of a journal says of its host's clocks has to be times."""
    head = f'{{"schema": "{SCHEMA}", "boot": "there", "at_s": 1.0, "wall_s": {wall}}}\n'
    (tmp_path / "load-1.acts").write_text(head, "ascii")

    with pytest.raises(RecordUnreadable, match="cannot be read"):
        find_acts(tmp_path, HERE)


def test_what_is_no_journal_is_told(tmp_path: Path) -> None:
    """A file of something else is named, with what it may be."""
    (tmp_path / "load-1.acts").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 70_000)

    with pytest.raises(RecordUnreadable, match="it is no journal of a load"):
        find_acts(tmp_path)


def test_what_is_no_journal_is_told_without_what_it_holds(tmp_path: Path) -> None:
    """However long its first line, the sentence comes to what it may be."""
    path = tmp_path / "load-1.acts"
    path.write_bytes(b"\xff" * 5_000 + b"\n")
    with pytest.raises(RecordUnreadable) as caught:
        find_acts(tmp_path)

    assert len(str(caught.value)) < len(str(path)) + 250
    assert str(caught.value).endswith("another version of the harness")


def test_a_journal_without_its_head_is_no_journal_yet(tmp_path: Path) -> None:
    """A process that was killed before its first line was whole has saved nothing."""
    (tmp_path / "load-1.acts").write_bytes(b'{"schema": "har')

    assert find_acts(tmp_path) == []


def test_two_workers_of_one_name_are_refused(tmp_path: Path) -> None:
    """Two journals of one worker are two workers that nobody can tell apart."""
    for worker in (0, 1):
        VolumeWriter(tmp_path, worker, "host-a").close()

    with pytest.raises(RecordUnreadable, match="both of a worker called 'host-a'; give each"):
        find_acts(tmp_path)


def test_two_processes_that_count_their_users_alike_are_refused(tmp_path: Path) -> None:
    """A record that is opened twice would hide the saves of the first, and is an error."""
    for worker in (0, 1):
        with VolumeWriter(tmp_path, worker) as writer:
            saved(writer)

    with pytest.raises(RecordUnreadable, match="opened a second time: two processes"):
        read(find_acts(tmp_path))


# --- clocks --------------------------------------------------------------------------------------


def noted(folder: Path, boot: str, at_s: float, aheads_s: list[float]) -> None:
    """A journal of another host, with what its clocks said at its head and in its sums."""
    first, *later = aheads_s
    head = f'{{"schema": "{SCHEMA}", "name": "far", "boot": "{boot}", "at_s": {at_s}, '
    lines = [head + f'"wall_s": {at_s + first}}}']
    lines += [f"n {at_s:.6f} {at_s:.6f} load/1/1/r1 note 1 save text=plain:0123456789abcdef"]
    lines += [f"a {at_s + 1:.6f} load/1/1/r1/s1 200"]
    path = folder / "load-0-1.acts"
    path.write_text("\n".join(lines) + "\n", "ascii")
    crc = zlib.crc32(path.read_bytes().partition(b"\n")[2])
    for ahead_s in later:
        with path.open("ab") as stream:
            stream.write(f"c {at_s:.6f} {at_s + ahead_s:.6f} {crc:08x} 2\n".encode("ascii"))


HERE = clock_of("here", [(100.0, 1_000_100.0)])


def test_times_of_another_host_are_taken_to_the_clock_of_the_run(tmp_path: Path) -> None:
    """A monotonic clock that began elsewhere is moved by what both wall clocks say."""
    noted(tmp_path, "there", 5_000.0, [995_110.0, 995_110.0, 995_110.0])
    (file,) = find_acts(tmp_path, HERE)
    course = read([file])

    assert (file.shift_s, file.jumped_s) == (-4_890.0, 0.0)
    assert (course.start_s, course.over_s) == (110.0, 111.0)


@pytest.mark.parametrize(
    "aheads_s",
    [
        pytest.param([995_110.0, 995_110.0, 998_710.0], id="ahead, near the end"),
        pytest.param([998_710.0, 995_110.0, 995_110.0], id="back, after the head"),
    ],
)
def test_a_wall_clock_that_was_set_once_moves_nothing(
    tmp_path: Path, aheads_s: list[float]
) -> None:
    """Of several notes the middle one counts, and that they differ is told."""
    noted(tmp_path, "there", 5_000.0, aheads_s)
    (file,) = find_acts(tmp_path, HERE)

    assert (file.shift_s, file.jumped_s) == (-4_890.0, 3_600.0)


def test_a_host_that_was_started_again_has_another_clock(tmp_path: Path) -> None:
    """Its monotonic clock begins anew, behind the run's; the wall clock brings it back."""
    noted(tmp_path, "here, started again", 5.0, [1_000_500.0, 1_000_500.0, 1_000_500.0])
    (file,) = find_acts(tmp_path, HERE)
    course = read([file])

    assert (file.shift_s, file.jumped_s) == (500.0, 0.0)
    assert (course.start_s, course.over_s) == (505.0, 506.0)


@pytest.mark.parametrize("line", ["c", "c 1.0", "c nan 1.0 00000000 0", "c x y 00000000 0"])
def test_a_sum_that_notes_no_time_is_an_error(tmp_path: Path, line: str) -> None:
    """A note of another host's clocks that cannot be read moves nothing by a guess."""
    noted(tmp_path, "there", 5_000.0, [995_110.0])
    with (tmp_path / "load-0-1.acts").open("a") as stream:
        stream.write(f"{line} \n")

    with pytest.raises(RecordUnreadable, match="cannot be read"):
        find_acts(tmp_path, HERE)


def test_times_of_the_same_host_stay_as_they_are(tmp_path: Path) -> None:
    """Whatever a wall clock says, one monotonic clock is one axis."""
    noted(tmp_path, "here", 5_000.0, [1.0, 2.0])
    (same,) = find_acts(tmp_path, HERE)
    (unknown,) = find_acts(tmp_path, Clock())

    assert (same.shift_s, same.jumped_s, unknown.shift_s) == (0.0, 0.0, 0.0)
