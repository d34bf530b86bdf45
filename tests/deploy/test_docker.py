"""Releases as containers: how they start, what they know, how they end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest

from harness.deploy.docker import DockerDeployer
from harness.deploy.engine import open_engine
from harness.deploy.leftovers import clean_leftovers
from harness.errors import EnvironmentBroken, ReleaseDown, UsageError
from harness.model import Release
from harness.plan import Plan
from harness.runs import RunFolder, create_run
from tests.deploy.engines import MortalEngine, containers_of, left_of

pytestmark = pytest.mark.docker

Write = Callable[..., Plan]
Make = Callable[..., DockerDeployer]
Ask = Callable[[str], dict[str, Any]]

SMALL = Path(__file__).with_name("small")
RELEASE = Release("1.1.0")
OLD = Release("1.0.0")
DATABASE = ""  # a storage without a url: one is started


@pytest.fixture
def write_small(write_plan: Write) -> Write:
    """A plan for the small application's image; keys of [release.docker] beside write_plan's."""

    def write(*, docker: str = "", release: str = "", **more: Any) -> Plan:
        section = f'port = 8000\n{release}\n[release.docker]\nimage = "harness-small:{{release}}"\n'
        if "build" not in docker and "image" not in docker:
            docker += f'\nbuild = "{SMALL}"'
        if "image" in docker:
            section = section.rpartition("image")[0]
        return write_plan(release=f"{section}{docker}", **more).with_deployer("docker")

    return write


@pytest.fixture
def docker(run: RunFolder, write_small: Write) -> Make:
    """A deployer for the small application; arguments as write_small takes them."""
    return lambda **keys: DockerDeployer(write_small(**keys), run, os.environ)


# --- how it starts -------------------------------------------------------------------------------


def test_a_release_answers_as_itself_and_leaves_nothing(
    docker: Make, health: Ask, run: RunFolder
) -> None:
    """A release runs from its image, with the plan's environment, and is gone with its block."""
    with docker().deploy(RELEASE, "candidate", OLD) as deployment:
        said = health(deployment.url)
        assert deployment.alive()
        assert "1.1.0 serve" in deployment.tail()

    assert said["release"] == "1.1.0"
    assert said["environment"]["WORD"] == "of 1.1.0"
    assert "HARNESS_RUN" not in said["environment"]
    assert left_of(run.id) == []
    assert "goodbye" in (run.logs / "candidate-app.log").read_text()


def test_the_bytes_of_a_release_are_known_before_it_runs(docker: Make, run: RunFolder) -> None:
    """A release is named by its image and the image's digest, and that image is what runs."""
    made = docker()
    release = made.identify("1.1.0")

    with made.deploy(release, "candidate", None):
        client = open_engine(os.environ)
        (container,) = containers_of(client, run.id)
        assert container.image is not None
        assert (release.image, release.digest) == ("harness-small:1.1.0", container.image.id)
        client.close()


def test_ports_are_open_on_this_hosts_own_address_alone(docker: Make) -> None:
    """Nobody on the network can reach what is being tested."""
    with docker(storage=DATABASE).deploy(RELEASE, "candidate", None) as deployment:
        client = open_engine(os.environ)
        addresses = {
            binding["HostIp"]
            for container in client.containers.list()
            for bindings in container.ports.values()
            for binding in bindings or ()
        }
        assert deployment.url.startswith("http://127.0.0.1:")
        client.close()

    assert addresses == {"127.0.0.1"}


def test_steps_run_in_containers_of_their_own_before_the_release(
    docker: Make, run: RunFolder
) -> None:
    """Migrate and prepare have the release's image, its environment and its network."""
    release = 'migrate = ["python", "small.py", "reach"]\n'
    release += 'prepare = ["python", "small.py", "reach", "as {baseline}"]'

    with docker(release=release, storage=DATABASE).deploy(RELEASE, "candidate", OLD):
        pass

    assert (run.logs / "candidate-migrate.log").read_text() == "1.1.0 reach \n"
    assert (run.logs / "candidate-prepare.log").read_text() == "1.1.0 reach as 1.0.0\n"


def test_two_deployments_live_side_by_side(docker: Make, health: Ask) -> None:
    """Candidate and baseline have each their own containers, database and address."""
    made = docker(storage=DATABASE)

    with (
        made.deploy(RELEASE, "candidate", OLD) as candidate,
        made.deploy(OLD, "baseline", OLD) as baseline,
    ):
        names = [health(deployment.url)["release"] for deployment in (candidate, baseline)]
        for deployment in (candidate, baseline):
            psycopg.connect(deployment.storages["main"]).close()
        assert candidate.storages != baseline.storages

    assert names == ["1.1.0", "1.0.0"]


