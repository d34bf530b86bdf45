"""A load is sifted part by part and in bulk, and says what sifting it one by one says."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import astuple
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.checks import sifting, volume
from harness.checks.load_owed import LoadRecord
from harness.checks.owing import Owing
from harness.checks.sifted import Crowd, First, Sifted
from harness.checks.slices import add_slice, write_slice
from harness.checks.volume import sift, sift_slice
from harness.errors import RecordUnreadable
from harness.journal.acts_files import ActsFile, find_acts
from harness.journal.volume import SCHEMA
from harness.sieve import gathering, hearing
from harness.sieve.told import Told
from tests.checks.acts import move_behind, take_apart, write_acts
from tests.checks.load_story import LoadStory, sifted_of
from tests.checks.test_volume import FORM, damaged, record, told
from tests.processes import runs

FORMS = {FORM.name: FORM}
# A process begins and ends in a fraction of it, whatever else goes on.
STOPPED_S_MAX = 20.0
HEAD = json.dumps({"schema": SCHEMA, "pid": 1})
beside = st.tuples(
    st.sampled_from(
        [
            "whole",
            "whole",
            "whole",
            "stray",
            "hollow",
            "changed",
            "rewritten",
            "made over",
            "gone",
            "late",
            "keyless",
            "shared",
            "copied",
            "again",
        ]
    ),
    st.integers(0, 5),
)


def stands_beside(story: LoadStory, n: int, what: str) -> None:
    """A row that is there before the load."""
    if what in ("changed", "gone", "again", "rewritten", "made over"):
        story.stands(f"b{n}", reason=f"beside {n}", history="as it was")
        story.put_beside((f"b{n}",), "author=1")


def happens_beside(story: LoadStory, n: int, what: str, other: int) -> None:
    """What else there is in a load."""
    keys = {"whole": f"w{n}", "again": f"b{n}", "copied": f"c{n}", "keyless": None}
    if what in keys:
        save = story.record(keys[what], user=60 + n).save("reason", "history")
        save.acknowledged(stores=what != "keyless" or other % 2 == 0)
        if what == "copied":
            story.stands(f"copy of {n}", **save.values)
    match what:
        case "stray":
            story.stands(f"s{n}", reason=f"stray {n}")
        case "hollow":
            story.stands(f"s{n}")
        case "changed":
            story.put((f"b{n}",), {"reason": "other"})
        case "rewritten":
            story.put_beside((f"b{n}",), f"author={1 + other % 2}")
        case "gone":
            story.drop((f"b{n}",))
        case "late" | "made over":
            key = f"l{other}" if what == "late" else f"b{n}"
            story.record(key, user=30 + n, late=True).save("reason", "history").acknowledged()
        case "shared":
            story.record(f"k{other}", user=30 + n).save("reason").acknowledged()


def sifted_in_slices(folder: Path, held: LoadRecord, slices_n: int) -> Sifted:
    """What several hosts find together, each in a slice of its own."""
    assert held.final is not None
    found: list[tuple[Path, Mapping[str, object]]] = []
    files = find_acts(folder)
    for nth in range(slices_n):
        with gathering.gathered(files, FORMS, held.before, held.final, slices_n=slices_n) as load:
            sieve = sift_slice(load, FORMS, held.before, held.final, (nth, slices_n))
        found.append((folder / f"slice-{nth}.json", {"slice": nth}))
        write_slice(found[-1][0], sieve, found[-1][1])
    with gathering.gathered(files, FORMS, held.before, held.final) as load:
        return sift(load, FORMS, held.before, held.final, slices=found)


def flat(sifted: Sifted) -> dict[str, object]:
    """All that is said, in values that compare."""

    def told_of(owing: Owing) -> object:
        return owing.form.name, tuple(handle.id for handle in owing.handles), owing.before

    plain = {
        name: getattr(sifted, name)
        for name in Sifted.__slots__
        if name not in ("suspects", "whole", "crowds")
    }
    return plain | {
        "suspects": [(told_of(suspect.owing), suspect.shape) for suspect in sifted.suspects],
        "whole": {name: (told_of(owing), row) for name, (owing, row) in sifted.whole.items()},
        "crowds": {look: astuple(crowd) for look, crowd in sifted.crowds.items()},
    }


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(record, max_size=4),
    st.lists(beside, max_size=8),
    st.booleans(),
    st.booleans(),
    st.integers(2, 5),
    st.integers(1, 3),
)
def test_what_is_divided_is_the_same(
    records: list[tuple[object, ...]],
    others: list[tuple[str, int]],
    is_early: bool,
    is_apart: bool,
    parts_n: int,
    files_n: int,
) -> None:
    """In however many parts and files, and in bulk or one by one, a load says the same.

    However the lines came that open its records.
    """
    with tempfile.TemporaryDirectory() as folder:
        story = LoadStory(Path(folder) / "o", form=FORM)
        for n, (_, _, _, stood) in enumerate(records):
            if stood:
                story.stands(f"k{n}", reason=f"the reason of {n}", history=f"the history of {n}")
        for n, (standing, _) in enumerate(others):
            stands_beside(story, n, standing)
        story.starts()
        handles = [story.record(f"k{n}", user=n) for n in range(len(records))]
        for handle, (acts, what, name, _) in zip(handles, records, strict=True):
            told(story, handle, acts)  # type: ignore[arg-type]
            damaged(story, handle, str(what), str(name))
        for n, (beside_it, other) in enumerate(others):
            happens_beside(story, n, beside_it, other)
        held = story.record_of(0.3 if is_early else 60.0)
        write_acts(story.folder, story.volume, files_n)
        files = find_acts(story.folder)
        assert held.final is not None
        whole = sifted_of(files, FORMS, held.before, held.final, 1, in_bulk=False)
        if is_apart:
            for file in files:
                take_apart(file.path)
        divided = sifted_of(files, FORMS, held.before, held.final, parts_n)
        sliced = sifted_in_slices(story.folder, held, parts_n)

    assert flat(whole) == flat(divided)
    assert flat(whole) == flat(sliced)


def test_lines_that_belong_to_nothing_are_counted_once(tmp_path: Path) -> None:
    """In parts as in slices, with a key or not, and where a record is read again for a copy."""
    story = LoadStory(tmp_path / "o", form=FORM)
    saves = [story.record(key, user=n).save("reason") for n, key in enumerate(("k", None, "c"))]
    for save in saves:
        save.acknowledged()
    story.stands("a copy", **saves[0].values)
    held = story.record_of()
    take_apart(held.files[0].path)
    for save in saves[:2]:
        move_behind(held.files[0].path, "i", save.save.id)
    assert held.final is not None
    whole = sifted_of(find_acts(story.folder), FORMS, held.before, held.final, 3)
    sliced = sifted_in_slices(story.folder, held, 3)

    assert (2, 2) == (whole.orphans_n, sliced.orphans_n)


def test_what_is_plainly_whole_is_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a load that was kept no record is looked at one by one but a few to plant controls in."""
    story = LoadStory(tmp_path / "o", form=FORM)
    story.saves(2 * sifting.CONTROL_CANDIDATES_MAX)
    held = story.record_of()
    weighed: list[Owing] = []
    monkeypatch.setattr(sifting.Sieve, "weigh", lambda _, owing, *of: weighed.append(owing))
    assert held.final is not None
    sifted = sifted_of(held.files, FORMS, held.before, held.final)

    assert (sifted.verified_n, weighed) == (2 * sifting.CONTROL_CANDIDATES_MAX, [])
    assert sifted.whole.keys() == {"note"}


