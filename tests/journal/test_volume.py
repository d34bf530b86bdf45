"""The journal of a load: what a handle writes is what judging reads."""

from __future__ import annotations

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.contracts import fingerprint
from harness.errors import EnvironmentBroken, RecordUnreadable, ScenarioError
from harness.journal import volume_writer
from harness.journal.handles import Record, Trial, exact
from harness.journal.schedule import Schedule
from harness.journal.volume import SCHEMA
from harness.journal.volume_writer import VolumeWriter
from harness.model import Contract, Field, Form, Leg
from harness.values import trial_number
from tests.journal.reading import read_volume

NOTE = Form(
    "note",
    "main",
    ("id",),
    (
        Field("title", "title"),
        Field("text", "text", contract=Contract(newline="any")),
        Field("tags", "tags", rows="many"),
    ),
)
FORMS = {"note": NOTE}
MANY, EACH = 10_000, 100


def user(writer: VolumeWriter, number: int = 3) -> Trial:
    return Trial(
        writer,
        id=f"load/{number}/1",
        run="ab12",
        number=trial_number("load", number, 1),
        forms=FORMS,
        pace=lambda: 12.5,
    )


def test_saves_come_back_with_their_states(tmp_path: Path) -> None:
    """Acknowledged, refused, unknown and cut saves are told apart, with key, pace and evidence."""
    with VolumeWriter(tmp_path) as writer:
        writer.schedule(Schedule(10.0, 40.0, (Leg(1.0, 1.0), Leg(1.0, 5.0))))
        record = user(writer).record("note")
        with record.save(title="plain", text="multiline") as save:
            made = save.values
            save.acknowledged("201 POST /notes", level="transport")
        record.key = ("a b,c?",)
        with record.save(title=exact("x=1:2")) as save:
            save.refused("500 ü")
        with pytest.raises(RuntimeError), record.save(title="plain"):
            raise RuntimeError("no answer")
        record.save(tags=["plain", exact("b")]).__enter__()

    volume = read_volume(tmp_path)

    (found,) = volume.records.values()
    assert (found.form, found.key, volume.orphans_n) == ("note", ("a b,c?",), 0)
    states = [(s.state, s.told, s.due_s, s.ended_s is None) for s in found.saves]
    assert states == [
        ("acknowledged", "201 POST /notes", 12.5, False),
        ("refused", "500 ü", 12.5, False),
        ("unknown", "RuntimeError: no answer", 12.5, False),
        ("unknown", "", 12.5, True),
    ]
    owed = found.saves[0].fields
    assert owed["title"].fingerprint == fingerprint(made["title"])  # type: ignore[arg-type]
    assert (owed["title"].text_class, owed["title"].value) == ("plain", None)
    assert found.saves[1].fields["title"].value == ("x=1:2",)
    assert found.saves[3].fields["tags"].value is not None
    assert volume.schedules[0].held_s == ((11.0, 16.0),)


def test_a_cut_line_is_no_act(tmp_path: Path) -> None:
    """A process killed while it writes leaves a line without end, which counts for nothing."""
    with VolumeWriter(tmp_path) as writer:
        record = user(writer).record("note", key=1)
        with record.save(title="plain") as save:
            assert save.title
            save.acknowledged("200", level="transport")
    *lines, _sum, _end = writer.path.read_bytes().splitlines(keepends=True)
    writer.path.write_bytes(b"".join(lines)[:-1])

    (found,) = read_volume(tmp_path).records.values()

    assert [save.state for save in found.saves] == ["unknown"]


def test_an_opening_is_written_with_its_first_save(tmp_path: Path) -> None:
    """A record waits for its save, whoever else saves meanwhile, or until the file is closed."""
    with VolumeWriter(tmp_path) as writer:
        trial = user(writer)
        first, _ = trial.record("note", key=1), trial.record("note", key=2)
        before = writer.path.read_text().splitlines()[1:]
        first.save(title="plain").__enter__()
        after = [line[0] for line in writer.path.read_text().splitlines()[1:]]
        trial.record("note", key=3)
    closed = [line[0] for line in writer.path.read_text().splitlines()[1:]]

    assert ([], ["n"], ["n", "r", "r"]) == (before, after, closed[:-2])


