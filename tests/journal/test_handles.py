"""Record and save handles: what each act of a scenario leaves in the journal."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import corpus
from harness.errors import ScenarioError
from harness.journal import events as ev
from harness.journal.handles import SHAPES_MAX, Asked, Entered, Record, Save, Trial, exact
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.model import Field, FileValue, Form, Value
from harness.values import Trace, find_traces

FORMS = {
    form.name: form
    for form in (
        Form(
            name="note",
            storage="main",
            key=("id",),
            fields=(
                Field("title", "title", max_chars=80),
                Field("body", "body"),
                Field("file", "file", kind="file"),
                Field("rows", "rows", rows="many"),
                Field("kind", "kind", kind="choice", choices=("letter", "result")),
                Field("due", "due", kind="date"),
                Field("value", "value"),
            ),
        ),
        Form(name="visit", storage="main", key=("ward", "id"), fields=(Field("text", "text"),)),
    )
}


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A trial that writes to a journal of its own."""
    with JournalWriter(tmp_path, "test") as writer:
        yield Trial(writer, id="candidate/7/1", run="ab12", number=896, forms=FORMS, files=tmp_path)


@pytest.fixture
def note(trial: Trial) -> Record:
    """A keyed record."""
    return trial.record("note", key=7)


def written(trial: Trial) -> list[ev.Event]:
    """Everything the journal holds, but for its opening line."""
    assert isinstance(trial.writer, JournalWriter)
    return list(read_journal(trial.writer.path.parent))[1:]


def last(trial: Trial) -> ev.Event:
    return written(trial)[-1]


def saved(note: Record, evidence: str = "Saved", **specs: object) -> Save:
    with note.save(**specs) as save:  # type: ignore[arg-type]
        assert save.values
        save.acknowledged(evidence)
    return save


