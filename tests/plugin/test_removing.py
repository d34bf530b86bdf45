"""Who answered a save is journaled, and what a probe wrote is removed again, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.drive.scenarios import collect, drive
from harness.drive.spec import Spec, read_spec, write_spec
from harness.errors import ScenarioError
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.model import REMOVING
from harness.plugin import remover, removers
from harness.values import find_marks, trial_number
from tests.plugin.board import board
from tests.plugin.conftest import spec_in

SCENARIO = """
from harness.plugin import exact


def test_write(page, journal):
    note = journal.record("note", key=1)
    page.goto("/")
    with note.save(title=exact(f"Board {journal.mark}")) as save:
        save.enter("title", page.get_by_label("Title"))
        page.get_by_role("button", name="Save").click()
        save.acknowledged(page.get_by_role("status"))
"""
CONFTEST = """
from pathlib import Path

from harness.plugin import remover


@remover("note")
def page_removes(new_context, url, key):
    assert new_context().request.get(f"{url}/").ok
    assert key != "2", "the page says no"
    with Path("removed").open("a") as stream:
        stream.write(f"{key} ")
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    removers.forget()


def written(folder: Path, **changes: object) -> tuple[Spec, object]:
    spec, run = spec_in(folder, **changes)
    (spec.scenarios / "test_a.py").write_text(SCENARIO, encoding="utf-8")
    (spec.scenarios / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    return spec, run


@pytest.mark.e2e
@pytest.mark.xdist_group("e2e")
def test_answers_and_pages_name_their_release(tmp_path: Path) -> None:
    """A header of the answer to what the page sent, and an element of the page that told it."""
    with board() as found:
        answered = {"header": "X-Board", "page": "title"}
        spec, run = written(tmp_path, url=found.url, answered=answered)
        cases = {case.id: case.number for case in collect(spec, run).cases}  # type: ignore[arg-type]
        drive(replace(spec, cases=cases), run, timeout_s_max=90)  # type: ignore[arg-type]
    events = read_journal(spec.journal)

    told = [e.release for e in events if isinstance(e, ev.RequestAnswered)]
    shown = [(e.save, e.release) for e in events if isinstance(e, ev.ReleaseShown)]
    assert ["board 7"] == told
    assert [("candidate/0/1/r1/s1", "Board")] == shown
    (title,) = [note["title"] for note in found.notes.values()]
    assert (("ab12", trial_number("candidate", 0, 1)),) == find_marks(str(title))


@pytest.mark.e2e
@pytest.mark.xdist_group("e2e")
def test_one_record_that_stays_keeps_no_other_from_going(tmp_path: Path) -> None:
    """Each is asked for by its key; the trial breaks with what stayed, and why."""
    removals = tuple(("note", (str(key),)) for key in (1, 2, 3))
    with board() as found:
        spec, run = written(tmp_path, url=found.url, removals=removals, readers=False)
        drive(spec, run, workers=1, timeout_s_max=90)  # type: ignore[arg-type]
    events = read_journal(spec.journal)

    (began,) = [e for e in events if isinstance(e, ev.TrialBegan)]
    (ended,) = [e for e in events if isinstance(e, ev.TrialEnded)]
    deleted = [e.save for e in events if isinstance(e, ev.SaveAcknowledged)]
    assert REMOVING == began.case
    assert ["candidate/0/1/r1/s1", "candidate/0/1/r3/s1"] == deleted
    assert "1 3 " == (tmp_path / "removed").read_text()
    assert "broken" == ended.outcome
    assert "note 2: the page says no" in ended.message


@pytest.mark.e2e
@pytest.mark.xdist_group("e2e")
def test_who_can_be_removed_is_collected(tmp_path: Path) -> None:
    """A promise says for which forms there is a remover."""
    spec, run = written(tmp_path)

    assert {"note"} == collect(spec, run).removable  # type: ignore[arg-type]


def test_a_remover_asks_for_what_there_is() -> None:
    """An argument that nobody gives is named with those that there are."""
    with pytest.raises(ScenarioError, match="asks for 'page'; it may ask for context"):

        @remover("note")
        def removes(page: object) -> None: ...


def test_removals_read_back(tmp_path: Path) -> None:
    """What a round is told to remove is what it reads, keys of several columns included."""
    spec, _ = spec_in(tmp_path, removals=(("note", ("1", "2")),), answered={"header": "X"})
    write_spec(tmp_path / "spec.json", spec)

    assert spec == read_spec(tmp_path / "spec.json")
