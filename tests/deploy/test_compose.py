"""A release in the project's own compose file, in which it replaces the image of one service."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness.deploy.compose import SERVICE_LABEL, Compose, ComposeDeployer
from harness.deploy.engine import EngineRefused, open_engine
from harness.errors import EnvironmentBroken, PlanError, ReleaseDown, UsageError
from harness.model import Release
from harness.plan import Plan
from harness.runs import RunFolder
from tests.deploy.engines import containers_of, left_of

Write = Callable[..., Plan]
Make = Callable[..., ComposeDeployer]
Ask = Callable[[str], dict[str, Any]]

SMALL = Path(__file__).with_name("small")
RELEASE = Release("1.1.0")
OLD = Release("1.0.0")
STORAGE = 'url = "postgresql://small:small-word@db:5432/small"'


@pytest.fixture
def write_project(write_plan: Write) -> Write:
    """A plan for the small application's compose file; keys of [release], of [release.compose]."""

    def write(*, release: str = "", compose: str = "", **more: Any) -> Plan:
        compose = compose or f'file = "{SMALL}/compose.yaml"\nservice = "web"'
        text = f"port = 8000\n{release}\n[release.compose]\n{compose}\n[release.docker]\n"
        text += f'image = "harness-small:{{release}}"\nbuild = "{SMALL}"'
        return write_plan(release=text, **{"storage": STORAGE, **more}).with_deployer("compose")

    return write


@pytest.fixture
def compose(run: RunFolder, write_project: Write) -> Make:
    """A deployer for the small project; arguments as write_project takes them."""
    return lambda **keys: ComposeDeployer(write_project(**keys), run, os.environ)


# --- with a real engine --------------------------------------------------------------------------


@pytest.mark.docker
def test_a_release_takes_its_place_in_a_project(compose: Make, health: Ask, run: RunFolder) -> None:
    """The candidate's image runs as the service and as all that had its image; nothing is left."""
    made = compose(release='migrate = ["python", "small.py", "reach", "{storage.main.url}"]')
    release = made.identify("1.1.0")

    with made.deploy(release, "candidate", OLD) as deployment:
        said = health(deployment.url)
        client = open_engine(os.environ)
        services = {one.labels[SERVICE_LABEL]: one for one in containers_of(client, run.id)}
        images = {name: services[name].attrs["Image"] for name in ("web", "mail")}
        client.close()
        psycopg.connect(deployment.storages["main"]).close()
        assert deployment.alive()

    assert (said["release"], said["reaches"]) == ("1.1.0", True)
    assert (said["environment"]["OWN"], said["environment"]["WORD"]) == ("word", "of 1.1.0")
    assert images == {"web": release.digest, "mail": release.digest}
    assert "1.1.0 reach" in (run.logs / "candidate-migrate.log").read_text()
    assert "goodbye" in (run.logs / "candidate-app.log").read_text()
    assert (run.logs / "candidate-db.log").stat().st_size > 0
    assert left_of(run.id) == []


@pytest.mark.docker
def test_two_projects_live_side_by_side(compose: Make, health: Ask) -> None:
    """Fixed ports, container names and volume names of the file are each deployment's own."""
    made = compose()

    with (
        made.deploy(RELEASE, "candidate", OLD) as candidate,
        made.deploy(OLD, "baseline", OLD) as baseline,
    ):
        assert [health(one.url)["release"] for one in (candidate, baseline)] == ["1.1.0", "1.0.0"]
        assert candidate.storages != baseline.storages


@pytest.mark.docker
def test_faults_reach_the_release_in_its_project(compose: Make, health: Ask) -> None:
    """A release in a project is cut off, killed and restarted, and so is its storage."""
    with compose().deploy(RELEASE, "candidate", OLD) as deployment:
        url = deployment.url
        deployment.cut_off()
        without = health(url)["reaches"]
        deployment.reconnect()
        after = health(url)["reaches"]
        deployment.kill()
        killed = deployment.alive()
        deployment.restart()
        deployment.kill("mail")
        endings = set(deployment.endings())
        deployment.restart("mail", graceful=True)
        deployment.restart_storage("main")

        assert deployment.parts == ("app", "mail")
        assert deployment.alive()
        assert endings == {"mail"}
        assert health(url)["reaches"] is True
        assert (without, after, killed) == (False, True, False)
        assert health(deployment.url)["release"] == "1.1.0"
        assert deployment.url == url


