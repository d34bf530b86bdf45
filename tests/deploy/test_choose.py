"""Which deployer a plan and a command line get."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from harness.deploy import choose
from harness.deploy.choose import deployer_for
from harness.deploy.engine import EngineMissing, engine_version
from harness.errors import EnvironmentBroken, PlanError, UsageError
from harness.plan import Plan
from harness.runs import RunFolder

Write = Callable[..., Plan]
DOCKER = 'port = 8000\n[release.docker]\nimage = "small:{release}"\n'


# A host where no docker engine answers.
SILENT = {"DOCKER_HOST": "unix:///nonexistent.sock"}


def docker_plan(write_plan: Write) -> Plan:
    return write_plan(release=DOCKER).with_deployer("docker")


def test_a_plan_for_processes_gets_processes(write_plan: Write, run: RunFolder) -> None:
    """What the plan asks for and can be had comes without a notice."""
    found = deployer_for(write_plan(), run, None, {})

    assert (found.name, found.notice) == ("process", "")


def test_a_word_on_the_command_line_decides(write_plan: Write, run: RunFolder) -> None:
    """A deployer that is asked for by name comes before the plan's."""
    plan = write_plan(sections='[release.external]\nurl = "http://h"\n')

    assert deployer_for(plan, run, "external", {}).name == "external"
    assert deployer_for(plan.with_deployer("external"), run, None, {}).name == "external"
    assert deployer_for(docker_plan(write_plan), run, "process", {}).notice == ""


def test_without_an_engine_releases_run_as_processes(write_plan: Write, run: RunFolder) -> None:
    """Where no engine answers and the plan knows processes, they are used, and it is said."""
    found = deployer_for(docker_plan(write_plan), run, None, SILENT)

    assert found.name == "process"
    assert found.notice == (
        "no docker engine answers: releases run as local processes on an embedded PostgreSQL"
    )


@pytest.mark.parametrize("address", ["unix:///nonexistent.sock", "tcp://127.0.0.1:1"])
def test_containers_that_were_asked_for_are_not_replaced(
    write_plan: Write, run: RunFolder, address: str
) -> None:
    """A deployer asked for by name that cannot be had is refused, never replaced."""
    with pytest.raises(EngineMissing) as caught:
        deployer_for(docker_plan(write_plan), run, "docker", {"DOCKER_HOST": address})

    said = f"no docker engine answers at {address}; start it, or --deployer process"
    assert str(caught.value).startswith(said)


def test_an_engine_of_another_host_is_refused(write_plan: Write, run: RunFolder) -> None:
    """Containers of another host open their ports there, so its engine is of no use."""
    with pytest.raises(EnvironmentBroken, match=r"tcp://10\.0\.0\.1:2375 is on another host"):
        deployer_for(docker_plan(write_plan), run, "docker", {"DOCKER_HOST": "tcp://10.0.0.1:2375"})


def test_a_deployer_that_nobody_knows_is_refused(write_plan: Write, run: RunFolder) -> None:
    """A misspelled deployer is answered with the nearest one."""
    with pytest.raises(UsageError, match="'proces'; write process"):
        deployer_for(write_plan(), run, "proces", {})


def test_a_deployer_without_its_section_is_refused(write_plan: Write, run: RunFolder) -> None:
    """A deployer needs its own section in the plan."""
    with pytest.raises(PlanError, match="external"):
        deployer_for(write_plan(), run, "external", {})


def test_a_service_that_is_an_image_alone_cannot_be_a_process(
    write_plan: Write, run: RunFolder
) -> None:
    """Local processes need a command for every service."""
    plan = write_plan(sections='[service.redis]\nimage = "redis:7"\n')

    with pytest.raises(UsageError, match=r"needs a command in \[service\.redis\]"):
        deployer_for(plan, run, None, {})


def test_a_host_without_docker_has_no_engine() -> None:
    """Where nothing answers at the engine's address there is none."""
    assert engine_version(SILENT) is None


@pytest.mark.docker
def test_without_its_image_a_release_runs_as_processes(write_plan: Write, run: RunFolder) -> None:
    """Where an engine answers and an image cannot be had, processes are used, and it is said."""
    image = 'port = 8000\n[release.docker]\nimage = "harness-none:{release}"\n'
    plan = write_plan(release=image).with_deployer("docker")

    found = deployer_for(plan, run, None, os.environ, ["1.1.0"])

    said = "image harness-none:1.1.0 is not on this host and cannot be pulled"
    assert found.name == "process"
    assert found.notice == f"{said}: {choose.INSTEAD}"
