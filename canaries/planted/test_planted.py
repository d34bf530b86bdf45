"""Notes of every kind that stood there before: each has to be whole after whatever comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canaries.planted.planting import Note
from harness.plugin import Trial, absent_in, corpus
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


@pytest.fixture
def new_note(practitioner: Practitioner, journal: Trial) -> Callable[[], Note]:
    """Open a note to plant, with a document that says whose it is: not every text can."""

    def make() -> Note:
        note = Note(practitioner, journal)
        note.add("upload", f"Planted {journal.mark}")
        return note

    return make


def test_typical(new_note: Callable[[], Note]) -> None:
    """A note as most are: four texts, one of them changed later, diagnoses and two documents."""
    note = new_note()
    note.write(reason="plain", history="typography", examination="comparison")
    note.write(examination="symbols", conclusion="multiline")
    note.diagnose({"J06.9": "plain", "I10": "comparison"})
    note.add("prescription", "Ordonnance")
    note.add("upload", "Compte rendu")


@absent_in("1.0.*", reason="documents cannot be shared yet")
def test_shared(new_note: Callable[[], Note], journal: Trial) -> None:
    """A note whose document its patient and a colleague were given."""
    note = new_note()
    note.write(**dict.fromkeys(FIELDS, "plain"))
    note.share(note.add("upload", f"Scan « œdème », 5 mm {journal.mark}"))


def test_oldest(new_note: Callable[[], Note]) -> None:
    """A note as the first release left many: a reason, and the rest never typed."""
    note = new_note()
    note.write(reason="plain")
    note.add("prescription", "Ordonnance")


def test_emptiest(new_note: Callable[[], Note]) -> None:
    """Nothing, one blank, and a text that was emptied again are three different things."""
    for text in ("empty", "blank"):
        new_note().write(**dict.fromkeys(FIELDS, text))
    emptied = new_note()
    emptied.write(**dict.fromkeys(FIELDS, "plain"))
    emptied.empty(*FIELDS)


def test_longest(new_note: Callable[[], Note]) -> None:
    """Four texts of 64 KiB each."""
    new_note().write(**dict.fromkeys(FIELDS, "bytes-65536"))


def test_every_text_class(new_note: Callable[[], Note]) -> None:
    """Each kind of text stands somewhere, four to a note."""
    names = corpus.classes
    for begin in range(0, len(names), len(FIELDS)):
        texts = names[begin : begin + len(FIELDS)]
        new_note().write(**dict(zip(FIELDS, texts, strict=False)))