def test_an_upgrade_stands_on_the_storages_of_another_deployment(
    docker: Make, health: Ask, run: RunFolder
) -> None:
    """A release on another one's storages reaches them, and is migrated without being prepared."""
    release = 'migrate = ["python", "small.py", "reach"]\n'
    release += 'prepare = ["python", "small.py", "reach"]\n'
    release += 'rollback = ["python", "small.py", "reach", "back to {baseline}"]'
    made = docker(release=release, storage=DATABASE)

    with (
        made.deploy(OLD, "baseline", OLD) as baseline,
        made.deploy(RELEASE, "candidate", OLD, baseline.storages) as candidate,
    ):
        assert candidate.storages == baseline.storages
        assert health(candidate.url)["reaches"] is True
        candidate.roll_back()

    assert (run.logs / "candidate-migrate.log").exists()
    assert not (run.logs / "candidate-prepare.log").exists()
    assert (run.logs / "candidate-rollback.log").read_text() == "1.1.0 reach back to 1.0.0\n"


def test_a_release_without_rollback_cannot_be_rolled_back(docker: Make) -> None:
    """Rolling back needs the plan's command."""
    deploying = docker().deploy(RELEASE, "candidate", None)

    with deploying as deployment, pytest.raises(UsageError, match="no rollback"):
        deployment.roll_back()


def test_a_storage_of_this_host_has_another_name_inside(docker: Make, health: Ask) -> None:
    """A plan's address on this host is reached from a container by the name of its host."""
    made = docker(storage='url = "postgresql://u:word@127.0.0.1:5432/none"')

    with made.deploy(RELEASE, "candidate", None) as deployment:
        inside = health(deployment.url)["environment"]["DATABASE_URL"]
        assert deployment.storages == {"main": "postgresql://u:word@127.0.0.1:5432/none"}

    assert inside == "postgresql://u:word@host.docker.internal:5432/none"


def test_scratch_is_one_folder_inside_and_outside(docker: Make) -> None:
    """What the application writes to its scratch folder can be read at the same path outside."""
    made = docker(release='migrate = ["python", "small.py", "write", "{scratch}/word"]')
    run = made._run

    with made.deploy(RELEASE, "candidate", None):
        written = [path.read_text() for path in run.lease.folder.glob("*scratch/word")]

    assert written == ["1.1.0"]


# --- why it does not -----------------------------------------------------------------------------


def down(deployer: DockerDeployer) -> str:
    """What is said of a release that does not come up."""
    with pytest.raises(ReleaseDown) as caught:
        deployer.deploy(RELEASE, "candidate", None).__enter__()
    assert left_of(deployer._run.id) == []
    return str(caught.value)


def test_an_image_that_exits_is_told_at_once_with_its_last_lines(docker: Make) -> None:
    """A release that exits is down at once: exit code and last lines are in the sentence."""
    began_s = time.monotonic()

    said = down(docker(docker='command = ["python", "small.py", "fail", "{release}"]'))

    assert time.monotonic() - began_s < 30
    assert "release '1.1.0' (candidate): app exited 7 after " in said
    assert "1.1.0 fail 1.1.0" in said


def test_a_release_that_never_answers_is_told_with_what_was_awaited(docker: Make) -> None:
    """A release that answers no 2xx is down when the limit is over, with its last answer."""
    said = down(docker(env='STATUS = "503"', health_s=1.0))

    assert "GET /healthz was to answer 2xx within 1 s, the last attempt gave HTTP 503" in said


def test_a_release_that_listens_nowhere_is_told_where_to(docker: Make) -> None:
    """Who listens on the container's own address alone is told what to listen on."""
    said = down(docker(docker='command = ["python", "small.py", "work"]', health_s=1.0))

    assert "it has to listen on 0.0.0.0:8000 in its container" in said


def test_a_release_that_answers_as_another_is_not_taken_for_it(docker: Make) -> None:
    """An image that names another release than it was asked for is down, with both names."""
    said = down(docker(env='ANSWERS = "1.0.9"'))

    assert "/healthz answers release '1.0.9', not '1.1.0'" in said


