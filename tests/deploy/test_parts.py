"""Ports, logs, health answers, surroundings, isolation and the fake, each by itself."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.deploy import isolation, ports
from harness.deploy.fake import FakeDeployer
from harness.deploy.health import Answer, await_answer
from harness.deploy.isolation import isolation_from
from harness.deploy.logs import size_of, tail_of
from harness.deploy.ports import is_free, reserve_port
from harness.deploy.seams import Deployer, Deployment
from harness.deploy.surroundings import allowed_environment
from harness.errors import EnvironmentBroken, ReleaseDown, UsageError
from harness.model import Release


def test_a_reserved_port_is_given_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two gates that draw the same port get two; a freed one can be had again."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    drawn = iter([23456, 23456, 23457, 23456])
    monkeypatch.setattr(random, "randint", lambda low, high: next(drawn))
    monkeypatch.setattr(ports, "is_free", lambda number: True)

    one, other = reserve_port(), reserve_port()
    one.free()
    again = reserve_port()

    assert [one.number, other.number, again.number] == [23456, 23457, 23456]
    other.free()
    again.free()


def test_a_port_that_is_listened_on_is_not_free() -> None:
    """A port counts as free when nothing listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        assert not is_free(number)

    assert is_free(number)


def test_a_host_without_free_ports_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for a port ends, with the range in the message."""
    monkeypatch.setattr(ports, "is_free", lambda number: False)

    with pytest.raises(EnvironmentBroken, match="no free port among 200"):
        reserve_port()


def test_the_end_of_a_log_is_shown_without_secrets(tmp_path: Path) -> None:
    """The last lines are cut to a readable length, and what is no UTF-8 is shown all the same."""
    log = tmp_path / "log"
    log.write_bytes(b"old\n" + b"x" * 70_000 + b"\nkey swordfish \xff\n" + b"y" * 600 + b"\n")

    shown = tail_of(log, 2, ["swordfish"])

    assert shown == "key *** \N{REPLACEMENT CHARACTER}\n" + "y" * 500
    assert tail_of(log, 5, [], begin=size_of(log)) == ""


def test_a_log_that_is_not_there_has_no_end(tmp_path: Path) -> None:
    """A process that never started printed nothing."""
    assert tail_of(tmp_path / "none", 5, []) == ""
    assert size_of(tmp_path / "none") == 0


def test_waiting_for_an_answer_ends_with_the_limit() -> None:
    """The last answer is given back when the limit is over or what is asked has failed."""
    answers = iter([Answer(500), Answer(503), Answer(200)])

    assert await_answer(lambda: next(answers), lambda a: a.good, 5).status == 200
    assert await_answer(lambda: Answer(500), lambda a: a.good, 0).status == 500
    assert await_answer(lambda: Answer(502), lambda a: a.good, 9, lambda: True).status == 502


def test_a_redirect_is_no_health() -> None:
    """Only 2xx is health."""
    assert [Answer(status).good for status in (0, 199, 200, 299, 300, 302, 404)] == [
        False, False, True, True, False, False, False,
    ]  # fmt: skip


def test_python_is_the_one_that_runs_the_harness() -> None:
    """The first folder on a release's PATH is that of the running interpreter."""
    found = allowed_environment({"PATH": "/usr/bin", "AWS_SECRET": "x", "LC_ALL": "C"})

    assert found == {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin",
        "LC_ALL": "C",
        "PYTHONUNBUFFERED": "1",
    }
    assert allowed_environment({})["PATH"].startswith(str(Path(sys.executable).parent))


@pytest.fixture
def _probe_again() -> None:
    isolation._why_not.cache_clear()


@pytest.mark.usefixtures("_probe_again")
def test_without_a_mount_namespace_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever keeps the run folder from being hidden is told, and nothing breaks."""
    cases = [
        ({"geteuid": 1000, "which": "/usr/bin/unshare"}, "only root may mount"),
        ({"geteuid": 0, "which": None}, "unshare is not installed"),
        ({"geteuid": 0, "which": "/bin/false"}, "the probe exited 1"),
        ({"geteuid": 0, "which": "/no/such"}, "the probe failed"),
    ]
    for host, reason in cases:
        monkeypatch.setattr(os, "geteuid", lambda host=host: host["geteuid"])
        monkeypatch.setattr(shutil, "which", lambda name, host=host: host["which"])
        isolation._why_not.cache_clear()

        found = isolation_from(tmp_path)

        assert (found.kind, found.before) == ("file mode", ())
        assert reason in found.reason
    isolation._why_not.cache_clear()


def test_the_fake_is_a_deployer(tmp_path: Path) -> None:
    """The fake fits the seam and remembers what was done to it."""
    fake = FakeDeployer("http://fake", {"main": "dsn"}, {"2.0": "it does not migrate"})
    deployer: Deployer = fake

    with deployer.deploy(Release("1.0"), "candidate", None) as found:
        deployment: Deployment = found
        deployment.kill()
        assert not deployment.alive()
        deployment.restart()
        deployment.pause()
        deployment.resume()
        assert deployment.alive()
    with pytest.raises(ReleaseDown, match="does not migrate"):
        deployer.deploy(Release("2.0"), "candidate", None).__enter__()

    assert fake.deployments[0].acts == ["kill", "restart", "pause", "resume", "stop"]
    assert deployment.tail(2) == "resume\nstop"
    assert deployment.storages == {"main": "dsn"}


def test_the_fake_tells_its_parts_apart() -> None:
    """What is done to one part of the fake is noted with its name, and leaves the others alone."""
    fake = FakeDeployer(storages={"main": "dsn"}, parts=("app", "worker-mail"))

    with fake.deploy(Release("1.0"), "upgraded", None) as deployment:
        deployment.kill("worker-mail")
        assert deployment.endings() == {"worker-mail": "was killed"}
        deployment.restart("worker-mail")
        assert deployment.alive()
        assert deployment.end()
        assert set(deployment.endings()) == {"app", "worker-mail"}
        deployment.roll_back()
        deployment.restart(graceful=True)
        deployment.restart_storage("main")
        with pytest.raises(UsageError, match="no part 'worker-none'; it has app, worker-mail"):
            deployment.kill("worker-none")
        with pytest.raises(UsageError, match="no storage 'other'"):
            deployment.restart_storage("other")

    assert fake.deployments[0].acts == [
        "kill worker-mail", "restart worker-mail", "end", "roll back", "restart gracefully",
        "restart storage main", "stop",
    ]  # fmt: skip


def test_deploying_is_imported_without_its_heavy_parts() -> None:
    """Knowing the seam loads neither psycopg nor pydantic."""
    code = "import sys, harness.deploy\nprint(sorted({'psycopg', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "[]"
