"""What the page on load and the manifests beside it say is what the command line does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from harness.cli.commands import harness
from harness.cli.loading import WORKERS
from harness.verdict import Answer

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "load.md").read_text(encoding="utf-8")
CALLS = [
    line.partition("$ ")[2].partition("  #")[0]
    for line in PAGE.replace("\\\n", " ").splitlines()
    if re.match(r"(master|worker)?\$ harness ", line)
]


def manifests() -> dict[str, dict[str, Any]]:
    """Every manifest, by its kind and name."""
    paths = sorted((DOCS / "kubernetes").glob("*.yaml"))
    found = [one for path in paths for one in yaml.safe_load_all(path.read_text("utf-8"))]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in found}


MANIFESTS = manifests()
JOBS = {name: one for name, one in MANIFESTS.items() if one["kind"] == "Job"}


def container(job: str) -> dict[str, Any]:
    """The one container of a job."""
    (one,) = JOBS[f"Job/{job}"]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = one
    return found


def parsed(words: list[str]) -> dict[str, Any]:
    """What the command line makes of these words; raises click's own errors."""
    name, rest = words[0], words[1:]
    command = harness.commands[name]
    # A command remembers the help option of its first context: -h comes from the group above it.
    above = click.Context(harness, info_name="harness", **harness.context_settings)
    params: dict[str, Any] = command.make_context(name, rest, parent=above).params
    return params


@pytest.mark.parametrize("call", CALLS)
def test_every_call_of_the_page_is_understood(call: str) -> None:
    """Commands and options are there, with values that they take."""
    assert parsed(call.split()[1:])


def test_the_page_has_calls() -> None:
    """Alone, as a master and as a worker, and judged in slices."""
    assert 6 == len(CALLS)


@pytest.mark.parametrize("job", ["gate", "load-master", "load-worker"])
def test_every_job_calls_the_harness_as_it_is(job: str) -> None:
    """The arguments of each container are understood."""
    assert ["harness"] == container(job)["command"]
    assert parsed(list(container(job)["args"]))


def test_a_wrong_option_would_be_found() -> None:
    """The check is no empty one."""
    with pytest.raises(click.UsageError):
        parsed(["load", "--expect-helpers", "4"])


@pytest.mark.parametrize("job", ["gate", "load-master"])
def test_no_retry_hides_a_loss(job: str) -> None:
    """Exactly the codes that a retry cannot change fail the job; the others may be tried again."""
    spec = JOBS[f"Job/{job}"]["spec"]
    (rule,) = (r for r in spec["podFailurePolicy"]["rules"] if r["action"] == "FailJob")
    codes = rule["onExitCodes"]

    assert [Answer.BLOCK.exit_code, 2] == codes["values"]
    assert "In" == codes["operator"]
    assert container(job)["name"] == codes["containerName"]
    assert Answer.INCONCLUSIVE.exit_code not in codes["values"]


@pytest.mark.parametrize("name", JOBS)
def test_every_job_ends(name: str) -> None:
    """Each has a limit in time and in attempts, and starts nothing again by itself."""
    spec = JOBS[name]["spec"]

    assert "Never" == spec["template"]["spec"]["restartPolicy"]
    assert spec["activeDeadlineSeconds"] > 0
    assert spec["backoffLimit"] >= 0


def test_a_worker_may_write_what_it_keeps() -> None:
    """Its folder is under where it works, and is no part of the image, which it may not write."""
    worker = container("load-worker")
    mounts = {mount["mountPath"]: mount["name"] for mount in worker["volumeMounts"]}
    volumes = JOBS["Job/load-worker"]["spec"]["template"]["spec"]["volumes"]
    kept = mounts[f"{worker['workingDir']}/{WORKERS.parent}"]

    assert {"name": kept, "emptyDir": {}} in volumes
    assert "/tmp" in mounts


def test_master_and_workers_have_one_plan() -> None:
    """Without --plan it is looked for where a container works, which is told of each."""
    master, worker = (container(f"load-{who}") for who in ("master", "worker"))

    assert master["workingDir"] == worker["workingDir"]


def test_only_a_gate_is_tried_again() -> None:
    """As the page says: a load's workers are gone with it."""
    assert JOBS["Job/gate"]["spec"]["backoffLimit"] > 0
    assert {0} == {JOBS[f"Job/load-{who}"]["spec"]["backoffLimit"] for who in ("master", "worker")}
    assert "`backoffLimit: 0`" in PAGE


def test_master_and_workers_find_each_other() -> None:
    """The service leads to the master's port, and as many workers come as it expects."""
    master, worker = (
        parsed(list(container(f"load-{who}")["args"])) for who in ("master", "worker")
    )
    service = MANIFESTS["Service/load-master"]
    workers = JOBS["Job/load-worker"]["spec"]

    assert service["metadata"]["name"] == worker["master_host"]
    assert {"job-name": JOBS["Job/load-master"]["metadata"]["name"]} == service["spec"]["selector"]
    ports = {service["spec"]["ports"][0]["port"], master["master_port"], worker["master_port"]}
    assert ports == {container("load-master")["ports"][0]["containerPort"]}
    assert workers["parallelism"] == workers["completions"] == master["expect_workers"]
    assert "0.0.0.0" == master["bind_host"]


def test_the_page_names_every_variable_of_the_manifests() -> None:
    """What stands in an environment stands in the page's table."""
    named = {env["name"] for job in ("gate", "load-master") for env in container(job)["env"]}

    assert named
    assert [] == [name for name in named if f"`{name}`" not in PAGE]
