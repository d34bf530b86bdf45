"""Whatever is wrong with a call, a plan or its surroundings: a sentence, an exit code, no run."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.gating import Called, changed, gate

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

HEALTH = "timeout_s_max = 15"
STORAGE = "[storage.main]"
AWAY = """[storage.copy]
engine = "postgres"
url = "postgresql://reader:hunter2@127.0.0.1:1/notes"

[storage.main]"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'deployer = "process"',
            "deployer = process",
            "not TOML: Invalid value (at line 5, column",
        ),
        (
            "settle_s_max",
            "setle_s_max",
            "form.note.setle_s_max = 1: unknown key; write settle_s_max",
        ),
        (
            'FILES = "{scratch}"',
            'FILES = "${NOTE_FILES}"',
            "the environment has no NOTE_FILES; set it",
        ),
        ('"{port}"', '"{prot}"', "no placeholder 'prot' here; write port"),
    ],
    ids=["not TOML", "unknown key", "missing variable", "unknown placeholder"],
)
def test_a_plan_that_is_wrong(tmp_path: Path, old: str, new: str, told: str) -> None:
    """A wrong plan exits 2 with the place and what to write; nothing was started."""
    called = gate("good", plan=changed(tmp_path, (old, new)), runs=tmp_path / "runs")

    assert (called.code, called.out, called.run) == (2, "", None)
    assert told in called.err


def test_no_plan(tmp_path: Path) -> None:
    """Without a plan it exits 2 and says where one was looked for."""
    called = gate("good", plan=tmp_path, runs=tmp_path / "runs")

    assert (called.code, called.run) == (2, None)
    assert f"no plan at {tmp_path / 'harness.toml'}" in called.err


def test_an_unknown_release(tmp_path: Path) -> None:
    """A release that does not exist exits 2 with the nearest one that does."""
    called = gate("goood", runs=tmp_path / "runs")

    assert (called.code, called.run) == (2, None)
    assert "unknown release 'goood'" in called.err
    assert "nearest: good" in called.err


@pytest.mark.parametrize(
    ("scenarios", "told"),
    [
        ("", "no scenario was collected"),
        ("import nothing_like_it\n", "test_notes.py: ModuleNotFoundError: No module named"),
        ("def test_one(:\n", "test_notes.py: SyntaxError"),
    ],
    ids=["none", "not importable", "no Python"],
)
def test_scenarios_that_cannot_be_collected(tmp_path: Path, scenarios: str, told: str) -> None:
    """Without scenarios nothing can be promised: exit 2, and the run that never began is gone."""
    called = gate("good", plan=changed(tmp_path, scenarios=scenarios), runs=tmp_path / "runs")

    assert (called.code, called.run) == (2, None), called.err
    assert told in called.err
    assert "/logs/" not in called.err


def test_only_what_is_not_there(tmp_path: Path) -> None:
    """--only that fits no case exits 2 and shows what cases are called."""
    called = gate("good", "--only", "test_nothing", runs=tmp_path / "runs")

    assert (called.code, called.run) == (2, None)
    assert "'test_nothing' matches no case" in called.err
    assert "test_notes.py::test_edit" in called.err


FORGETFUL = """
import pytest
from playwright.sync_api import Page
from harness.plugin import Trial

@pytest.mark.skip(reason="the printer is broken")
def test_skipped(journal: Trial): ...

def test_forgets(page: Page, journal: Trial):
    page.goto("/new")
    with journal.record("note").save(title="plain") as save:
        save.enter("title", page.get_by_label("Title"))
        page.get_by_role("button", name="Save").click()

def test_looks(page: Page):
    page.goto("/")

def test_misspells(journal: Trial):
    with journal.record("note").save(summry="plain"):
        ...
"""


def test_scenarios_that_prove_nothing(tmp_path: Path) -> None:
    """What was skipped, not acknowledged or misspelt is owed, each with its reason."""
    called = gate("good", plan=changed(tmp_path, scenarios=FORGETFUL), runs=tmp_path / "runs")

    assert called.code == 3, called.err
    assert "test_skipped is owed: it was skipped: the printer is broken" in called.out
    assert "test_forgets is owed: the scenario is at fault" in called.out
    assert "without an acknowledgement or a refusal" in called.out
    assert "test_looks is owed: it acknowledged nothing" in called.out
    assert "no field of note is called 'summry', the nearest is 'summary'" in called.out
    assert "rerun skipped" in called.out
    assert called.left() == []