class TestSave:
    """Between entering the block and leaving it."""

    def test_entering_the_block_records_the_intent(self, trial: Trial, note: Record) -> None:
        """What is to be typed is in the journal before anything is typed."""
        with note.save(title="plain") as save:
            intended = last(trial)
            save.acknowledged(f"Saved {save.title}")

        assert isinstance(intended, ev.SaveIntended)
        assert "candidate/7/1/r1/s1" == intended.save
        assert {"title": save.held["title"]} == dict(intended.values)
        assert {"title": "plain"} == dict(intended.classes)

    def test_a_value_says_where_it_belongs(self, note: Record) -> None:
        """The value to type carries run, trial, form, record, field and revision."""
        saved(note, title="plain")
        with note.save(body="plain") as save:
            text = save.body
            save.acknowledged("Saved")

        assert isinstance(text, str)
        assert {Trace("ab12", 896, 0, 1, 1, 2)} == set(find_traces(text))

    def test_acknowledged_means_the_user_was_told(self, trial: Trial, note: Record) -> None:
        """An acknowledgement is journaled with what told the user, and its level."""
        saved(note, "Saved at 14:03", title="plain")

        told = last(trial)
        assert isinstance(told, ev.SaveAcknowledged)
        assert ("Saved at 14:03", "page") == (told.evidence, told.level)

    def test_an_answer_acknowledges_at_level_transport(self, trial: Trial, note: Record) -> None:
        """Where there is no page, an answer acknowledges, and the journal says that it was one."""
        with note.save(title=exact("x")) as save:
            save.acknowledged("204 /notes/7", level="transport")

        told = last(trial)
        assert isinstance(told, ev.SaveAcknowledged)
        assert "transport" == told.level

    def test_refused_means_the_user_was_told_that_it_failed(
        self, trial: Trial, note: Record
    ) -> None:
        """A refusal ends the block without an acknowledgement."""
        with note.save(title="plain") as save:
            save.refused("Too long")

        told = last(trial)
        assert isinstance(told, ev.SaveRefused)
        assert "Too long" == told.evidence

    def test_a_block_cut_by_an_exception_is_unknown(self, trial: Trial, note: Record) -> None:
        """An exception inside leaves an unknown save without a fault, and goes on."""
        with pytest.raises(TimeoutError, match="no answer"), note.save(title="plain"):
            raise TimeoutError("no answer\nafter 30 s")

        unknown = last(trial)
        assert isinstance(unknown, ev.SaveUnknown)
        assert ("TimeoutError: no answer", None) == (unknown.reason, unknown.fault)

    def test_a_block_cut_during_a_fault_names_it(self, trial: Trial, note: Record) -> None:
        """An exception while a fault of ours was on is put down to it."""
        with (
            pytest.raises(TimeoutError),
            note.save(title="plain"),
            trial.fault("network cut"),
        ):
            raise TimeoutError

        unknown = last(trial)
        assert isinstance(unknown, ev.SaveUnknown)
        assert "network cut" == unknown.fault

    def test_a_block_left_during_a_fault_is_unknown(self, trial: Trial, note: Record) -> None:
        """A journaled fault cuts a block as well: nobody has to be told anything then."""
        with note.save(title="plain"), trial.fault("network cut"):
            pass

        unknown = last(trial)
        assert isinstance(unknown, ev.SaveUnknown)
        assert "network cut" == unknown.fault

    def test_a_fault_that_was_over_cuts_nothing(self, trial: Trial, note: Record) -> None:
        """A fault that ended before the save began is no reason for anything."""
        with trial.fault("network cut"):
            pass
        with pytest.raises(TimeoutError), note.save(title="plain"):
            raise TimeoutError

        unknown = last(trial)
        assert isinstance(unknown, ev.SaveUnknown)
        assert None is unknown.fault

    def test_a_block_left_without_either_is_an_error(self, trial: Trial, note: Record) -> None:
        """A block left without an acknowledgement or a refusal is an error of the scenario."""
        with pytest.raises(ScenarioError, match=r"end it with save\."), note.save(title="plain"):
            pass

        assert isinstance(last(trial), ev.SaveUnknown)

    def test_an_exception_after_the_acknowledgement_changes_nothing(
        self, trial: Trial, note: Record
    ) -> None:
        """Who was told that it is stored was told so, whatever breaks afterwards."""

        def leave() -> None:
            with note.save(title=exact("x")) as save:
                save.acknowledged("Saved")
                raise ValueError("later")

        with pytest.raises(ValueError, match="later"):
            leave()

        assert isinstance(last(trial), ev.SaveAcknowledged)

    @pytest.mark.parametrize("act", ["acknowledged", "refused", "typed"])
    def test_nothing_happens_after_the_acknowledgement(self, note: Record, act: str) -> None:
        """A second acknowledgement, a refusal or typing after the first is another save."""
        with note.save(title=exact("x")) as save:
            save.acknowledged("Saved")
            with pytest.raises(ScenarioError, match="another save"):
                save.typed(title="y") if act == "typed" else getattr(save, act)("again")

    def test_nothing_happens_before_the_block(self, note: Record) -> None:
        """A save has no value before its block is entered."""
        save = note.save(title="plain")

        with pytest.raises(ScenarioError, match="enter its block first"):
            save.value("title")

    def test_a_save_is_entered_once(self, note: Record) -> None:
        """Another write is another save."""
        save = saved(note, title=exact("x"))

        with pytest.raises(ScenarioError, match="entered before"):
            save.__enter__()

    def test_a_value_never_asked_for_is_never_due(self, trial: Trial, note: Record) -> None:
        """A save that never took one of its values cannot be acknowledged: nobody typed it."""

        def forget() -> None:
            with note.save(title="plain", body="plain") as save:
                assert save.title
                save.acknowledged("Saved")

        with pytest.raises(ScenarioError, match="body is saved, and its value was never asked"):
            forget()

        assert isinstance(last(trial), ev.SaveUnknown)

    @pytest.mark.parametrize("evidence", ["", "  ", None, 204])
    def test_evidence_says_something(self, note: Record, evidence: object) -> None:
        """An acknowledgement without a text is none."""
        with pytest.raises(ScenarioError, match="evidence"), note.save(title=exact("x")) as save:
            save.acknowledged(evidence)

    def test_what_was_typed_is_what_the_page_held(self, trial: Trial, note: Record) -> None:
        """What the page held after input is journaled as such, each time it is read back."""
        with note.save(title="plain") as save:
            save.typed(title="first")
            save.typed(title="cut", how="paste")
            save.acknowledged("Saved")

        typed = [event for event in written(trial) if isinstance(event, ev.FieldTyped)]
        assert [("first", ev.BY_HAND), ("cut", "paste")] == [(e.value, e.how) for e in typed]
        assert {"title": "cut"} == save.held

    def test_without_a_page_nothing_is_entered(self, note: Record) -> None:
        """A handle without a page says how to journal what is sent instead."""
        with (
            pytest.raises(ScenarioError, match=r"save\.typed\(title"),
            note.save(title="plain") as s,
        ):
            s.enter("title", "#title")

    def test_saves_of_one_record_may_overlap(self, trial: Trial, note: Record) -> None:
        """Two tabs save one record at a time, and each has its own revision."""
        with note.save(title=exact("one")) as first, note.save(title=exact("two")) as second:
            second.acknowledged("Saved")
            first.acknowledged("Saved")

        assert (1, 2) == (first.revision, second.revision)


