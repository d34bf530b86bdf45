"""A recorded loss, done again by its script alone: the bad release loses it, the good one not."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.drive.scenarios import drive
from harness.drive.spec import Spec
from harness.exhibits import SCRIPT, STEPS, Exhibit, Journey, Station
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.model import Anomaly, Field, Finding, Form, Layer, Probe, Severity, Trigger
from harness.plan import load_plan
from harness.report.reproduction import read_steps, script
from tests.clinic.live import PASSWORD, serving
from tests.plugin.conftest import Folder

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
ROOT = Path(__file__).parents[2]
SCENARIO = "test_consultation_then_share.py::test_consultation_then_share"
LEVELS = {
    "documents_shared": "2",
    "moment_of_share": "before typing",
    "recipient": "patient",
    "document": "upload",
    "text": "plain",
    "fill": "all",
    "typed_by": "paste",
    "saved_by": "button",
    "session": "fresh",
    "role": "doctor",
    "language": "en",
}
FOUR = ("reason", "history", "examination", "conclusion")


@dataclass(frozen=True)
class Recorded:
    """A trial on 1.2.0 that was recorded, and what it typed."""

    steps: Path
    record: str
    typed: dict[str, str]


@pytest.fixture(scope="module")
def recorded(database: str, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The case of the incident, driven with a trace."""
    run = Folder(tmp_path_factory.mktemp("recorded"))
    for name in ("logs", "journal", "evidence", "files"):
        (run.path / name).mkdir()
    plan = load_plan(ROOT / "harness.toml", {**os.environ, "CLINIC_SECRET": "x"})
    probe = Probe(0, SCENARIO, "1/again", LEVELS, {name: (of,) for name, of in LEVELS.items()})
    with serving(database, "1.2.0") as (url, _):
        spec = Spec(
            run="ab12",
            role="candidate",
            release="1.2.0",
            url=url,
            scenarios=ROOT / "scenarios",
            root=ROOT,
            journal=run.path / "journal",
            evidence=run.path / "evidence",
            files=run.path / "files",
            forms=plan.forms("1.2.0"),
            texts=("plain",),
            round="trigger",
            probes=(probe,),
            trace=True,
        )
        drive(spec, run, workers=1, timeout_s_max=120)
    events = list(read_journal(spec.journal))
    (ended,) = (event for event in events if isinstance(event, ev.TrialEnded))
    opened = [event for event in events if isinstance(event, ev.RecordOpened)]
    (note,) = (event for event in opened if event.form == "consultation")
    (save,) = (
        event
        for event in events
        if isinstance(event, ev.SaveIntended) and event.record == note.record
    )
    assert ended.outcome == "completed", ended.message
    (steps,) = (run.path / path for path in ended.evidence if path.endswith(STEPS))
    typed = {name: str(value) for name, value in save.values.items()}
    return Recorded(steps, note.record, typed)


@pytest.fixture(scope="module")
def reproduction(recorded: Recorded) -> Path:
    """The script of that trial."""
    columns = tuple(Field(name, name) for name in FOUR)
    form = Form("consultation", "main", ("id",), columns, table="consultation")
    finding = Finding(
        "storage",
        Anomaly.LOST,
        "consultation",
        FOUR,
        1,
        1,
        Severity.BLOCK,
        Layer.PAGE,
        Trigger("when it is shared"),
    )
    journeys = tuple(
        Journey("consultation", name, (Station("typed", text), Station("stored")))
        for name, text in recorded.typed.items()
    )
    exhibit = Exhibit(finding, "the note is lost", SCENARIO, recorded.record, journeys=journeys)
    kept = recorded.steps.read_text(encoding="ascii")
    path = recorded.steps.with_name(SCRIPT)
    path.write_text(script([exhibit], read_steps(kept), {"consultation": form}), encoding="ascii")
    return path


def run(path: Path, url: str, dsn: str) -> subprocess.CompletedProcess[str]:
    """Call it as a developer does, with the password of the seed."""
    return subprocess.run(
        [sys.executable, str(path), "--url", url, "--dsn", dsn],
        env={**os.environ, "REPRODUCE_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_script_shows_the_loss(reproduction: Path, database: str) -> None:
    """Against the release that was blocked the page says "Saved", and storage holds nothing."""
    with serving(database, "1.2.0") as (url, _):
        done = run(reproduction, url, database)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "the page said: 'Saved" in done.stdout
    assert done.stdout.count("NOT AS SAVED") == len(FOUR)


def test_the_script_shows_that_it_is_mended(reproduction: Path, database: str) -> None:
    """Against a release that keeps the note, the same script finds it as it was saved."""
    with serving(database, "1.1.0") as (url, _):
        done = run(reproduction, url, database)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT AS SAVED" not in done.stdout
    assert done.stdout.count("as saved") == len(FOUR)


def test_no_secret_is_kept(reproduction: Path, recorded: Recorded) -> None:
    """The password of the seed is neither in the steps nor in the script."""
    for path in (reproduction, recorded.steps):
        assert PASSWORD not in path.read_text(encoding="ascii")