def test_what_comes_ahead_of_the_first_save_follows_its_record(tmp_path: Path) -> None:
    """A key that is known before anything is saved is told of a record that is there by then."""
    with VolumeWriter(tmp_path) as writer:
        record = user(writer).record("note")
        record.key = 7
        saved(record)
        saved(record)
    lines = writer.path.read_text().splitlines()
    (found,) = read_volume(tmp_path).records.values()

    assert ["r", "k", "i", "a", "i", "a"] == [line[0] for line in lines[1:-2]]
    assert (found.key, found.keyed_late, len(found.saves)) == (("7",), True, 2)


def test_one_line_says_all_of_a_record_and_its_first_save(tmp_path: Path) -> None:
    """Whatever the first save does, and whether the key is known by then."""
    with VolumeWriter(tmp_path) as writer:
        trial = user(writer)
        with trial.record("note", key=1).delete() as save:
            save.acknowledged("200", level="transport")
        made = trial.record("note")
        with made.save(title=exact("a b")) as save:
            save.acknowledged("200", level="transport")
        made.key = 2
    lines = writer.path.read_text().splitlines()
    deleted, kept = read_volume(tmp_path).records.values()

    assert ["n", "a", "n", "a", "k"] == [line[0] for line in lines[1:-2]]
    assert (deleted.key, deleted.saves[0].id) == (("1",), "load/3/1/r1/s1")
    assert (deleted.saves[0].operation, deleted.saves[0].due_s) == ("delete", 12.5)
    assert deleted.opened_s == deleted.saves[0].began_s
    assert (kept.key, kept.keyed_late, kept.saves[0].fields["title"].value) == (
        ("2",),
        True,
        ("a b",),
    )


def test_records_that_wait_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that nobody saves none is kept for long, and each may be saved all the same."""
    monkeypatch.setattr(volume_writer, "WAITING_MAX", 10)
    with VolumeWriter(tmp_path) as writer:
        trial = user(writer)
        records = [trial.record("note", key=n) for n in range(25)]
        written = writer.path.read_text().count("\nr ")
        for record in records:
            saved(record)
    read = read_volume(tmp_path)

    assert written == 20
    assert [len(record.saves) for record in read.records.values()] == [1] * 25
    assert read.orphans_n == 0


def test_a_first_save_that_could_not_be_written_takes_no_record_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once there is room again, a later save follows the record that it is of."""
    with VolumeWriter(tmp_path) as writer:
        record = user(writer).record("note", key=1)
        with monkeypatch.context() as full:
            full.setattr(volume_writer.VolumeWriter, "_write", no_room)
            with pytest.raises(EnvironmentBroken):
                saved(record)
        saved(record)
    read = read_volume(tmp_path)

    assert [save.id for save in read.saves] == ["load/3/1/r1/s2"]
    assert read.orphans_n == 0


def no_room(*_: object) -> None:
    """A disk that is full."""
    raise EnvironmentBroken("no room")


def test_users_in_threads_open_and_save_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever of them opens or saves in between, each record stands ahead of its saves."""
    monkeypatch.setattr(volume_writer, "WAITING_MAX", 3)

    def work_of(number: int) -> None:
        trial = user(writer, number)
        for keys in range(0, 40, 2):
            both = [trial.record("note", key=keys), trial.record("note")]
            both[1].key = keys + 1
            for record in both:
                saved(record)

    with VolumeWriter(tmp_path) as writer, ThreadPoolExecutor(8) as threads:
        list(threads.map(work_of, range(8)))
    read = read_volume(tmp_path)

    assert (len(read.records), read.orphans_n) == (320, 0)
    assert [save.state for save in read.saves] == ["acknowledged"] * 320


@pytest.mark.parametrize(
    "text",
    [
        "z 1.0 load/1/1/r1\n",
        "r no load/1/1/r1 note 1\n",
        "a 1.0\n",
        "n 1.0 ? load/1/1/r1 note 1\n",
        "n 1.0 ? load/1/1/r1 note 1 keep a=plain:0123456789abcdef\n",
        "i 1.0 ? load/1/1/r1/s1 keep\n",
    ],
)
def test_a_foreign_line_is_an_error_with_its_place(tmp_path: Path, text: str) -> None:
    """A line that no writer wrote is named by file and number, and never skipped."""
    with VolumeWriter(tmp_path) as writer:
        pass
    with writer.path.open("a") as stream:
        stream.write(text)

    with pytest.raises(RecordUnreadable, match=r"\.acts, line 3"):
        read_volume(tmp_path)


@pytest.mark.parametrize(
    "said", ["PATCH /notes/7 200", "", "500 ü", "a%20b", "x=1&y", "tab\tline\n", "/~_.-"]
)
def test_evidence_comes_back_as_it_was_said(tmp_path: Path, said: str) -> None:
    """The short way of spelling plain evidence is the long way's."""
    with VolumeWriter(tmp_path) as writer, user(writer).record("note", key=1).delete() as it:
        it.refused(f"!{said}") if not said.strip() else it.refused(said)
    (save,) = read_volume(tmp_path).saves

    assert save.told in (said, f"!{said}")
    assert " " not in writer.path.read_text().splitlines()[-3].split(" ", 3)[3]