def test_journals_are_read_in_a_process_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is much to read another process does it, and says what one alone would say."""
    story = LoadStory(tmp_path / "o", form=FORM)
    story.saves(300)[7].holds(reason=None)
    held = story.record_of()
    assert held.final is not None
    alone = sifted_of(held.files, FORMS, held.before, held.final)
    monkeypatch.setattr(gathering, "BESIDE_BYTES_MIN", 0)
    beside = sifted_of(held.files, FORMS, held.before, held.final)
    held.files[0].path.write_bytes(held.files[0].path.read_bytes() + b"z 1.0 what\n")

    assert flat(alone) == flat(beside)
    with pytest.raises(RecordUnreadable, match="no act is called 'z'"):
        sifted_of(held.files, FORMS, held.before, held.final)


def test_the_first_by_rank_are_kept_in_whatever_order_they_come() -> None:
    """Of many a few are kept, and all others are handed back, each once."""
    first = First[int](3)
    gone = [item for n in (5, 9, 1, 7, 3, 8, 2) for item in first.add((n,), n)]
    gone += first.cut()

    assert [(rank, item) for rank, item in first.items()] == [((1,), 1), ((2,), 2), ((3,), 3)]
    assert (first.count, sorted(gone)) == (7, [5, 7, 8, 9])


def test_more_suspects_than_are_kept_are_counted(tmp_path: Path) -> None:
    """Of a load that lost everything the first few are kept, and of all others counts."""
    story = LoadStory(tmp_path / "o", form=FORM)
    for each in story.saves(700):
        each.holds(reason=None)
    sifted = story.sifted()
    ((look, crowd),) = sifted.crowds.items()

    assert (len(sifted.suspects), crowd.records_n, crowd.told_n, crowd.saves_n) == (
        500,
        200,
        200,
        200,
    )
    assert look == ("note", sifted.suspects[0].shape)
    assert story.start_s <= crowd.first_s < crowd.last_s
    assert sifted.odd_n == 700
    assert Crowd().saves_n == 0


def test_refused_records_without_a_key_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many were refused, a few are at hand, and all that may have been stored."""
    monkeypatch.setattr(volume, "REFUSED_MAX", 10)
    story = LoadStory(tmp_path / "o", form=FORM)
    for n in range(100):
        story.record(None, user=n).save("reason").refused(stores=n == 0)
    story.record(None, user=100).save("reason").unknown(stores=True)
    story.record(None, user=101).save("reason").acknowledged()
    held = story.record_of()
    assert held.final is not None
    with gathering.gathered(held.files, FORMS, held.before, held.final) as load:
        sieve = sift_slice(load, FORMS, held.before, held.final, (0, 1))
    kept = [owing.handles[0].id for owing in sieve.keyless]

    assert kept == [f"load/{n}/1/r1" for n in (*range(10), 100, 101)]
    assert load.told.records_n == 102
    assert {s.owing.handles[0].id for s in story.sifted().suspects} == {"load/0/1/r1"}