class TestOperations:
    """Intents other than a save."""

    def test_clearing_is_an_intent(self, trial: Trial, note: Record) -> None:
        """Clearing intends the empty text, no rows and no file."""
        with note.clear("title", "rows", "file") as clearing:
            clearing.acknowledged("Saved")

        intended = written(trial)[-2]
        assert isinstance(intended, ev.SaveIntended)
        assert "clear" == intended.operation
        assert {"title": "", "rows": (), "file": None} == dict(intended.values)

    def test_deleting_is_an_intent(self, trial: Trial, note: Record) -> None:
        """Deleting intends no value at all."""
        with note.delete() as deletion:
            deletion.acknowledged("Gone")

        intended = written(trial)[-2]
        assert isinstance(intended, ev.SaveIntended)
        assert ("delete", {}) == (intended.operation, dict(intended.values))

    def test_discarding_is_an_intent(self, trial: Trial, note: Record) -> None:
        """Discarding intends values that are typed and given up."""
        with note.discard(title="plain") as discarding:
            typed = discarding.title
            discarding.acknowledged("Discarded")

        intended = written(trial)[-2]
        assert isinstance(intended, ev.SaveIntended)
        assert ("discard", {"title": typed}) == (intended.operation, dict(intended.values))

    def test_without_a_traceable_value_nothing_needs_a_place(self, tmp_path: Path) -> None:
        """A form that no token can name is deleted, cleared and given literals like any other."""
        forms = {f"f{n}": Form(f"f{n}", "main", ("id",), (Field("a", "a"),)) for n in range(37)}
        with JournalWriter(tmp_path, "test") as writer:
            trial = Trial(writer, id="candidate/7/1", run="ab12", number=896, forms=forms)
            note = trial.record("f36", key=7)
            for save in (note.save(a=exact("x")), note.clear("a"), note.delete()):
                with save:
                    save.acknowledged("Saved")

            with pytest.raises(ScenarioError, match="form 36 does not fit"):
                note.save(a="plain").__enter__()

    def test_revisions_count_over_all_operations(self, note: Record) -> None:
        """A record's saves, clearings and discards share one count, from 1."""
        saved(note, title=exact("x"))
        with note.clear("title") as clearing:
            clearing.acknowledged("Saved")
        with note.discard(title="plain") as discarding:
            discarding.acknowledged("Discarded")

        assert [1, 2, 3] == [save.revision for save in note.saves]

    def test_too_many_revisions_are_an_error(self, note: Record) -> None:
        """A revision that no token can name is an error, not a wrong token."""
        saved(note, title=exact("x"))
        note.saves_n += 1295

        with pytest.raises(ScenarioError, match="revision 1297 does not fit"):
            note.save(title="plain").__enter__()


