"""Readers: what is due on a page, and how one is registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import ScenarioError
from harness.journal import events as ev
from harness.journal.handles import Record, Trial, exact
from harness.journal.writer import JournalWriter
from harness.model import ABSENT
from harness.plugin import readers
from tests.plugin.conftest import FORMS


@pytest.fixture
def note(tmp_path: Path) -> Iterator[Record]:
    """A keyed record without any save."""
    with JournalWriter(tmp_path, "test") as writer:
        trial = Trial(writer, id="candidate/0/1", run="ab12", number=0, forms=FORMS)
        yield trial.record("note", key=7)


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    readers.forget()
    yield
    readers.forget()


def saved(note: Record, **fields: str) -> None:
    with note.save(**{name: exact(value) for name, value in fields.items()}) as save:
        save.acknowledged("Saved")


def test_the_last_acknowledged_value_is_due(note: Record) -> None:
    """Each field is due as its last acknowledged save typed it."""
    saved(note, title="one", body="one")
    saved(note, title="two")
    with note.save(body=exact("never")) as save:
        save.refused("Too long")

    assert {"title": "two", "body": "one"} == readers.due_shown(note)


def test_what_was_typed_is_due(note: Record) -> None:
    """What the page held goes before what was to be typed."""
    with note.save(title=exact("one")) as save:
        save.typed(title="on")
        save.acknowledged("Saved")

    assert {"title": "on"} == readers.due_shown(note)


def test_an_unknown_save_leaves_its_fields_open(note: Record) -> None:
    """Where several values are right, none is waited for."""
    saved(note, title="one", body="one")
    with note.save(title=exact("two")), note.trial.fault("cut"):
        pass

    assert {"body": "one"} == readers.due_shown(note)


def test_a_deleted_record_is_due_nowhere(note: Record) -> None:
    """After an acknowledged deletion each field is to be absent."""
    saved(note, title="one")
    with note.delete() as deletion:
        deletion.acknowledged("Gone")

    assert dict.fromkeys(("title", "body"), ABSENT).items() <= readers.due_shown(note).items()


def test_a_cleared_field_is_due_empty(note: Record) -> None:
    """After an acknowledged clearing the field is to be empty."""
    saved(note, title="one")
    with note.clear("title") as clearing:
        clearing.acknowledged("Saved")

    assert {"title": ""} == readers.due_shown(note)


def test_a_reader_says_what_it_needs() -> None:
    """A reader that asks for what nobody can give is an error of the scenario."""
    with pytest.raises(ScenarioError, match="asks for 'page'; it may ask for context, url, key"):
        readers.reader("note")(lambda page: {})


def test_only_keyed_and_acknowledged_records_are_read(note: Record) -> None:
    """A record is looked at once somebody was told it is stored, and where there is a reader."""
    assert not readers.wanted([note])
    readers.reader("note")(lambda context: {})
    assert not readers.wanted([note])

    saved(note, title="one")

    assert readers.wanted([note])


class Nowhere:
    """A context without a browser."""

    pages: tuple[object, ...] = ()

    def close(self) -> None:
        """Nothing to close."""


def test_a_last_look_is_signed_in_as_the_first_was(note: Record) -> None:
    """A fixture is asked for once: at the end of the session it is torn down already."""
    asked: list[str] = []

    @readers.reader("note", storage_state="signed_in")
    def stranger(context: object) -> None:
        """Is shown nothing."""

    saved(note, title="one")
    reading = readers.Reading(
        open_context=lambda **_: Nowhere(),  # type: ignore[arg-type]
        storage_state=asked.append,
        url="",
        writer=note.trial.writer,
    )
    reading.read([note])
    reading.again(only_due=False)

    assert ["signed_in"] == asked


@pytest.mark.parametrize("at_once", [False, True])
def test_where_releases_change_the_second_look_does_not_wait(note: Record, at_once: bool) -> None:
    """It comes while the same release answers: before the trial's end, not beside the next one."""
    shown = iter(("", "old"))

    @readers.reader("note")
    def stranger(key: str) -> dict[str, object]:
        """Is shown it at the second look."""
        looks.append(key)
        return {"title": next(shown)}

    saved(note, title="old")
    looks: list[str] = []
    reading = readers.Reading(
        open_context=lambda **_: Nowhere(),  # type: ignore[arg-type]
        storage_state=lambda _: None,
        url="",
        writer=note.trial.writer,
        at_once=at_once,
    )
    reading.read([note])

    assert (2 if at_once else 1) == len(looks)


class Page:
    """A page, as far as somebody asks whether it is a sign-in page."""

    url = "http://me@notes:1/login?ticket=of-mine#a"

    def __init__(self, asks: bool) -> None:
        self.asks = asks

    def is_closed(self) -> bool:
        return False

    def evaluate(self, _: str) -> bool:
        return self.asks


def looked(
    note: Record, tmp_path: Path, *, asks: bool, signed_in: bool, shown: str | None
) -> ev.Shown:
    """What is journaled of a reader that was shown a title, or nothing, on such a page."""
    context = SimpleNamespace(pages=[Page(asks)], close=lambda: None)

    def shows(new_context: Callable[[], object]) -> dict[str, object] | None:
        new_context()
        return None if shown is None else {"title": shown}

    readers.reader("note", storage_state="somebody" if signed_in else None)(shows)
    with JournalWriter(tmp_path, "reading") as writer:
        reading = readers.Reading(lambda **_: context, lambda _: {}, "http://notes:1", writer)  # type: ignore[arg-type]
        saved(note, title="one")
        return reading._look(note, readers.of_form("note")[0], readers.due_shown(note))


def test_who_is_asked_who_they_are_was_not_shown_the_record(note: Record, tmp_path: Path) -> None:
    """A session that has ended is no loss: nothing was seen, and why is said without a secret."""
    for shown in (None, "Who are you?"):
        found = looked(note, tmp_path, asks=True, signed_in=True, shown=shown)
        assert {} == found.values
        assert found.error == (
            "a sign-in page is shown, http://notes:1/login: is the session still good?"
        )
        readers.forget()


@pytest.mark.parametrize(
    ("asks", "signed_in", "shown"),
    [(False, True, None), (True, False, None), (True, True, "one")],
)
def test_what_is_no_sign_in_is_what_was_shown(
    note: Record, tmp_path: Path, asks: bool, signed_in: bool, shown: str | None
) -> None:
    """A record that is missing is missing, and one that is whole is whole beside a password."""
    found = looked(note, tmp_path, asks=asks, signed_in=signed_in, shown=shown)

    assert (None, ABSENT if shown is None else shown) == (found.error, found.values["title"])