def test_records_that_are_not_judged_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the pace is asked for, no record is read that has nothing amiss."""
    story = LoadStory(tmp_path / "o", form=FORM)
    story.saves(100)[7].save("reason").refused()
    story.record("none").save("reason").unknown()
    held = story.record_of()
    read: list[int] = []
    monkeypatch.setattr(gathering.Gathered, "records", lambda _, places: read.extend(places))
    with gathering.gathered(held.files, {}, None, None):
        pass
    assert read == []

    lines = held.files[0].path.read_text("ascii").splitlines(keepends=True)
    begun = next(line for line in lines if line.startswith("i "))
    ended = next(line for line in lines if line.startswith("a ")).replace("/s1 ", "/s9 ")
    for line, lines_n in ((begun, 5), (ended, 3)):
        held.files[0].path.write_text("".join([*lines, line]), "ascii")
        read.clear()
        with gathering.gathered(held.files, {}, None, None):
            pass
        assert len(read) == lines_n


def test_rows_that_nobody_looks_into_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more rows are nobody's than are looked into, the load is not proved."""
    monkeypatch.setattr(sifting, "FOREIGN_MAX", 2)
    story = LoadStory(tmp_path / "o", form=FORM)
    story.saves(100)
    for n in range(5):
        story.stands(f"s{n}", reason=f"stray {n}")
    grounds = story.judged()

    assert grounds.owed[0].startswith("3 rows of the load are no record's")


def test_a_slice_of_another_load_is_refused(tmp_path: Path) -> None:
    """What was found of something else, or cannot be read, is no part of this load."""
    story = LoadStory(tmp_path / "o", form=FORM)
    story.saves(10)
    held = story.record_of()
    assert held.final is not None
    with gathering.gathered(held.files, FORMS, held.before, held.final) as load:
        sieve = sift_slice(load, FORMS, held.before, held.final, (0, 1))
    path = tmp_path / "slice.json"
    write_slice(path, sieve, {"run": "a"})

    with pytest.raises(RecordUnreadable, match=r"and \{'run': 'b'\} is judged"):
        add_slice(path, sieve, {"run": "b"})
    path.write_text(path.read_text()[:-40])
    with pytest.raises(RecordUnreadable, match="judge it again, or remove it"):
        add_slice(path, sieve, {"run": "a"})


