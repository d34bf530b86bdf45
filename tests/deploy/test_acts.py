"""What is done to releases that run as local processes, and to the storages they stand on."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from harness.deploy import postgres as postgres_module
from harness.deploy import process as process_module
from harness.deploy.health import Answer
from harness.deploy.process import ProcessDeployer, ProcessDeployment
from harness.deploy.schema import telling_changes
from harness.deploy.seams import Deployment
from harness.errors import ReleaseDown, UsageError
from harness.model import Release
from harness.runs import RUN_VARIABLE, RunFolder
from harness.runs.processes import is_gone, marked_processes
from tests.processes import runs

Make = Callable[..., ProcessDeployer]
Ask = Callable[[str], dict[str, Any]]
Step = Callable[..., str]

OLD = Release("1.0.0")
NEW = Release("1.1.0")
MAIL = "worker-mail"


def rows(deployment: Deployment) -> list[str]:
    """What the small application's migrations have written."""
    with psycopg.connect(deployment.storages["main"]) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note")]


def pids_of(deployment: ProcessDeployment, part: str) -> set[int]:
    """The living processes of one part."""
    marks: Mapping[str, str] = {**deployment.marks, "HARNESS_NAME": part}
    return {one.pid for one in marked_processes(marks) if not is_gone(one)}


def left_of(run: RunFolder) -> list[psutil.Process]:
    """Every living process of the run."""
    return [one for one in marked_processes({RUN_VARIABLE: run.id}) if not is_gone(one)]


def interrupt(*_: object, **__: object) -> None:
    """Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


@pytest.fixture
def both(deployer: Make, step: Step) -> Make:
    """A release with a worker, a migration and a way back, on a database of its own."""

    def make(*more: str, **keys: Any) -> ProcessDeployer:
        release = f"migrate = {step('migrate', '--release', '{release}')}\n"
        release += f"rollback = {step('migrate', '--release', 'back to {baseline}')}"
        return deployer(
            *more,
            **{
                "release": release,
                "storage": "",
                "sections": f"[release.worker.mail]\ncommand = {step('work')}",
                **keys,
            },
        )

    return make


# --- one part of a release -----------------------------------------------------------------------


def test_a_worker_alone_is_killed_and_started_again(both: Make, health: Ask) -> None:
    """What is done to a worker leaves the application as it is, and it can be had again."""
    with both().deploy(NEW, "candidate", None) as deployment:
        assert deployment.parts == ("app", MAIL)
        before = health(deployment.url)["pid"]
        worker = pids_of(deployment, MAIL)

        deployment.kill(MAIL)

        assert set(deployment.endings()) == {MAIL}
        assert pids_of(deployment, MAIL) == set()
        deployment.restart(MAIL)
        assert deployment.alive()
        assert pids_of(deployment, MAIL).isdisjoint(worker)
        assert health(deployment.url)["pid"] == before


def test_an_application_alone_is_killed_with_all_it_started(
    both: Make, health: Ask, tmp_path: Path
) -> None:
    """What the application has started goes with it wherever it went; the worker goes on."""
    made = both("--daemon", str(tmp_path / "daemon"))

    with made.deploy(NEW, "candidate", None) as deployment:
        url, worker = deployment.url, pids_of(deployment, MAIL)
        daemon = int((tmp_path / "daemon").read_text())

        deployment.kill("app")

        assert not runs(daemon)
        assert set(deployment.endings()) == {"app"}
        deployment.restart("app")
        assert (deployment.url, deployment.alive()) == (url, True)
        assert health(url)["release"] == "1.1.0"
        assert pids_of(deployment, MAIL) == worker


def test_a_part_that_is_not_there_is_named_with_those_that_are(both: Make) -> None:
    """An act for a part that the plan does not know does nothing but say so."""
    with both().deploy(NEW, "candidate", None) as deployment:
        acts = (deployment.kill, deployment.end, deployment.restart)
        for act in acts:
            with pytest.raises(UsageError, match="no part 'worker-main'; it has app, worker-mail"):
                act("worker-main")

        assert deployment.alive()


# --- asked to end --------------------------------------------------------------------------------


def test_a_release_that_is_asked_to_end_can_finish(both: Make, health: Ask) -> None:
    """A graceful restart lets the application take its leave; any other one does not."""
    with both("--polite").deploy(NEW, "candidate", None) as deployment:
        url = deployment.url
        deployment.restart()
        without = deployment.tail()
        deployment.restart(graceful=True)

        assert "goodbye" not in without
        assert deployment.tail().count("goodbye") == 1
        assert (deployment.url, health(url)["release"]) == (url, "1.1.0")


def test_a_release_that_does_not_end_when_asked_is_killed_and_that_is_known(
    both: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the limit a release is killed, and who asked is told that it had to be."""
    monkeypatch.setattr(process_module, "END_S_MAX", 0.3)

    with both("--stubborn").deploy(NEW, "candidate", None) as deployment:
        assert deployment.end(MAIL)
        assert not deployment.end("app")
        assert not deployment.alive()
        deployment.restart(graceful=True)
        assert deployment.alive()