@pytest.mark.docker
def test_a_step_that_fails_in_a_project_is_named(compose: Make, run: RunFolder) -> None:
    """A step of a release that fails is named with its exit code and what it printed last."""
    made = compose(release='migrate = ["python", "small.py", "fail", "no such column"]')

    with pytest.raises(ReleaseDown) as caught:
        made.deploy(RELEASE, "candidate", OLD).__enter__()

    assert "release '1.1.0' (candidate): migrate exited 7" in str(caught.value)
    assert "no such column" in str(caught.value)
    assert left_of(run.id) == []


@pytest.mark.docker
@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('file = "none.yaml"\nservice = "web"', "none.yaml does not exist"),
        (f'file = "{SMALL}/compose.yaml"\nservice = "wep"', "no service 'wep'; write web"),
        (f'file = "{SMALL}/Dockerfile"\nservice = "web"', "Dockerfile cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_is_a_wrong_plan(compose: Make, section: str, said: str) -> None:
    """A compose file that is missing, broken or without the service is told to its author."""
    with pytest.raises(PlanError, match=said):
        compose(compose=section).deploy(RELEASE, "candidate", OLD).__enter__()


@pytest.mark.docker
def test_a_project_keeps_its_own_storages(compose: Make) -> None:
    """Storages of another deployment cannot be put under a project."""
    with pytest.raises(UsageError, match="keeps its own storages"):
        compose().deploy(RELEASE, "candidate", OLD, {"main": "x"}).__enter__()


def test_a_project_needs_the_address_of_its_storages(write_project: Write, run: RunFolder) -> None:
    """Which database a project's service uses only its own file knows."""
    with pytest.raises(UsageError, match="storage main has no url; a compose project has"):
        ComposeDeployer(write_project(storage=""), run, os.environ)


# --- the command lines, with a docker that only notes them ---------------------------------------

FAKE = """#!/bin/sh
printf '%s\\n' "$*" >>"$0.log"
[ -e "$0.says" ] || { echo "unknown command: $1" >&2; exit 125; }
cat "$0.says"
"""


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A docker that notes its words beside itself, and says what it is given to say."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "docker"
    program.write_text(FAKE)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def command(fake: Path) -> Compose:
    return Compose({"PATH": f"{fake.parent}:{os.environ['PATH']}"})


def test_a_docker_without_compose_is_said_with_what_to_do(command: Compose) -> None:
    """Where the plugin is missing its package is named."""
    with pytest.raises(EnvironmentBroken) as caught:
        command.check()

    assert "docker compose does not answer (unknown command: compose)" in str(caught.value)
    assert "docker-compose-plugin" in str(caught.value)


def test_a_file_is_read_as_compose_understands_it(
    command: Compose, fake: Path, tmp_path: Path
) -> None:
    """Compose itself reads the file, with all that it includes."""
    file = tmp_path / "compose.yaml"
    file.touch()
    fake.with_name("docker.says").write_text(json.dumps({"services": {"web": {}}}))

    assert command.read("one", file) == {"services": {"web": {}}}
    noted = fake.with_name("docker.log").read_text()
    assert noted == (
        f"compose --ansi never --project-name one --file {file} config --format json\n"
    )


def test_what_compose_refuses_is_said_in_its_words(command: Compose) -> None:
    """A command that fails is told with what it was to do and what compose said."""
    with pytest.raises(EngineRefused) as caught:
        command.run("start db", ["up"], 5)

    assert str(caught.value) == "the docker engine could not start db: unknown command: compose"


def test_a_compose_that_hangs_has_a_limit(command: Compose, fake: Path) -> None:
    """A command that does not end is ended."""
    fake.write_text("#!/bin/sh\nexec sleep 60\n")

    with pytest.raises(EngineRefused, match=r"did not end within 0\.2 s"):
        command.run("start db", ["up"], 0.2)


def test_a_host_without_docker_has_no_compose(tmp_path: Path) -> None:
    """Where there is no docker at all that is said."""
    with pytest.raises(EnvironmentBroken, match="docker compose does not answer"):
        Compose({"PATH": str(tmp_path)}).check()
