"""What a user of a load saves next is made before it is asked for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.journal.handles import Asked, Entered, Trial, Typed, exact, texts_now
from harness.journal.volume_writer import VolumeWriter
from harness.load.ahead import AHEAD_MAX, CHARS_MAX, Ahead
from harness.model import Contract, Field, Form, Value
from harness.values import find_traces, trial_number
from tests.journal.reading import read_volume

NOTE = Form(
    "note",
    "main",
    ("id",),
    (
        Field("title", "title", max_chars=60),
        Field("text", "text", contract=Contract(newline="any")),
        Field("more", "more", contract=Contract(trim=True)),
    ),
)
RECORDS_MAX = 100


class Counting:
    """Spells as the writer does, and keeps what it was asked to."""

    def __init__(self, writer: VolumeWriter) -> None:
        self.writer = writer
        self.spelled: list[Mapping[str, Value]] = []

    def __call__(self, entered: Entered, values: Mapping[str, Value]) -> str:
        self.spelled.append(values)
        return self.writer.spelled(entered, values)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[VolumeWriter]:
    with VolumeWriter(tmp_path) as opened:
        yield opened


def trials(writer: VolumeWriter, ahead: Ahead | None, count: int) -> list[Trial]:
    """One user's trials, which share what they enter, as those of a load do."""
    known: dict[Asked, Entered] = {}
    return [
        Trial(
            writer,
            id=f"load/{number}/1",
            run="ab12",
            number=trial_number("load", number, 1),
            forms={"note": NOTE},
            entered=known,
            make=ahead,
        )
        for number in range(count)
    ]


def trial(writer: VolumeWriter, ahead: Ahead) -> Trial:
    (only,) = trials(writer, ahead, 1)
    return only


def saved(user: Trial, *saves: Mapping[str, Any]) -> list[Mapping[str, Typed]]:
    """What is typed in the saves of one new record."""
    record, typed = user.record("note", key=user.records_n), []
    for specs in saves:
        with record.save(**specs) as save:
            typed.append(save.values)
            save.acknowledged("200", level="transport")
    return typed


PLAIN, SYMBOLS = {"title": "plain", "text": "multiline"}, {"more": "trailing", "text": "symbols"}
SPELLED = {"text": "plain", "more": exact("as it is ")}


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param([(PLAIN,)], id="alike"),
        pytest.param([(PLAIN,), (SYMBOLS,)], id="by turns"),
        pytest.param([(PLAIN,)] * 40 + [(SYMBOLS,)], id="another for once"),
        pytest.param([(PLAIN, PLAIN, SYMBOLS)], id="written again"),
        pytest.param([(PLAIN,), ()], id="nothing at all"),
        pytest.param([(SPELLED,), (PLAIN, SPELLED)], id="a literal among texts"),
    ],
)
def test_what_is_made_ahead_is_what_would_be_made_then(
    tmp_path: Path, shapes: list[tuple[Mapping[str, Any], ...]]
) -> None:
    """Texts and the journal's words for them are the same, whoever makes them and when."""
    found = {}
    for how in ("now", "ahead"):
        folder = tmp_path / how
        folder.mkdir()
        typed = []
        with VolumeWriter(folder) as writer:
            ahead = Ahead(writer.spelled, RECORDS_MAX) if how == "ahead" else None
            for user in trials(writer, ahead, 3):
                typed += [saved(user, *shapes[n % len(shapes)]) for n in range(RECORDS_MAX)]
        owed = [save.fields for save in read_volume(folder).saves]
        found[how] = typed, owed

    assert found["now"] == found["ahead"]
    assert found["now"][1]


def test_saves_alike_are_made_together_and_few_for_nothing(writer: VolumeWriter) -> None:
    """More are made each time all of the last ones were needed, and none beyond a trial's records.

    Of those that are made, at most as many as were saved before turn out to be for nothing.
    """
    spelled = Counting(writer)
    user = trial(writer, Ahead(spelled, RECORDS_MAX))
    made_n = []
    for _ in range(RECORDS_MAX):
        saved(user, PLAIN)
        made_n.append(len(spelled.spelled))

    assert [1, 3, 3, 7, 7, 7, 7, 15] == made_n[:8]
    assert max(made - n for n, made in enumerate(made_n)) == AHEAD_MAX
    assert made_n[-1] == RECORDS_MAX