def down(called: Called, *told: str) -> None:
    """It was not proved, for this reason, in the verdict and on the screen; nothing is left."""
    assert called.code == 3, called.err
    assert called.verdict["verdict"] == "inconclusive"
    for words in told:
        assert words in called.out
        assert words in called.err
    assert called.left() == []


def test_a_process_that_exits_at_once(tmp_path: Path) -> None:
    """The last lines of a process that did not start are on the screen."""
    called = gate("crashes", runs=tmp_path / "runs")

    down(called, "app exited 1", "no licence for port")
    assert "9 of 9 cases never ran" in called.out


def test_health_that_never_answers(tmp_path: Path) -> None:
    """A release that is never healthy is waited for as long as the plan says, and no longer."""
    plan = changed(tmp_path, (HEALTH, "timeout_s_max = 4"))
    called = gate("silent", plan=plan, runs=tmp_path / "runs")

    down(called, "GET /healthz was to answer 2xx within 4 s, the last attempt gave HTTP 503")


def test_health_of_another_release(tmp_path: Path) -> None:
    """A release that answers under another name is not driven."""
    plan = changed(tmp_path, (HEALTH, "timeout_s_max = 1"))
    called = gate("wrongname", plan=plan, runs=tmp_path / "runs")

    down(called, "/healthz answers release 'good', not 'wrongname'")


def test_a_migration_that_fails(tmp_path: Path) -> None:
    """A release that does not migrate is not driven, and the database's own words are shown."""
    called = gate("unmigrated", runs=tmp_path / "runs")

    down(called, "migrate exited 1", 'relation "person" does not exist')


def test_storage_out_of_reach(tmp_path: Path) -> None:
    """Storage that cannot be read is named before anything is driven, without its password."""
    plan = changed(tmp_path, (STORAGE, AWAY), ('storage = "main"', 'storage = "copy"'))
    called = gate("good", plan=plan, runs=tmp_path / "runs")

    down(called, "storage at reader@127.0.0.1:1/notes cannot be reached")
    assert "hunter2" not in called.out + called.err + str(called.verdict)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([('["note", "line"]', '["notes", "line"]')], ["no table notes; write note"]),
        (
            [("title      = {", 'title      = { column = "titel",'), ('= "id"', '= "uuid"')],
            ["key: the query has no column uuid", "no column titel; write title"],
        ),
    ],
    ids=["table", "key and column"],
)
def test_a_form_that_does_not_fit(
    tmp_path: Path, changes: list[tuple[str, str]], told: list[str]
) -> None:
    """A table, key or column that is not there is named with the nearest one, all at once."""
    called = gate("good", plan=changed(tmp_path, *changes), runs=tmp_path / "runs")

    down(called, "form note does not fit storage main", *told)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """A fixed port that somebody listens on is named, with what to do."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        number = listening.getsockname()[1]
        plan = changed(
            tmp_path,
            ('"{port}"', f'"{number}"'),
            ('deployer = "process"', f'deployer = "process"\nport = {number}'),
        )
        called = gate("good", plan=plan, runs=tmp_path / "runs")

    down(called, f"port {number} of release 'good' (candidate) is taken; end what listens there")


def test_no_browser(tmp_path: Path) -> None:
    """Without a browser it exits 3 with the one command that installs one; no run is begun."""
    env = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    called = gate("good", runs=tmp_path / "runs", env=env)

    assert (called.code, called.run) == (3, None)
    assert "no browser to drive; install one with: " in called.err


def test_runs_that_cannot_be_kept(tmp_path: Path) -> None:
    """A folder for runs that cannot be made is named."""
    (tmp_path / "file").touch()
    called = gate("good", runs=tmp_path / "file" / "runs")

    assert (called.code, called.out) == (3, "")
    assert f"{tmp_path}/file/runs cannot be created: Not a directory" in called.err


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four pages."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield Path("/dev/full")
        return
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    """A run that cannot be recorded is no run: exit 3, and it says which disk is full."""
    called = gate("good", runs=small_disk / "runs")

    assert (called.code, called.out) == (3, "")
    assert f"{small_disk}/runs" in called.err
    assert called.left() == []
