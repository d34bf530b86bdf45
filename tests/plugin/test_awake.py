"""When the plugin does something, and when it does nothing at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from harness.drive.scenarios import drive
from harness.journal import events as ev
from harness.journal.reader import read_journal
from tests.plugin.board import board
from tests.plugin.conftest import HERE, spec_in

PLAN = """
[app]
name = "board"
[release]
deployer = "external"
health = { release = "release" }
[release.external]
url = "http://127.0.0.1:9"
[storage.main]
engine = "postgres"
url = "${DSN}"
[form.note]
storage = "main"
table = "note"
key = "id"
settle_s_max = 0
[form.note.fields]
title = { max_chars = 80 }
body = {}
"""
EMPTY_LOOK = """
import sys, json
before = set(sys.modules)
import harness.plugin
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_importing_it_is_light() -> None:
    """What every pytest run imports with it holds neither a browser nor the plan's reader."""
    done = subprocess.run(
        [sys.executable, "-c", EMPTY_LOOK], capture_output=True, text=True, timeout=60, check=True
    )
    heavy = {"playwright", "pydantic", "psutil", "pytest", "xdist", "harness.plan"}

    assert set() == heavy & set(json.loads(done.stdout))


def test_without_an_option_it_is_inert(tmp_path: Path) -> None:
    """A stranger's tests have their own `case`, `journal` and `url`, and run as ever."""
    (tmp_path / "test_own.py").write_text(
        textwrap.dedent(
            """
            import pytest

            @pytest.fixture
            def journal():
                return "own journal"

            @pytest.mark.parametrize("case", [1, 2])
            def test_own(case, journal, pytestconfig):
                assert journal == "own journal"
                names = [name for name, _ in pytestconfig.pluginmanager.list_name_plugin()]
                assert not [name for name in names if name.startswith("harness-")]
            """
        ),
        encoding="utf-8",
    )

    done = run_pytest(tmp_path)

    assert (0, True) == (done.returncode, "2 passed" in done.stdout), done.stdout


def test_an_author_needs_no_gate(tmp_path: Path) -> None:
    """With --url scenarios run as tests; the end says that storage was not looked at."""
    (tmp_path / "harness.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "scenarios").mkdir()
    shutil.copy(HERE / "board_scenarios.py", tmp_path / "scenarios" / "test_board.py")
    kept = tmp_path / "test-results"
    kept.mkdir()

    with board() as found:
        options = (
            "scenarios",
            "--url",
            found.url,
            "-k",
            "test_second_save or test_note",
            "-n",
            "2",
        )
        done = run_pytest(tmp_path, *options)

    assert 0 == done.returncode, done.stdout
    assert "10 of 10 saves were acknowledged. Storage was not looked at" in done.stdout
    journal = Path(done.stdout.partition("Journal: ")[2].partition("\n")[0])
    assert 10 == sum(isinstance(e, ev.SaveAcknowledged) for e in read_journal(journal))
    assert kept.exists()


def test_an_author_without_a_plan_is_told(tmp_path: Path) -> None:
    """Without a plan there are no forms, and the call is refused."""
    done = run_pytest(tmp_path, "--url", "http://127.0.0.1:9")

    assert (4, True) == (done.returncode, "no harness.toml" in done.stderr), done.stderr


@pytest.mark.parametrize(
    ("has_plan", "options", "code"),
    [
        pytest.param(False, ["--collect-only"], 4, id="refused"),
        pytest.param(True, ["--collect-only"], 0, id="only collected"),
        pytest.param(True, ["-k", "nothing"], 5, id="all deselected"),
    ],
)
def test_an_author_keeps_no_folder_without_a_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_plan: bool, options: list[str], code: int
) -> None:
    """Where no scenario was run nothing is told of a journal, and nothing is left behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    if has_plan:
        (tmp_path / "harness.toml").write_text(PLAN, encoding="utf-8")
    done = run_pytest(tmp_path, "--url", "http://127.0.0.1:9", *options)

    assert code == done.returncode, done.stdout + done.stderr
    assert "Journal: " not in done.stdout
    assert [] == list(temporary.glob("harness-*"))


@pytest.mark.xdist_group("e2e")
def test_a_rerun_keeps_a_trace(tmp_path: Path) -> None:
    """With a trace asked for, each trial leaves one with its steps, and a failure its page."""
    spec, run = spec_in(tmp_path)
    shutil.copy(HERE / "board_scenarios.py", spec.scenarios / "test_board.py")
    cases = {"test_board.py::test_nothing_said": 0, "test_board.py::test_second_save": 1}

    with board() as found:
        drive(
            replace(spec, url=found.url, cases=cases, trace=True), run, workers=1, timeout_s_max=90
        )

    ended = {e.trial: e for e in read_journal(spec.journal) if isinstance(e, ev.TrialEnded)}
    broken, whole = ended["candidate/0/1"].evidence, ended["candidate/1/1"].evidence
    recorded = ["steps.json", "trace-1.zip"]
    assert ["traceback.txt", "page-1.png", *recorded] == [Path(name).name for name in broken]
    assert recorded == [Path(name).name for name in whole]
    assert all((run.path / name).stat().st_size for name in (*broken, *whole))


def test_a_browser_that_cannot_start_is_the_environments_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a browser no journey is blamed."""
    spec, run = spec_in(tmp_path)
    shutil.copy(HERE / "board_scenarios.py", spec.scenarios / "test_board.py")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))

    drive(replace(spec, cases={"test_board.py::test_nowhere": 0}), run, timeout_s_max=90)

    (ended,) = [e for e in read_journal(spec.journal) if isinstance(e, ev.TrialEnded)]
    assert ("environment", True) == (ended.outcome, "install one with" in ended.message)
