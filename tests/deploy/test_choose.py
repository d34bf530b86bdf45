"""Which deployer a plan and a command line get."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.deploy import choose
from harness.deploy.choose import deployer_for
from harness.deploy.engine import engine_version
from harness.errors import PlanError, UsageError
from harness.plan import Plan
from harness.runs import RunFolder

Write = Callable[..., Plan]
DOCKER = 'port = 8000\n[release.docker]\nimage = "small:{release}"\n'


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host where no docker engine answers."""
    monkeypatch.setattr(choose, "engine_version", lambda env: None)


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


@pytest.mark.usefixtures("silent")
def test_without_an_engine_releases_run_as_processes(write_plan: Write, run: RunFolder) -> None:
    """Where no engine answers and the plan knows processes, they are used, and it is said."""
    found = deployer_for(docker_plan(write_plan), run, None, {})

    assert found.name == "process"
    assert found.notice == (
        "no docker engine answers: releases run as local processes on an embedded PostgreSQL"
    )


def test_containers_that_were_asked_for_are_not_replaced(write_plan: Write, run: RunFolder) -> None:
    """A deployer asked for by name that cannot be had is refused, never replaced."""
    with pytest.raises(UsageError, match="the docker deployer is not built in this version"):
        deployer_for(docker_plan(write_plan), run, "docker", {})


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
    """Where the client is missing or finds no engine there is none."""
    assert engine_version({"PATH": "/nonexistent"}) is None