# --- storages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("graceful", [False, True], ids=["as a crash", "gracefully"])
def test_a_storage_comes_back_with_its_data_at_its_address(both: Make, graceful: bool) -> None:
    """A restarted database has cut its sessions, and has what was committed."""
    with both().deploy(NEW, "candidate", None) as deployment:
        session = psycopg.connect(deployment.storages["main"])
        session.execute("INSERT INTO note VALUES (2, 'not committed')")

        deployment.restart_storage("main", graceful=graceful)

        with pytest.raises(psycopg.OperationalError):
            session.commit()
        assert rows(deployment) == ["1.1.0"]
        assert deployment.alive()
        log = (deployment.logs / "candidate-storage-main.log").read_text()
        assert graceful == ("automatic recovery in progress" not in log)


def test_a_storage_is_restarted_by_whoever_runs_on_it(both: Make) -> None:
    """A release on the storage of another one can restart it; one that is a url nobody can."""
    made = both()

    with (
        made.deploy(OLD, "baseline", OLD) as baseline,
        made.deploy(NEW, "upgraded", OLD, baseline.storages) as upgraded,
    ):
        upgraded.restart_storage("main")
        assert rows(baseline) == ["1.0.0", "1.1.0"]
        with pytest.raises(UsageError, match="has no storage 'other'; it has main"):
            upgraded.restart_storage("other")


def test_a_storage_at_a_url_is_not_restarted(deployer: Make) -> None:
    """What the harness has not started it does not restart, and it says what to write instead."""
    deploying = deployer().deploy(NEW, "candidate", None)

    with deploying as it, pytest.raises(UsageError, match=r"leave url out of \[storage\.main\]"):
        it.restart_storage("main")


# --- back and forth ------------------------------------------------------------------------------


def test_a_candidate_is_rolled_back_to_the_baseline_at_its_address(both: Make, health: Ask) -> None:
    """The candidate is rolled back after it has ended; the baseline comes back where it was."""
    made = both()

    with made.deploy(OLD, "baseline", OLD) as baseline:
        url = baseline.url
        with made.deploy(NEW, "upgraded", OLD, baseline.storages) as upgraded:
            names = [health(one.url)["release"] for one in (baseline, upgraded)]
            baseline.end()
            upgraded.end()
            upgraded.roll_back()
            baseline.restart()
            assert not upgraded.alive()
        assert (baseline.url, health(url)["release"]) == (url, "1.0.0")
        assert rows(baseline) == ["1.0.0", "1.1.0", "back to 1.0.0"]

    assert names == ["1.0.0", "1.1.0"]


