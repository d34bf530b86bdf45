"""Releases as local processes: how they start, what they know, how they end."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from harness.deploy import health as health_module
from harness.deploy import process as process_module
from harness.deploy.isolation import isolation_from
from harness.deploy.ports import reserve_port
from harness.deploy.process import ProcessDeployer
from harness.errors import EnvironmentBroken, ReleaseDown, UsageError
from harness.model import Release
from harness.plan import Plan
from harness.runs import RUN_VARIABLE, RunFolder
from harness.runs.processes import is_gone, marked_processes
from tests.processes import runs

Make = Callable[..., ProcessDeployer]
Ask = Callable[[str], dict[str, Any]]
Step = Callable[..., str]

RELEASE = Release("1.1.0")


def of_run(run: RunFolder) -> list[psutil.Process]:
    """Every living process of the run."""
    found = marked_processes({RUN_VARIABLE: run.id})
    return [process for process in found if not is_gone(process)]


# --- how it starts -------------------------------------------------------------------------------


def test_a_release_is_migrated_prepared_and_answers_as_itself(
    deployer: Make, health: Ask, step: Step, run: RunFolder
) -> None:
    """A release is migrated on a database of its own and answers under its own name."""
    migrate = step("migrate", "--release", "{release} after {baseline}")
    made = deployer(release=f"migrate = {migrate}\nprepare = {migrate}", storage="")

    with made.deploy(RELEASE, "candidate", Release("1.0.0")) as deployment:
        said = health(deployment.url)
        with psycopg.connect(deployment.storages["main"]) as connection:
            rows = connection.execute("SELECT text FROM note").fetchall()

    assert said["release"] == "1.1.0"
    assert rows == [("1.1.0 after 1.0.0",)] * 2
    assert of_run(run) == []


def test_two_deployments_live_side_by_side(
    deployer: Make, health: Ask, step: Step, run: RunFolder
) -> None:
    """Candidate and baseline have each their port, their database and their logs."""
    migrate = step("migrate", "--release", "{release}")
    made = deployer(release=f"migrate = {migrate}", storage="")

    with (
        made.deploy(RELEASE, "candidate", Release("1.0.0")) as candidate,
        made.deploy(Release("1.0.0"), "baseline", Release("1.0.0")) as baseline,
    ):
        names = [health(deployment.url)["release"] for deployment in (candidate, baseline)]
        notes = []
        for deployment in (candidate, baseline):
            with psycopg.connect(deployment.storages["main"]) as connection:
                notes.append(connection.execute("SELECT text FROM note").fetchall())

    assert names == ["1.1.0", "1.0.0"]
    assert notes == [[("1.1.0",)], [("1.0.0",)]]
    logs = sorted(path.name for path in run.logs.iterdir())
    assert {"candidate-app.log", "baseline-app.log", "baseline-storage-main.log"} <= set(logs)


def test_an_upgrade_migrates_the_storages_of_another_deployment(deployer: Make, step: Step) -> None:
    """A release can be deployed on the storages of another: migrated, not prepared again."""
    keys = f"migrate = {step('migrate', '--release', '{release}')}"
    keys += f"\nprepare = {step('migrate', '--release', 'prepared')}"
    keys += f"\nrollback = {step('migrate', '--release', 'back to {baseline}')}"
    made = deployer(release=keys, storage="")
    old = Release("1.0.0")

    with made.deploy(old, "baseline", old) as baseline:
        with made.deploy(RELEASE, "candidate", old, baseline.storages) as candidate:
            candidate.roll_back()
        with psycopg.connect(baseline.storages["main"]) as connection:
            rows = connection.execute("SELECT text FROM note").fetchall()

    assert rows == [("1.0.0",), ("prepared",), ("1.1.0",), ("back to 1.0.0",)]


def test_a_release_without_rollback_cannot_be_rolled_back(deployer: Make) -> None:
    """Rolling back needs the plan's command."""
    deploying = deployer().deploy(RELEASE, "candidate", None)

    with deploying as deployment, pytest.raises(UsageError, match="no rollback"):
        deployment.roll_back()