class TestSpecs:
    """What a field can be given."""

    def test_a_file_is_its_size(self, trial: Trial, note: Record, tmp_path: Path) -> None:
        """A number is a file of that size: a path to upload, a digest in the journal."""
        with note.save(file=2048) as save:
            path = save.file
            save.acknowledged("Saved")

        assert isinstance(path, Path)
        content = path.read_bytes()
        assert FileValue(2048, hashlib.sha256(content).hexdigest()) == save.held["file"]
        assert tmp_path == path.parent

    def test_two_revisions_of_a_file_differ(self, note: Record) -> None:
        """A file of the same size is another file at the next revision."""
        first, second = saved(note, file=100), saved(note, file=100)

        assert first.held["file"] != second.held["file"]

    def test_rows_are_a_list(self, note: Record) -> None:
        """Many rows are a list of specs, and equal specs give rows that differ."""
        with note.save(rows=["plain", "plain", exact("last")]) as save:
            rows = save.rows
            save.acknowledged("Saved")

        assert isinstance(rows, tuple)
        assert 3 == len(set(rows))
        assert "last" == rows[2]

    def test_no_rows_are_an_empty_list(self, note: Record) -> None:
        """A save may intend no row at all."""
        assert {"rows": ()} == saved(note, rows=[]).held

    def test_a_text_class_may_be_given_itself(self, note: Record) -> None:
        """A class and its name are the same spec."""
        save = saved(note, title=corpus.by_name("plain"))

        assert "Patient vu" in str(save.held["title"])

    def test_a_literal_is_typed_as_it_is(self, note: Record) -> None:
        """exact() is for choices, numbers, dates, flags and texts that are the point."""
        save = saved(note, kind=exact("letter"), due=exact("2024-02-29"), title=exact("=1+1"))

        assert {"kind": "letter", "due": "2024-02-29", "title": "=1+1"} == save.held

    def test_a_field_named_like_a_method_is_asked_by_name(self, note: Record) -> None:
        """save.value("value") reaches a field that save.value cannot."""
        with note.save(value="plain") as save:
            assert save.held["value"] == save.value("value")
            save.acknowledged("Saved")

    @pytest.mark.parametrize(
        ("specs", "hint"),
        [
            ({"titel": "plain"}, "the nearest is 'title'"),
            ({"title": "plane"}, "the nearest is 'plain'"),
            ({"title": 7}, "is of kind text"),
            ({"title": True}, "cannot be True"),
            ({"file": "plain"}, "give its size in bytes"),
            ({"file": -1}, "cannot be made"),
            ({"title": ["plain"]}, "takes one value"),
            ({"rows": "plain"}, "takes a list"),
            ({"rows": ["plane"]}, "the nearest is 'plain'"),
            ({"rows": [7]}, "neither a text class"),
            ({"kind": "plain"}, r"exact\('...'\) with one of its choices"),
            ({"kind": exact("leter")}, "the nearest is 'letter'"),
            ({"due": "plain"}, "2024-02-29"),
            ({}, "without a field"),
        ],
    )
    def test_a_wrong_spec_names_what_to_write(
        self, note: Record, specs: dict[str, object], hint: str
    ) -> None:
        """A spec that fits nothing is an error before anything is journaled."""
        with pytest.raises(ScenarioError, match=hint):
            note.save(**specs)  # type: ignore[arg-type]

    def test_a_number_is_no_literal(self) -> None:
        """exact(5) is an error that says what to write."""
        with pytest.raises(ScenarioError, match=r"write exact\('5'\)"):
            exact(5)  # type: ignore[arg-type]

    def test_a_value_of_another_field_is_an_error(self, note: Record) -> None:
        """A save has the values it writes and no other."""
        with pytest.raises(ScenarioError, match="not write 'body'"), note.save(title="plain") as s:
            s.value("body")

    def test_typing_another_field_is_an_error(self, note: Record) -> None:
        """What a save does not write is not typed in it."""
        with pytest.raises(ScenarioError, match="nothing of it"), note.save(title="plain") as save:
            save.typed(body="x")

    def test_clearing_nothing_is_an_error(self, note: Record) -> None:
        """A clearing names its fields."""
        with pytest.raises(ScenarioError, match="without a field"):
            note.clear()