def test_whoever_is_told_to_stop_waits_for_nobody_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process beside is ended with the one that began it, and no file of theirs has a name."""
    monkeypatch.setattr(gathering, "BESIDE_BYTES_MIN", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    endless, beside = tmp_path / "load-0.acts", list[psutil.Process]()
    os.mkfifo(endless)
    files = [ActsFile(endless, 0)]

    def stopped() -> None:
        with gathering.gathering(files, FORMS, None):
            beside.extend(psutil.Process().children())
            raise KeyboardInterrupt

    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert len(beside) == 1
    assert not runs(beside[0].pid)
    assert list(tmp_path.iterdir()) == [endless]
    assert time.monotonic() - began_s < STOPPED_S_MAX


def test_whoever_is_told_to_stop_as_it_begins_leaves_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process beside that was not asked anything yet is ended as well."""
    monkeypatch.setattr(gathering, "BESIDE_BYTES_MIN", 0)
    begun, threads_n = list[psutil.Process](), threading.active_count()

    def stopped(*_: object) -> None:
        begun.extend(psutil.Process().children())
        raise KeyboardInterrupt

    monkeypatch.setattr(hearing.Beside, "_ask", stopped)
    (tmp_path / "load-0.acts").write_text("")
    with (
        pytest.raises(KeyboardInterrupt),
        gathering.gathering([ActsFile(tmp_path / "load-0.acts", 0)], FORMS, None),
    ):
        pass

    assert begun
    assert not any(runs(process.pid) for process in begun)
    assert threads_n == threading.active_count()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_answer_that_nobody_can_read_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong where the answer is taken is an error for whoever waits for it."""
    monkeypatch.setattr(gathering, "BESIDE_BYTES_MIN", 0)

    def unreadable(_: hearing.Beside) -> None:
        raise AttributeError("no such class")

    monkeypatch.setattr(hearing.Beside, "_answer", unreadable)
    (tmp_path / "load-0.acts").write_text("")
    files = [ActsFile(tmp_path / "load-0.acts", 0)]
    with gathering.gathering(files, FORMS, None) as read, pytest.raises(CancelledError):
        read(None)


def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    """Who kills the one that judges a load has killed the process beside it as well."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import psutil\n"
        "from harness.journal.acts_files import ActsFile\n"
        "from harness.sieve import gathering\n"
        "gathering.BESIDE_BYTES_MIN = 0\n"
        "with gathering.gathering([ActsFile(Path(sys.argv[1]), 0)], {}, None):\n"
        "    print(psutil.Process().children()[0].pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    endless, script = tmp_path / "load-0.acts", tmp_path / "judging.py"
    os.mkfifo(endless)
    script.write_text(code)
    (folder := tmp_path / "temporary").mkdir()
    env = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script), str(endless)], env=env, stdout=subprocess.PIPE, check=False
    )
    beside = int(done.stdout)
    end_s = time.monotonic() + STOPPED_S_MAX
    while runs(beside) and time.monotonic() < end_s:
        time.sleep(0.05)

    assert done.returncode == -signal.SIGKILL
    assert not runs(beside)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["harness/__init__.py", "queue.py", "sitecustomize.py"])
def test_what_lies_in_the_current_folder_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    """The process beside takes no module from where it is begun, nor a word of anybody's else."""
    monkeypatch.setattr(gathering, "BESIDE_BYTES_MIN", 0)
    story = LoadStory(tmp_path / "o", form=FORM)
    story.saves(10)
    held = story.record_of()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("print('a word')\n")
    monkeypatch.chdir(tmp_path)
    if name == "sitecustomize.py":
        monkeypatch.syspath_prepend(tmp_path)
    with gathering.gathered(held.files, FORMS, held.before, held.final) as load:
        records_n = load.meanwhile(_records_n)()

    assert records_n == load.told.records_n == 10
    assert capfd.readouterr() == ("", "")


def _records_n(told: Told) -> int:
    return told.records_n


def test_what_cannot_be_read_beside_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The process beside ends by itself once it has told what is wrong, and says nothing else."""
    monkeypatch.setattr(gathering, "BESIDE_BYTES_MIN", 0)
    (tmp_path / "load-0-1.acts").write_text(f"{HEAD}\ni what is this\n", "ascii")
    files = find_acts(tmp_path)
    with gathering.gathering(files, FORMS, None) as read:
        (beside,) = psutil.Process().children()
        psutil.wait_procs([beside], timeout=STOPPED_S_MAX)
        assert not runs(beside.pid)
        with pytest.raises(RecordUnreadable, match="line 2"):
            read(None)

    assert capfd.readouterr() == ("", "")


def test_who_is_killed_in_the_middle_of_a_word_leaves_nobody(tmp_path: Path) -> None:
    """The process beside ends with its input, also where that ends in the middle of a message."""
    command = [sys.executable, "-m", "harness.sieve.beside", "1"]
    beside = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    beside.communicate(pickle.dumps(["a word"])[:-4], timeout=STOPPED_S_MAX)

    assert beside.returncode == 1