def test_a_variable_has_another_value(
    write_plan: Callable[..., Plan], run: RunFolder, health: Ask
) -> None:
    """What is rotated has the new value, which is a secret; what the plan has not stays out."""
    made = ProcessDeployer(write_plan(), run, {"PATH": os.environ["PATH"]})
    values = {"WORD": "another-word", "NOT_OF_THE_PLAN": "x"}

    with made.deploy(RELEASE, "candidate", None, rotated=values) as deployment:
        seen = health(deployment.url)["environment"]
        with (run.logs / "candidate-app.log").open("a") as stream:
            stream.write("it is another-word\n")
        said = deployment.tail()

    assert ("another-word", False) == (seen["WORD"], "NOT_OF_THE_PLAN" in seen)
    assert "another-word" not in said


def test_a_release_knows_only_what_the_plan_and_the_list_give(
    write_plan: Callable[..., Plan], run: RunFolder, health: Ask
) -> None:
    """The harness's own variables do not reach a release; the plan's do, filled in."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/h",
        "LC_TIME": "C",
        "TOKEN": "t",
        "HTTP_PROXY": "p",
    }
    made = ProcessDeployer(write_plan(), run, env)

    with made.deploy(RELEASE, "candidate", None) as deployment:
        seen = health(deployment.url)["environment"]

    own = {name: seen[name] for name in ("HOME", "LC_TIME", "WORD", "DATABASE_URL", RUN_VARIABLE)}
    assert own == {
        "HOME": "/h",
        "LC_TIME": "C",
        "WORD": "of 1.1.0",
        "DATABASE_URL": "postgresql://u@127.0.0.1:1/none",
        RUN_VARIABLE: run.id,
    }
    assert set(seen) <= {
        *own, "PATH", "PYTHONUNBUFFERED", "HARNESS_PART", "HARNESS_NAME", "LC_CTYPE", "PWD",
        "OLDPWD", "SHLVL", "_",
    }  # fmt: skip


def test_a_release_does_not_see_the_run_folder_where_it_can_be_hidden(
    deployer: Make, run: RunFolder, health: Ask
) -> None:
    """With a mount namespace the run folder is empty for a release; without, the reason is told."""
    made = deployer("--look", str(run.path))

    with made.deploy(RELEASE, "candidate", None) as deployment:
        seen = health(deployment.url)["folder"]

    isolation = isolation_from(run.path)
    assert (isolation.kind == "mount namespace") == (seen == [])
    assert bool(isolation.reason) == (seen != [])


def test_a_port_that_somebody_took_is_replaced_once(deployer: Make, tmp_path: Path) -> None:
    """A release that finds its port taken is started again on another one."""
    made = deployer("--taken", str(tmp_path / "first"))

    with made.deploy(RELEASE, "candidate", None) as deployment:
        second = deployment.url.rpartition(":")[2]

    assert (tmp_path / "first").read_text() != second


def test_a_port_that_is_taken_again_is_named(
    deployer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process holds the second port too, the error of the host names it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        port = reserve_port()
        port.number = taken
        monkeypatch.setattr(process_module, "reserve_port", lambda: port)
        monkeypatch.setattr(health_module, "ANSWER_S_MAX", 0.2)

        with pytest.raises(EnvironmentBroken, match=f"its port {taken} is taken"):
            deployer(health_s=3.0).deploy(RELEASE, "candidate", None).__enter__()


# --- why it does not -----------------------------------------------------------------------------


def test_a_release_that_exits_is_told_at_once_with_its_last_lines(
    deployer: Make, run: RunFolder
) -> None:
    """A release that exits is down at once: exit code and last lines are in the sentence."""
    began_s = time.monotonic()

    with pytest.raises(ReleaseDown) as caught:
        deployer("--nonsense", health_s=30.0).deploy(RELEASE, "candidate", None).__enter__()

    assert time.monotonic() - began_s < 15
    assert "release '1.1.0' (candidate): app exited 2 after " in str(caught.value)
    assert "unrecognized arguments: --nonsense" in str(caught.value)
    assert of_run(run) == []


def test_a_release_that_never_answers_is_told_with_what_was_awaited(
    deployer: Make, run: RunFolder
) -> None:
    """A release that answers no 2xx is down when the limit is over, with its last answer."""
    made = deployer("--status", "503", health_s=0.5)

    with pytest.raises(ReleaseDown, match=r"GET /healthz .* within 0\.5 s, .* gave HTTP 503"):
        made.deploy(RELEASE, "candidate", None).__enter__()

    assert of_run(run) == []


def test_a_release_that_answers_as_another_is_not_taken_for_it(deployer: Make) -> None:
    """A release that names another one is down, with both names."""
    with pytest.raises(ReleaseDown, match=r"/healthz answers release '1\.0\.0', not '1\.1\.0'"):
        deployer("--answers", "1.0.0").deploy(RELEASE, "candidate", None).__enter__()


def test_a_worker_that_exits_takes_the_release_down(
    deployer: Make, step: Step, tmp_path: Path
) -> None:
    """A worker is part of its release: when it exits during the start the release is down."""
    fails = step("fail", "--says", "no queue", "--marks", str(tmp_path / "failed"))
    made = deployer(
        "--after", str(tmp_path / "failed"), sections=f"[release.worker]\ncommand = {fails}"
    )

    with pytest.raises(ReleaseDown, match=r"worker-worker exited 7 (.|\n)*no queue"):
        made.deploy(RELEASE, "candidate", None).__enter__()


@pytest.mark.parametrize("name", ["migrate", "prepare"])
def test_a_step_that_fails_is_named(deployer: Make, step: Step, run: RunFolder, name: str) -> None:
    """A step of a release that fails is named with its exit code and what it printed last."""
    made = deployer(release=f"{name} = {step('fail', '--says', 'no such column')}")

    with pytest.raises(ReleaseDown) as caught:
        made.deploy(RELEASE, "candidate", None).__enter__()

    assert f"release '1.1.0' (candidate): {name} exited 7; the last it" in str(caught.value)
    assert "no such column" in str(caught.value)
    assert of_run(run) == []


def test_a_step_that_hangs_has_a_limit(
    deployer: Make, step: Step, monkeypatch: pytest.MonkeyPatch, run: RunFolder
) -> None:
    """A step that does not end is ended, and said."""
    monkeypatch.setattr(process_module, "MIGRATE_S_MAX", 0.5)
    made = deployer(release=f"migrate = {step('hang')}")

    with pytest.raises(ReleaseDown, match=r"migrate did not end within 0\.5 s"):
        made.deploy(RELEASE, "candidate", None).__enter__()

    assert of_run(run) == []


def test_secrets_are_not_in_what_is_said(deployer: Make, step: Step) -> None:
    """What a release printed is shown without the plan's secrets."""
    words = step("fail", "--says", "key ${TOKEN}")

    with pytest.raises(ReleaseDown) as caught:
        deployer(release=f"migrate = {words}").deploy(RELEASE, "candidate", None).__enter__()

    assert "key ***" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_a_generated_password_is_not_in_what_is_said(deployer: Make) -> None:
    """The password of a database that the harness started is hidden as well."""
    made = deployer("--says", "{storage.main.url}", storage="")

    with made.deploy(RELEASE, "candidate", None) as deployment:
        word = deployment.storages["main"].split(":")[2].split("@")[0]
        said = deployment.tail()

    assert "postgresql://harness:***@" in said
    assert word not in said