class TestRecord:
    """Identity."""

    def test_a_record_is_journaled_with_its_key(self, trial: Trial) -> None:
        """A record is opened with what is known of it."""
        trial.record("note", key=7, initial={"title": "old"})

        opened = last(trial)
        assert isinstance(opened, ev.RecordOpened)
        assert ("candidate/7/1/r1", "note", 1, ("7",)) == (
            opened.record,
            opened.form,
            opened.ordinal,
            opened.key,
        )
        assert {"title": "old"} == dict(opened.initial or {})

    @pytest.mark.parametrize("initial", [None, {}])
    def test_a_record_that_stood_is_told_from_one_of_which_nothing_is_known(
        self, trial: Trial, initial: dict[str, Value] | None
    ) -> None:
        """A record that is there, whatever it holds, is journaled as that."""
        trial.record("note", key=7, initial=initial)

        opened = last(trial)
        assert isinstance(opened, ev.RecordOpened)
        assert initial == opened.initial

    def test_a_key_may_be_known_only_afterwards(self, trial: Trial) -> None:
        """A key that is set later is journaled then, once."""
        note = trial.record("note")
        note.key = "7"
        note.key = 7

        keyed = [event for event in written(trial) if isinstance(event, ev.RecordKeyed)]
        assert [("7",)] == [event.key for event in keyed]
        assert ("7",) == note.key

    def test_a_key_of_several_columns_is_a_tuple(self, trial: Trial) -> None:
        """Each part of a key is kept as text."""
        assert ("3", "7") == trial.record("visit", key=(3, "7")).key

    @pytest.mark.parametrize("key", ["", " ", True, (None,), ("1", "2")])
    def test_a_key_that_names_nothing_is_an_error(self, trial: Trial, key: object) -> None:
        """A key that cannot be a key is refused before anything is read by it."""
        with pytest.raises(ScenarioError, match="note"):
            trial.record("note", key=key)

    def test_a_record_has_one_key(self, note: Record) -> None:
        """A second, different key is another record."""
        with pytest.raises(ScenarioError, match="another record"):
            note.key = 8

    def test_an_unknown_form_names_the_nearest(self, trial: Trial) -> None:
        """A form that the plan does not have is an error with a hint."""
        with pytest.raises(ScenarioError, match="the nearest is 'note'"):
            trial.record("notes")

    def test_an_unknown_field_names_the_nearest(self, trial: Trial) -> None:
        """Initial values are of fields that the form has."""
        with pytest.raises(ScenarioError, match="the nearest is 'title'"):
            trial.record("note", initial={"titel": "x"})

    def test_records_count_within_a_trial(self, trial: Trial) -> None:
        """Ordinals count from 1 over all forms of a trial."""
        made = [trial.record("note"), trial.record("visit"), trial.record("note")]

        assert [1, 2, 3] == [record.ordinal for record in made]


def test_a_fault_is_journaled_while_it_is_on(trial: Trial) -> None:
    """A fault's beginning and end name it and its trial, also when it ends in an error."""
    with pytest.raises(OSError, match="gone"), trial.fault("server killed"):
        raise OSError("gone")

    began, ended = written(trial)
    assert isinstance(began, ev.FaultBegan)
    assert isinstance(ended, ev.FaultEnded)
    assert ("server killed", "candidate/7/1") == (ended.fault, ended.trial)


def test_a_trial_without_a_folder_has_no_files(tmp_path: Path) -> None:
    """A file needs somewhere to be."""
    with JournalWriter(tmp_path, "test") as writer:
        trial = Trial(writer, id="candidate/7/1", run="ab12", number=1, forms=FORMS)
        with pytest.raises(ScenarioError, match="no folder"):
            trial.record("note").save(file=7).__enter__()


def test_few_shapes_of_saves_are_remembered(tmp_path: Path) -> None:
    """Who draws text classes for each save makes no more memory of it, and the same saves."""
    drawn, names = random.Random(7), [f"f{n}" for n in range(6)]
    form = Form("wide", "main", ("id",), tuple(Field(name, name) for name in names))
    seen, known = set[object](), dict[Asked, Entered]()
    with JournalWriter(tmp_path, "test") as writer:
        trial = Trial(
            writer, id="load/1/1", run="ab12", number=1, forms={"wide": form}, entered=known
        )
        while len(seen) <= SHAPES_MAX:
            classes = {name: drawn.choice(corpus.COMMIT) for name in names}
            seen.add(tuple(classes.values()))

            assert classes == trial.entered(form, "save", classes).classes
            assert len(known) <= SHAPES_MAX

    assert known
