"""What can be removed is a probe's own, by key and by words; nothing else ever can."""

from __future__ import annotations

import pytest

from harness.canary.recognising import Recognised, recognise
from harness.checks.history import read_history
from harness.model import FileValue, Key, Value
from harness.observations import Row
from harness.plan.schema import CleanTable
from tests.canary.stories import FORMS, MARK, TAG, Story, text, word

BODY = FileValue(600, "ab" * 32)
PROVED = {"note": CleanTable(proved_by={"file": "note_id"})}


def story() -> Story:
    told = Story()
    told.told(told.save("note", ("1",), {"title": text("title"), "body": text("body")}))
    told.told(told.save("file", ("1", "7"), {"name": "scan", "data": BODY}, ordinal=2))
    return told.end()


def row(form: str, key: Key, **fields: Value) -> Row:
    return Row(form, key, fields)


def found(*rows: Row, clean: dict[str, CleanTable] | None = None) -> Recognised:
    by_form: dict[str, list[Row]] = {}
    for one in rows:
        by_form.setdefault(one.form, []).append(one)
    history = read_history(story().events)
    return recognise(history, "candidate", TAG, {"candidate": FORMS}, by_form, clean or {})


def test_a_row_with_our_key_and_our_words_is_ours() -> None:
    """The record that the journal names, with the token that was made for it."""
    assert (("note", ("1",)),) == found(row("note", ("1",), title=text("title"), body="")).mine


def test_a_mark_of_the_trial_is_our_word_as_well() -> None:
    """A text that was spelled out proves by the mark in it."""
    assert found(row("note", ("1",), title=f"Scan {MARK}", body=None)).mine


def test_a_file_that_was_made_for_it_proves() -> None:
    """A file holds its token: byte for byte the same, it is ours; any other is not."""
    other = FileValue(600, "cd" * 32)

    assert found(row("file", ("1", "7"), name="scan", data=BODY)).mine
    assert not found(row("file", ("1", "7"), name="scan", data=other)).mine


@pytest.mark.parametrize(
    "words",
    [
        "a patient's own note",
        "",
        text("title")[:-30],
        word(tag="zzzz"),
        word(record=9),
        word("file", record=1),
        word()[:-1] + ("0" if word()[-1] != "0" else "1"),
        MARK[:-1],
    ],
    ids=["text", "empty", "cut", "other run", "other record", "other form", "damaged", "cut mark"],
)
def test_a_production_record_with_our_key_is_never_touched(words: str) -> None:
    """A key that was given again proves nothing, whatever else stands in the row."""
    whole = found(row("note", ("1",), title=words, body="a patient's own note"))
    proved = words == text("title")[:-30]  # the token at its beginning is whole

    assert proved == bool(whole.mine)
    assert proved != bool(whole.strange)


def test_our_words_under_a_key_that_we_never_had_are_left_alone() -> None:
    """A copy of ours in somebody's record is told, and that record stays."""
    whole = found(row("note", ("2",), title=text("title"), body="a patient's own note"))

    assert ((), (), (("note", ("2",)),)) == (whole.mine, whole.strange, whole.copies)


def test_other_records_are_not_even_counted() -> None:
    """A row with neither is nobody's business."""
    assert 0 == found(row("note", ("2",), title="theirs", body="theirs")).rows_n


def test_a_note_that_was_lost_is_proved_by_the_document_beside_it() -> None:
    """An empty row has no words; where the plan says so, a record of ours names it in its key."""
    empty = row("note", ("1",), title=None, body=None)
    document = row("file", ("1", "7"), name="scan", data=BODY)

    assert (("note", ("1",)),) == found(empty).strange
    assert {("note", ("1",)), ("file", ("1", "7"))} == set(
        found(empty, document, clean=PROVED).mine
    )


def test_a_document_that_is_not_proved_proves_nothing() -> None:
    """What proves another has to be proved itself, and to name that very record."""
    empty = row("note", ("1",), title=None, body=None)
    stranger = row("file", ("1", "7"), name="scan", data=FileValue(600, "cd" * 32))

    assert () == found(empty, stranger, clean=PROVED).mine