def test_a_migration_that_fails_says_what_it_left_in_a_shared_storage(
    both: Make, health: Ask, step: Step
) -> None:
    """The baseline goes on, on a storage of which the sentence says what was done to it."""
    good = f"migrate = {step('migrate', '--release', '{release}')}"
    bad = f"migrate = {step('migrate', '--release', '{release}', '--breaks')}"

    with both(release=good).deploy(OLD, "baseline", OLD) as baseline:
        made = both(release=bad)
        with pytest.raises(ReleaseDown) as caught:
            made.deploy(NEW, "upgraded", OLD, baseline.storages).__enter__()
        assert health(baseline.url)["release"] == "1.0.0"

    said = str(caught.value)
    assert "release '1.1.0' (upgraded): migrate exited 1; the last it printed" in said
    assert "no such type: mood" in said
    assert "storage main is left half migrated, and whoever runs on it has it that way: " in said
    assert "new column note.kind text not null" in said


def test_a_step_that_changed_nothing_is_said_to_have_left_tables_and_columns(both: Make) -> None:
    """Where tables and columns are as before that is said, and that no more was looked at."""
    with (
        both().deploy(NEW, "candidate", None) as deployment,
        pytest.raises(ReleaseDown) as caught,
        telling_changes(deployment.storages),
    ):
        raise ReleaseDown("migrate exited 7")

    assert str(caught.value) == (
        "migrate exited 7\n"
        "storage main has the same tables and columns as before; rows were not compared"
    )


def test_of_a_storage_that_is_silent_nothing_is_said() -> None:
    """A storage that cannot be read is neither half migrated nor as it was."""
    silent = {"main": "postgresql://u@127.0.0.1:1/none"}

    with pytest.raises(ReleaseDown, match=r"^migrate exited 7$"), telling_changes(silent):
        raise ReleaseDown("migrate exited 7")


# --- nothing is left -----------------------------------------------------------------------------


ACTS: dict[str, Callable[[Deployment], object]] = {
    "app": lambda one: one.restart(),
    "worker": lambda one: one.restart(MAIL, graceful=True),
    "storage": lambda one: one.restart_storage("main"),
}


@pytest.mark.parametrize(
    ("act", "module", "moment"),
    [
        ("app", process_module, "ask_health"),
        ("app", process_module, "kill"),
        ("worker", process_module, "end"),
        ("storage", postgres_module, "_await_ready"),
        ("storage", postgres_module, "end"),
    ],
)
def test_an_interrupt_in_the_middle_of_an_act_leaves_nothing(
    both: Make,
    run: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
    module: object,
    moment: str,
) -> None:
    """Ctrl-C while something is being restarted ends all of it, and what is coming up."""
    with both().deploy(NEW, "candidate", None) as deployment, monkeypatch.context() as patch:
        patch.setattr(module, moment, interrupt)
        with pytest.raises(KeyboardInterrupt):
            ACTS[act](deployment)
        patch.undo()

    assert left_of(run) == []


def test_a_release_that_has_ended_is_not_started_again(both: Make, run: RunFolder) -> None:
    """After its block an act of somebody who did not know raises, and starts nothing."""
    with both().deploy(NEW, "candidate", None) as deployment:
        pass

    acts: list[Callable[[], object]] = [
        deployment.restart, deployment.end, deployment.kill,
        lambda: deployment.restart_storage("main"),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(UsageError, match="has ended; nothing can be done to it any more"):
            act()
    assert left_of(run) == []


def test_a_restart_that_is_still_waited_for_does_not_hold_up_the_end(
    both: Make, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving the block while another thread restarts a release that stays silent ends it soon."""
    asked = threading.Event()

    def silent(*_: object) -> Answer:
        asked.set()
        return Answer(503)

    with (
        ThreadPoolExecutor(1) as hand,
        both(health_s=60.0).deploy(NEW, "candidate", None) as deployment,
    ):
        monkeypatch.setattr(process_module, "ask_health", silent)
        restarting = hand.submit(deployment.restart)
        assert asked.wait(10)
        began_s = time.monotonic()

    assert time.monotonic() - began_s < 20
    assert isinstance(restarting.exception(), ReleaseDown)
    assert left_of(run) == []
