"""Records that stood there before, looked at on one release and again on the next one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.journal import events as ev
from harness.model import PLANT, Case, Phase, Sight
from harness.plugin import readers, sights
from harness.plugin import session as sessions
from harness.plugin.trials import RUNNING, Running
from tests.plugin.conftest import spec_in

SIGHT = Sight("note", ("7",), {"title": "Kept"})
GONE = Sight("note", ("8",), {"title": "Never shown"})


class Looking:
    """A reader's pages, which show the first sight alone; notes what happens in which order."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def sees(self, record: Any, reader: Any, due: object) -> bool:
        self.did.append(f"sees {record}")
        return str(record) == "7"

    def see_again(self, record: Any, reader: Any, due: object) -> None:
        assert SIGHT.due == due
        self.did.append(f"sees {record} again")


def test_only_what_was_shown_before_is_asked_of_it_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are looked at, the gate is told, and those that were shown whole are looked at again."""
    looking = Looking()
    spec = SimpleNamespace(sights=(SIGHT, GONE))
    running = SimpleNamespace(tell=lambda moment: looking.did.append(f"tells {moment}"))
    request = SimpleNamespace(
        node=SimpleNamespace(stash={RUNNING: running}),
        config=SimpleNamespace(stash={sessions.SESSION: SimpleNamespace(spec=spec)}),
    )
    journal = SimpleNamespace(record=lambda form, key, initial: key[0])
    monkeypatch.setattr(readers, "of_form", lambda form: ["shown"])
    sights.what_stood_there(cast(Any, request), cast(Any, journal), cast(Any, looking))

    assert ["sees 7", "sees 8", "tells seen", "sees 7 again"] == looking.did


def running(
    tmp_path: Path, worker: str = "gw0", **changes: object
) -> tuple[Running, list[ev.Event]]:
    """A trial of a round in which releases change, on a line that nobody answers."""
    case = Case("t.py::test_edit[0]", 3, "t.py::test_edit", "t.py", 1, {"text": "plain"})
    spec, _ = spec_in(tmp_path, **changes)
    told: list[ev.Event] = []

    def write(event: ev.Event) -> float:
        told.append(event)
        return 1.0

    session = SimpleNamespace(spec=spec, worker=worker, writer=SimpleNamespace(write=write))
    return Running(cast(Any, session), case), told


def test_a_trial_that_the_gate_does_not_hear(tmp_path: Path) -> None:
    """It is broken by its surroundings, whatever it shows, and stands in the stage it was for."""
    phase = Phase("stale-page", "typing", levels={"client_version": "loaded before the deploy"})
    trial, told = running(
        tmp_path, role="upgraded", round="upgrade", line=tmp_path / "nobody",
        phases={"t.py::test_edit[0]": phase},
    )  # fmt: skip
    trial.began()
    trial.end()
    began, ended = told

    assert isinstance(began, ev.TrialBegan)
    assert isinstance(ended, ev.TrialEnded)
    assert ("stale-page", {"text": "plain", **phase.levels}) == (began.round, began.levels)
    assert "environment" == ended.outcome
    assert "the gate did not answer upgraded/3/1 at the moment 'began'" in ended.message


@pytest.mark.parametrize(("worker", "number"), [("main", 0), ("gw1", 1), ("gw5", 2)])
def test_each_worker_tells_of_its_own_address(worker: str, number: int, tmp_path: Path) -> None:
    """A worker that replaces a dead one tells of the address it has, not of its own number."""
    urls = ("http://a", "http://b", "http://c")
    trial, _ = running(tmp_path, worker, line=tmp_path / "line", urls=urls)

    assert trial.line is not None
    assert number == trial.line.worker


def test_a_round_of_one_release_tells_nobody(tmp_path: Path) -> None:
    """Without a line a trial waits for no moment, and its round is the spec's."""
    trial, told = running(tmp_path, role="baseline", round=PLANT)
    trial.began()

    assert trial.line is None
    assert ["completed", PLANT] == [trial.outcome, told[0].round]  # type: ignore[attr-defined]