def test_a_command_that_is_not_there_is_the_hosts_fault(deployer: Make) -> None:
    """A command that cannot be found is no fault of the release, and named as written."""
    made = deployer(release='migrate = ["no-such-program", "up"]')

    with pytest.raises(EnvironmentBroken, match="migrate: command 'no-such-program' was not found"):
        made.deploy(RELEASE, "candidate", None).__enter__()


# --- what can be done to it ----------------------------------------------------------------------


def test_a_killed_release_is_gone_with_all_it_started_and_comes_back(
    deployer: Make, health: Ask, step: Step, tmp_path: Path
) -> None:
    """A kill takes workers and strays that left their group too; a restart keeps the address."""
    made = deployer("--daemon", str(tmp_path / "daemon"),
                    sections=f"[release.worker.mail]\ncommand = {step('work')}")  # fmt: skip

    with made.deploy(RELEASE, "candidate", None) as deployment:
        before = health(deployment.url)["pid"]
        daemon = int((tmp_path / "daemon").read_text())
        pids = {process.pid for process in marked_processes(deployment.marks)}
        assert {before, daemon} < pids
        assert len(pids) >= 3
        assert deployment.alive()

        deployment.kill()

        assert not deployment.alive()
        assert not any(runs(pid) for pid in pids)
        url = deployment.url
        deployment.restart()
        assert deployment.alive()
        assert deployment.url == url
        assert health(url)["pid"] != before


