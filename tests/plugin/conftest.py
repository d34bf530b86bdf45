"""One round of the board's scenarios, driven once for every test that looks at its journal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.drive.scenarios import Collected, DriveResult, collect, drive
from harness.drive.spec import Spec
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.model import Field, Form
from tests.plugin.board import Board, board

HERE = Path(__file__).parent
FORMS = {
    "note": Form(
        name="note",
        storage="main",
        key=("id",),
        fields=(
            Field("title", "title", max_chars=120),
            Field("body", "body"),
            Field("rich", "rich"),
            Field("kind", "kind", kind="choice", choices=("letter", "result")),
            Field("pinned", "pinned", kind="flag"),
            Field("file", "file", kind="file"),
        ),
        table="note",
        settle_s_max=0.3,
    )
}


@dataclass(frozen=True)
class Folder:
    """A run's folder, as far as driving knows it."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def environment(self) -> dict[str, str]:
        return {"HARNESS_RUN": "20260101-000000-ab12"}

    @property
    def temporary(self) -> Path:
        folder = self.path / "temporary"
        folder.mkdir(exist_ok=True)
        return folder


MakeSpec = Callable[..., tuple[Spec, Folder]]


def spec_in(folder: Path, **changes: object) -> tuple[Spec, Folder]:
    """A spec whose scenarios are in FOLDER/scenarios and whose run is FOLDER/run."""
    run = Folder(folder / "run")
    for name in ("logs", "journal", "evidence", "files"):
        (run.path / name).mkdir(parents=True, exist_ok=True)
    (folder / "scenarios").mkdir(exist_ok=True)
    spec = Spec(
        run="ab12",
        role="candidate",
        release="1.4",
        url="http://127.0.0.1:9",
        scenarios=folder / "scenarios",
        root=folder,
        journal=run.path / "journal",
        evidence=run.path / "evidence",
        files=run.path / "files",
        forms=FORMS,
        texts=("plain", "multiline"),
        acknowledge_s_max=2.0,
        action_s_max=5.0,
    )
    return replace(spec, **changes), run  # type: ignore[arg-type]


@dataclass(frozen=True)
class Driven:
    """What a round left behind."""

    collected: Collected
    result: DriveResult
    events: tuple[ev.Event, ...]
    folder: Folder
    board: Board

    def trial(self, scenario: str, **levels: str) -> str:
        """The id of a scenario's trial with these levels."""
        found = [
            event.trial
            for event in self.events
            if isinstance(event, ev.TrialBegan)
            and event.case.split("::")[1].split("[")[0] == scenario
            and levels.items() <= event.levels.items()
        ]
        assert 1 == len(found), (scenario, found)
        return found[0]

    def ended(self, scenario: str, **levels: str) -> ev.TrialEnded:
        """How that trial ended."""
        trial = self.trial(scenario, **levels)
        (ended,) = [e for e in self.events if isinstance(e, ev.TrialEnded) and e.trial == trial]
        return ended

    def of(self, kind: type[ev.Event], scenario: str, **levels: str) -> list[ev.Event]:
        """The events of a kind that belong to that trial."""
        trial = self.trial(scenario, **levels)
        return [event for event in self.events if type(event) is kind and owner(event) == trial]


def owner(event: ev.Event) -> str:
    """The trial an event speaks of."""
    place = next(
        value
        for name in ("trial", "record", "save")
        if (value := getattr(event, name, None)) is not None
    )
    return "/".join(str(place).split("/")[:3])


@pytest.fixture(scope="session")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """Every scenario of the board, driven once."""
    folder = tmp_path_factory.mktemp("board")
    with board() as found:
        spec, run = spec_in(folder, url=found.url)
        shutil.copy(HERE / "board_scenarios.py", spec.scenarios / "test_board.py")
        shutil.copy(HERE / "board_readers.py", spec.scenarios / "conftest.py")
        collected = collect(spec, run)
        cases = {case.id: case.number for case in collected.cases}
        result = drive(replace(spec, cases=cases), run, workers=2, timeout_s_max=120)
        yield Driven(collected, result, read_journal(spec.journal), run, found)