def test_two_processes_that_count_their_users_alike_are_no_record(tmp_path: Path) -> None:
    """A record that is opened twice would hide the saves of the first, and is an error."""
    with VolumeWriter(tmp_path) as writer, user(writer).record("note", key=1).delete() as it:
        it.acknowledged("200", level="transport")
    (tmp_path / "load-other.acts").write_bytes(writer.path.read_bytes())

    with pytest.raises(RecordUnreadable, match="opened a second time: two processes"):
        read_volume(tmp_path)


def test_a_save_that_begins_twice_is_an_error(tmp_path: Path) -> None:
    """A line that was written twice is named by file and number."""
    with VolumeWriter(tmp_path) as writer:
        record = user(writer).record("note", key=1)
        saved(record)
        saved(record)
    lines = writer.path.read_text().splitlines(keepends=True)
    writer.path.write_text("".join([*lines, lines[3]]))

    with pytest.raises(RecordUnreadable, match=r"line 8: the save load/3/1/r1/s2 begins"):
        read_volume(tmp_path)


@pytest.mark.parametrize("schema", ["other/1", "harness.load/3"])
def test_a_file_of_another_schema_is_refused(tmp_path: Path, schema: str) -> None:
    """What another program wrote, or an older harness, is no journal of ours."""
    (tmp_path / "load-1.acts").write_text(f'{{"schema": "{schema}"}}\n')

    with pytest.raises(RecordUnreadable, match=rf"as '{schema}', this harness reads '{SCHEMA}'"):
        read_volume(tmp_path)


def test_an_end_without_a_beginning_is_counted(tmp_path: Path) -> None:
    """An acknowledgement of a save that nobody intended shows that the journal lost lines."""
    with VolumeWriter(tmp_path) as writer:
        pass
    with writer.path.open("a") as stream:
        stream.write("a 1.0 load/1/1/r1/s1 200\n")

    assert read_volume(tmp_path).orphans_n == 1


def test_an_unknown_field_is_refused_under_load_as_well(tmp_path: Path) -> None:
    """The handle is the same one that scenarios use, with the same errors."""
    with VolumeWriter(tmp_path) as writer, pytest.raises(ScenarioError, match="titel"):
        user(writer).record("note").save(titel="plain")


def test_what_was_saved_takes_no_memory(tmp_path: Path) -> None:
    """A writer keeps nothing of a record, and takes a save of one of long ago as of any other."""
    with VolumeWriter(tmp_path) as writer:
        first = user(writer).record("note", key=1)
        saved(first)
        tracemalloc.start()
        try:
            work(writer, 10)
            before = held()
            for number in range(11, 11 + MANY // EACH):
                work(writer, number)
            grown = held() - before
        finally:
            tracemalloc.stop()
        saved(first)

    assert grown < MANY
    assert writer.path.read_text().count("title=plain:") == MANY + EACH + 2


def held() -> int:
    """How many bytes the journal's own modules have made that are still there."""
    gc.collect()
    taken = tracemalloc.take_snapshot()
    own = taken.filter_traces([tracemalloc.Filter(True, "*/harness/journal/*")])
    return sum(trace.size for trace in own.traces)


def work(writer: VolumeWriter, number: int) -> None:
    """A user comes, makes records, and goes."""
    trial = user(writer, number)
    for key in range(EACH):
        saved(trial.record("note", key=key))


def saved(record: Record) -> None:
    """It is saved once, and told so."""
    with record.save(title="plain") as save:
        assert save.title
        save.acknowledged("200", level="transport")