def test_storage_outlives_the_kill_of_its_application(deployer: Make, step: Step) -> None:
    """Killing a release leaves its database up, with what was stored."""
    made = deployer(release=f"migrate = {step('migrate', '--release', 'x')}", storage="")

    with made.deploy(RELEASE, "candidate", None) as deployment:
        deployment.kill()
        with psycopg.connect(deployment.storages["main"]) as connection:
            rows = connection.execute("SELECT text FROM note").fetchall()

    assert rows == [("x",)]


def test_a_paused_release_answers_after_it_is_resumed(deployer: Make, health: Ask) -> None:
    """A paused release accepts and stays silent; resumed, it answers what it was asked."""
    with deployer().deploy(RELEASE, "candidate", None) as deployment:
        deployment.pause()
        answered: list[str] = []
        asking = threading.Thread(target=lambda: answered.append(health(deployment.url)["release"]))
        asking.start()
        asking.join(0.3)
        assert answered == []
        assert deployment.alive()

        deployment.resume()

        asking.join(5)
        assert answered == ["1.1.0"]


def test_a_paused_release_ends_with_its_block(deployer: Make, run: RunFolder) -> None:
    """Leaving the block while a release is paused ends it without waiting out the grace time."""
    with deployer().deploy(RELEASE, "candidate", None) as deployment:
        deployment.pause()
        began_s = time.monotonic()

    assert time.monotonic() - began_s < 4
    assert of_run(run) == []


def test_a_release_that_ignores_the_request_to_end_is_killed(
    deployer: Make, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that does not end when asked to is killed after the grace time."""
    monkeypatch.setattr(process_module, "STOP_S_MAX", 0.3)

    with deployer("--stubborn").deploy(RELEASE, "candidate", None):
        pass

    assert of_run(run) == []


def test_an_interrupt_in_the_middle_of_the_start_leaves_nothing(
    deployer: Make, run: RunFolder
) -> None:
    """Ctrl-C while a release is starting ends all that was started already."""
    made = deployer("--status", "503", health_s=30.0)
    me = threading.get_ident()

    def interrupt() -> None:
        deadline_s = time.monotonic() + 20
        while not (run.logs / "candidate-app.log").exists() and time.monotonic() < deadline_s:
            time.sleep(0.05)
        signal.pthread_kill(me, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        made.deploy(RELEASE, "candidate", None).__enter__()
    thread.join(5)

    assert of_run(run) == []


# --- services ------------------------------------------------------------------------------------


def test_a_service_is_up_before_the_release_and_known_to_it(
    deployer: Make, step: Step, health: Ask
) -> None:
    """A service gets a free port, is awaited, and its address stands in the plan's texts."""
    serve = step("serve", "--port", "{port}", "--release", "queue")
    made = deployer(
        sections=f"[service.queue]\ncommand = {serve}\nready = {{ path = '/' }}\nport = 9999\n",
        env='QUEUE = "{service.queue.host}:{service.queue.port}"',
    )

    with made.deploy(RELEASE, "candidate", None) as deployment:
        queue = health(deployment.url)["environment"]["QUEUE"]
        assert health(f"http://{queue}")["release"] == "queue"

    assert not queue.endswith(":9999")


def test_a_service_that_exits_is_the_hosts_fault(deployer: Make, step: Step) -> None:
    """A service that does not come up is no fault of the release."""
    fails = step("fail", "--says", "no licence")
    made = deployer(sections=f"[service.queue]\ncommand = {fails}\nport = 9999\n")

    with pytest.raises(EnvironmentBroken, match=r"service queue exited 7(.|\n)*no licence"):
        made.deploy(RELEASE, "candidate", None).__enter__()


def test_a_fixed_port_that_is_taken_is_named(deployer: Make, step: Step) -> None:
    """A service that always has one port needs it free, and the message says how to free it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        made = deployer(sections=f"[service.queue]\ncommand = {step('hang')}\nport = {taken}\n")

        with pytest.raises(EnvironmentBroken, match=f"port {taken} of service queue"):
            made.deploy(RELEASE, "candidate", None).__enter__()