def test_a_command_that_the_image_lacks_is_named(docker: Make) -> None:
    """A command that is not in the image, a shell or another, is named."""
    said = down(docker(release='migrate = ["no-such-shell", "-c", "true"]'))

    assert "migrate exited 127 (what it was to run is not in its image)" in said
    assert "exec no-such-shell failed: No such file or directory" in said


def test_a_step_that_fails_is_named(docker: Make) -> None:
    """A step of a release that fails is named with its exit code and what it printed last."""
    said = down(docker(release='migrate = ["python", "small.py", "fail", "no such column"]'))

    assert "release '1.1.0' (candidate): migrate exited 7; the last it printed:" in said
    assert "no such column" in said


def test_a_step_that_hangs_has_a_limit(docker: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that does not end is ended, and said."""
    monkeypatch.setattr("harness.deploy.deployment.MIGRATE_S_MAX", 0.5)

    said = down(docker(release='migrate = ["python", "small.py", "work"]'))

    assert "migrate did not end within 0.5 s" in said


def test_a_worker_that_exits_takes_the_release_down(docker: Make) -> None:
    """A worker is part of its release: when it exits during the start the release is down."""
    worker = '[release.worker]\ncommand = ["python", "small.py", "fail", "no queue"]'

    said = down(docker(sections=worker, env='STATUS = "503"'))

    assert "worker-worker exited 7" in said
    assert "no queue" in said


def test_secrets_are_not_in_what_is_said(docker: Make) -> None:
    """What a release printed is shown without the plan's secrets and generated passwords."""
    words = '["python", "small.py", "fail", "${TOKEN}", "{storage.main.url}"]'

    said = down(docker(release=f"migrate = {words}", storage=DATABASE))

    assert "fail *** postgresql://harness:***@" in said
    assert "s3cr3t" not in said


def test_an_image_that_is_nowhere_is_said_with_what_to_do(docker: Make) -> None:
    """An image that is not here and cannot be pulled is named with the ways to get it."""
    made = docker(docker='image = "harness-none:{release}"')

    with pytest.raises(EnvironmentBroken, match=r"image harness-none:1\.1\.0 is not on this host"):
        made.obtain("1.1.0")
    assert made.identify("1.1.0") == Release(
        "1.1.0", image="harness-none:1.1.0", commit=made.identify("1.1.0").commit
    )


def test_an_engine_that_dies_in_the_middle_is_the_hosts_fault(
    write_small: Write, run: RunFolder, tmp_path: Path
) -> None:
    """When the engine stops answering, that is said, and what it has left is removed later."""
    engine = MortalEngine(tmp_path / "engine.sock")
    made = DockerDeployer(write_small(), run, {**os.environ, "DOCKER_HOST": engine.address})

    with made.deploy(RELEASE, "candidate", None) as deployment:
        engine.die()
        with pytest.raises(EnvironmentBroken, match="the docker engine stopped answering"):
            deployment.alive()

    assert "stopped answering" in (run.logs / "engine.log").read_text()
    assert left_of(run.id) != []
    run.lease.close()
    assert any(run.id in sentence for sentence in clean_leftovers(os.environ))
    assert left_of(run.id) == []


# --- what can be done to it ----------------------------------------------------------------------


def await_line(log: Path, line: str) -> None:
    """Return once that has been printed."""
    deadline_s = time.monotonic() + 10
    while line not in log.read_text() and time.monotonic() < deadline_s:
        time.sleep(0.05)


def test_a_killed_release_comes_back_at_its_address(
    docker: Make, health: Ask, run: RunFolder
) -> None:
    """A kill ends application and workers at once; a restart keeps the address and the log."""
    worker = '[release.worker.mail]\ncommand = ["python", "small.py", "work"]'

    with docker(sections=worker).deploy(RELEASE, "candidate", None) as deployment:
        url, before = deployment.url, health(deployment.url)["started_s"]
        assert set(deployment.parts) == {"app", "worker-mail"}

        deployment.kill()

        assert not deployment.alive()
        with pytest.raises(OSError):  # noqa: PT011 - refused or reset, as the engine has it
            health(url)
        deployment.restart()
        assert deployment.alive()
        assert deployment.url == url
        assert health(url)["started_s"] > before

    lines = (run.logs / "candidate-app.log").read_text().split("\n")
    assert lines.count("1.1.0 serve ") == 2


def test_a_paused_release_answers_after_it_is_resumed(docker: Make, health: Ask) -> None:
    """A paused release stays silent; resumed, it answers what it was asked."""
    with docker().deploy(RELEASE, "candidate", None) as deployment:
        deployment.pause()
        answered: list[str] = []
        asking = threading.Thread(target=lambda: answered.append(health(deployment.url)["release"]))
        asking.start()
        asking.join(0.5)
        assert answered == []
        assert deployment.alive()

        deployment.resume()

        asking.join(5)
        assert answered == ["1.1.0"]


def test_a_paused_release_can_be_killed_and_restarted(docker: Make, health: Ask) -> None:
    """A restart of a paused release runs again."""
    with docker().deploy(RELEASE, "candidate", None) as deployment:
        deployment.pause()
        deployment.restart()

        assert health(deployment.url)["release"] == "1.1.0"


def test_a_release_is_cut_off_from_its_database_and_still_answers(
    docker: Make, health: Ask
) -> None:
    """Cut off, a release is reached but reaches no database; connected again, it does."""
    with docker(storage=DATABASE).deploy(RELEASE, "candidate", None) as deployment:
        before = health(deployment.url)["reaches"]
        deployment.cut_off()
        deployment.cut_off()
        without = health(deployment.url)["reaches"]
        psycopg.connect(deployment.storages["main"]).close()
        deployment.reconnect()
        deployment.reconnect()
        after = health(deployment.url)["reaches"]

    assert (before, without, after) == (True, False, True)


def test_a_part_is_ended_and_started_again_alone(docker: Make, health: Ask, run: RunFolder) -> None:
    """A worker is killed and had again beside its application, which is asked to end itself."""
    worker = '[release.worker.mail]\ncommand = ["python", "small.py", "work"]'

    with docker(sections=worker).deploy(RELEASE, "candidate", None) as deployment:
        url, before = deployment.url, health(deployment.url)["started_s"]
        assert deployment.parts == ("app", "worker-mail")
        await_line(run.logs / "candidate-worker-mail.log", "1.1.0 work")
        deployment.kill("worker-mail")
        assert set(deployment.endings()) == {"worker-mail"}
        deployment.restart("worker-mail")
        assert deployment.alive()
        assert health(url)["started_s"] == before

        assert deployment.end("app")
        assert deployment.endings() == {"app": "exited 0"}
        deployment.restart("app", graceful=True)
        assert health(url)["started_s"] > before
        with pytest.raises(UsageError, match="no part 'mail'; it has app, worker-mail"):
            deployment.restart("mail")

    app, mail = ((run.logs / f"candidate-{name}.log").read_text() for name in deployment.parts)
    assert (app.count("1.1.0 serve"), app.count("goodbye")) == (2, 2)
    assert (mail.count("1.1.0 work"), mail.count("goodbye")) == (2, 1)


@pytest.mark.parametrize("graceful", [False, True], ids=["as a crash", "gracefully"])
def test_a_storage_comes_back_with_its_data_at_its_address(
    docker: Make, health: Ask, graceful: bool
) -> None:
    """A restarted database has cut its sessions, and has what was committed."""
    with docker(storage=DATABASE).deploy(RELEASE, "candidate", None) as deployment:
        with psycopg.connect(deployment.storages["main"]) as connection:
            connection.execute("CREATE TABLE kept (text text)")
        session = psycopg.connect(deployment.storages["main"])
        session.execute("INSERT INTO kept VALUES ('not committed')")

        deployment.restart_storage("main", graceful=graceful)

        with pytest.raises(psycopg.OperationalError):
            session.commit()
        with psycopg.connect(deployment.storages["main"]) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert health(deployment.url)["reaches"] is True
        log = (deployment.logs / "candidate-storage-main.log").read_text()
        assert graceful == ("automatic recovery in progress" not in log)


def test_a_candidate_takes_a_storage_over_and_gives_it_back(
    docker: Make, health: Ask, run: RunFolder
) -> None:
    """Side by side on a storage each is cut off alone; the baseline comes back at its address."""
    release = 'migrate = ["python", "small.py", "reach"]\n'
    release += 'rollback = ["python", "small.py", "reach", "back to {baseline}"]'
    made = docker(release=release, storage=DATABASE)

    with made.deploy(OLD, "baseline", OLD) as baseline:
        url = baseline.url
        with made.deploy(RELEASE, "upgraded", OLD, baseline.storages) as upgraded:
            address = ("127.0.0.1", int(upgraded.url.rpartition(":")[2]))
            with socket.create_connection(address, timeout=5) as opened:
                opened.sendall(b"GET / HTTP/1.0\r\n")
                upgraded.cut_off()
                opened.sendall(b"\r\n")
                assert opened.recv(1024).startswith(b"HTTP/1.0 200")
            assert [health(one.url)["reaches"] for one in (baseline, upgraded)] == [True, False]
            upgraded.reconnect()
            upgraded.restart_storage("main")
            assert [health(one.url)["reaches"] for one in (baseline, upgraded)] == [True, True]
            assert baseline.end()
            assert upgraded.end()
            upgraded.roll_back()
            baseline.restart()
        assert (baseline.url, health(url)["release"]) == (url, "1.0.0")
        assert health(url)["reaches"] is True

    assert (run.logs / "upgraded-rollback.log").read_text() == "1.1.0 reach back to 1.0.0\n"
    assert left_of(run.id) == []


def test_a_migration_that_fails_leaves_the_baseline_up_and_says_what_it_left(
    docker: Make, health: Ask, run: RunFolder
) -> None:
    """A candidate that cannot migrate a shared storage is gone; who runs on it goes on."""
    bad = 'migrate = ["python", "small.py", "fail", "no such type"]'

    with docker(storage=DATABASE).deploy(OLD, "baseline", OLD) as baseline:
        left = sorted(left_of(run.id))
        with pytest.raises(ReleaseDown) as caught:
            docker(release=bad, storage=DATABASE).deploy(
                RELEASE, "upgraded", OLD, baseline.storages
            ).__enter__()
        assert health(baseline.url)["reaches"] is True
        assert sorted(left_of(run.id)) == left

    said = str(caught.value)
    assert "(upgraded): migrate exited 7; the last it printed:\n    1.1.0 fail no such type" in said
    assert "storage main has the same tables and columns as before" in said


@pytest.mark.parametrize(
    ("act", "moment"),
    [
        ("app", "deployment.ask_health"),
        ("app", "containers.Container.start_again"),
        ("storage", "containers.Container.start_again"),
        ("storage", "dependencies._connects"),
    ],
)
def test_an_interrupt_in_the_middle_of_an_act_leaves_nothing(
    docker: Make, run: RunFolder, monkeypatch: pytest.MonkeyPatch, act: str, moment: str
) -> None:
    """Ctrl-C while something is being restarted ends all of it, and what is coming up."""
    deploying = docker(storage=DATABASE).deploy(RELEASE, "candidate", None)

    with deploying as deployment, monkeypatch.context() as patch:
        patch.setattr(f"harness.deploy.{moment}", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            deployment.restart() if act == "app" else deployment.restart_storage("main")
        patch.undo()

    assert left_of(run.id) == []


def test_a_release_that_takes_too_much_memory_is_killed_and_it_is_said(
    docker: Make, health: Ask
) -> None:
    """The plan's memory limit holds: beyond it the engine kills."""
    made = docker(docker="memory_mb_max = 64")

    with made.deploy(RELEASE, "candidate", None) as deployment:
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed, as the engine has it
            urlopen(f"{deployment.url}/grow", timeout=20)  # noqa: S310 - its own address
        deadline_s = time.monotonic() + 20
        while deployment.alive() and time.monotonic() < deadline_s:
            time.sleep(0.1)

        assert deployment.endings() == {
            "app": "was killed for want of memory of 64 MiB (exit code 137)"
        }


@pytest.mark.parametrize("act", ["kill", "rm"])
def test_a_container_that_somebody_else_ends_is_noticed(
    docker: Make, run: RunFolder, act: str
) -> None:
    """A container that is killed or removed from outside is not alive any more."""
    with docker().deploy(RELEASE, "candidate", None) as deployment:
        client = open_engine(os.environ)
        (container,) = containers_of(client, run.id)
        container.kill() if act == "kill" else container.remove(force=True)
        client.close()
        deadline_s = time.monotonic() + 10
        while deployment.alive() and time.monotonic() < deadline_s:
            time.sleep(0.05)

        assert not deployment.alive()
        words = "SIGKILL: somebody outside ended it" if act == "kill" else "removed from outside"
        assert words in deployment.endings()["app"]


# --- how it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment", ["containers.Container.follow", "deployment.ask_health", "containers.start_container"]
)
def test_an_interrupt_in_the_middle_of_the_start_leaves_nothing(
    docker: Make, run: RunFolder, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Ctrl-C while a release is starting ends all that was started already."""

    def interrupt(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    made = docker()
    module = "dependencies" if "start_container" in moment else moment.partition(".")[0]
    monkeypatch.setattr(f"harness.deploy.{module}.{moment.partition('.')[2]}", interrupt)

    with pytest.raises(KeyboardInterrupt):
        made.deploy(RELEASE, "candidate", None).__enter__()

    assert left_of(run.id) == []


HARNESS = """
import os, sys, time
from pathlib import Path
from harness.deploy.docker import DockerDeployer
from harness.model import Release
from harness.plan import load_plan
from harness.runs import create_run

plan = load_plan(Path(sys.argv[1]), {"TOKEN": "t"}).with_deployer("docker")
with create_run(Path(sys.argv[2])) as run:
    made = DockerDeployer(plan, run, os.environ)
    with made.deploy(Release("1.1.0"), "candidate", None):
        print(run.id, flush=True)
        time.sleep(600)
"""


def test_what_a_killed_harness_left_is_removed_and_a_living_run_is_not(
    docker: Make, run: RunFolder, tmp_path: Path
) -> None:
    """After SIGKILL of one harness its containers, networks and volumes go; another's stay."""
    made = docker(storage=DATABASE)
    command = [sys.executable, "-c", HARNESS, str(tmp_path), str(tmp_path / "others")]
    dead = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert dead.stdout is not None
    with made.deploy(RELEASE, "candidate", None) as living:
        other = dead.stdout.readline().strip()
        dead.kill()
        dead.wait(5)
        dead.stdout.close()
        # Two containers and two networks, with a volume that has no label of its own.
        assert len(left_of(other)) == 4

        sentences = clean_leftovers(os.environ)

        (sentence,) = [sentence for sentence in sentences if other in sentence]
        assert "removed 2 containers, 2 networks, its scratch" in sentence
        assert left_of(other) == []
        assert living.alive()
    assert left_of(run.id) == []


def test_what_no_engine_can_remove_is_kept_for_the_next_time(tmp_path: Path) -> None:
    """While no engine answers, a dead run's lease stays, and says why."""
    with create_run(tmp_path) as run:
        run.lease.hold_containers("candidate")
    silent = {"DOCKER_HOST": "unix:///nonexistent.sock"}

    (first,) = [one for one in clean_leftovers(silent) if run.id in one]
    (second,) = [one for one in clean_leftovers(os.environ) if run.id in one]

    assert "its containers are left for the next time: no docker engine answers" in first
    assert second.endswith("ended 0 processes, removed its scratch")


# --- services ------------------------------------------------------------------------------------

QUEUE = '[service.queue]\nimage = "harness-small:1.0.0"\nport = 8000\nenv = {{ RELEASE = "q" }}\n{}'


ASKS = "import socket; socket.create_connection(('{service.queue.host}', {port}))"
READY = ["", 'ready = { path = "/" }', f'ready = ["python", "-c", "{ASKS}"]']


@pytest.mark.parametrize("ready", READY, ids=["port", "path", "command"])
def test_a_service_is_up_before_the_release_and_known_to_it(
    docker: Make, health: Ask, ready: str
) -> None:
    """A service is awaited as the plan says, and its address stands in the plan's texts."""
    DockerDeployer.obtain(docker(), "1.0.0")
    made = docker(
        sections=QUEUE.format(ready),
        env='REACH = "http://{service.queue.host}:{service.queue.port}"',
    )

    with made.deploy(RELEASE, "candidate", None) as deployment:
        assert health(deployment.url)["reaches"] is True


def test_a_service_that_exits_is_the_hosts_fault(docker: Make) -> None:
    """A service that does not come up is no fault of the release."""
    made = docker(sections='[service.queue]\nimage = "postgres:17"\nport = 5432\n')

    with pytest.raises(EnvironmentBroken, match=r"queue of release '1\.1\.0' .* exited \d+"):
        made.deploy(RELEASE, "candidate", None).__enter__()


def test_a_service_without_an_image_cannot_be_a_container(docker: Make) -> None:
    """Containers need an image for every service."""
    with pytest.raises(UsageError, match=r"needs an image in \[service\.queue\]"):
        docker(sections='[service.queue]\ncommand = ["queue"]\n')


def test_a_port_that_somebody_took_is_replaced(
    docker: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that another process took meanwhile is replaced by a free one."""
    from harness.deploy import docker as module
    from harness.deploy.ports import reserve_port

    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = reserve_port()
        taken.number = server.getsockname()[1]
        ports = iter([taken])
        monkeypatch.setattr(module, "reserve_port", lambda: next(ports, None) or reserve_port())

        with docker().deploy(RELEASE, "candidate", None) as deployment:
            assert not deployment.url.endswith(f":{server.getsockname()[1]}")