def test_nothing_is_made_ahead_for_who_never_saves_alike(writer: VolumeWriter) -> None:
    """Where each save enters something else than the last one, each is made when it comes."""
    spelled = Counting(writer)
    user = trial(writer, Ahead(spelled, RECORDS_MAX))
    for n in range(RECORDS_MAX):
        saved(user, (PLAIN, SYMBOLS)[n % 2])

    assert RECORDS_MAX == len(spelled.spelled)


def test_long_texts_are_not_kept_for_later(writer: VolumeWriter) -> None:
    """A text that takes memory is made when it is typed, however often."""
    spelled = Counting(writer)
    user = trial(writer, Ahead(spelled, RECORDS_MAX))
    for n in range(10):
        ((typed,), made_n) = saved(user, {"text": "bytes-65535"}), len(spelled.spelled)
        assert len(str(typed["text"])) > CHARS_MAX
        assert n + 1 == made_n


def test_a_text_that_does_not_fit_is_an_error_of_its_save(writer: VolumeWriter) -> None:
    """What cannot be made raises when it is asked for, as it does without anything ahead."""
    user = trial(writer, Ahead(writer.spelled, RECORDS_MAX))
    user.number = 36**4
    entered = user.entered(NOTE, "save", PLAIN)

    for make in (user.make, texts_now):
        with pytest.raises(ValueError, match="does not fit 4 digits"):
            make(entered, user, 1, 1)


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param("AB" * 24, id="two trials by turns"),
        pytest.param("AAAAAAAAB" * 5, id="another trial now and then"),
        pytest.param("Aa" * 24, id="every second record"),
        pytest.param("".join(random.Random(7).choices("AABab", k=100)), id="at random"),
    ],
)
def test_what_is_made_for_nothing_is_no_more_than_was_needed(
    writer: VolumeWriter, turns: str
) -> None:
    """However a user's trials and records take turns, as many saves were typed as were not."""
    spelled = Counting(writer)
    users = dict(zip("AB", trials(writer, Ahead(spelled, RECORDS_MAX), 2), strict=True))
    for nth, turn in enumerate(turns, start=1):
        saved(users[turn.upper()], *([PLAIN] if turn.isupper() else []))
        saved_n = sum(map(str.isupper, turns[:nth]))

        assert len(spelled.spelled) <= 2 * saved_n


def test_what_has_no_text_is_not_made_ahead(writer: VolumeWriter) -> None:
    """A deletion needs no place in a token, and changes nothing of what was made."""
    spelled = Counting(writer)
    user = trial(writer, Ahead(spelled, RECORDS_MAX))
    for _ in range(2):
        saved(user, PLAIN)
    made_n, place = len(spelled.spelled), user.number
    user.number = 36**4
    with user.record("note", key="gone").delete() as deletion:
        deletion.acknowledged("204", level="transport")
    user.number = place
    user.records_n -= 1
    saved(user, PLAIN)

    assert made_n == len(spelled.spelled)


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param("AAABABBA", id="by turns"),
        pytest.param("AAbbBBB", id="left early, and the next one's first records not saved"),
    ],
)
def test_each_trial_is_given_its_own(writer: VolumeWriter, turns: str) -> None:
    """What was made of one trial's records is typed in no other's, whichever comes next."""
    users = dict(zip("AB", trials(writer, Ahead(writer.spelled, RECORDS_MAX), 2), strict=True))
    for turn in turns:
        user = users[turn.upper()]
        for typed in saved(user, *([PLAIN] if turn.isupper() else [])):
            found = {trace.trial for text in typed.values() for trace in find_traces(str(text))}

            assert {user.number} == found
