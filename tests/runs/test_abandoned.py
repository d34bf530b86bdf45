"""Cleaning up after a harness that was killed, with real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.errors import EnvironmentBroken
from harness.runs import clean_abandoned, create_run, find_abandoned
from harness.runs.lease import lease_base
from tests.processes import runs

# A harness that starts one recorded child in a session of its own, one that leaves its parent and
# is recorded by nobody, a child with a child, and a scratch folder; then it waits to be killed.
HARNESS = """
import json, os, subprocess, sys, time
from pathlib import Path
from harness.runs import create_run

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
FORKING = [sys.executable, "-c",
           "import subprocess, sys, time; subprocess.Popen(sys.argv[1:], env={}); time.sleep(600)"]
with create_run(Path(sys.argv[1])) as run:
    env = {**os.environ, **run.environment}
    recorded = subprocess.Popen(SLEEP, start_new_session=True)
    run.lease.record_process(recorded.pid, "app")
    unrecorded = subprocess.Popen(SLEEP, start_new_session=True, env=env)
    parent = subprocess.Popen([*FORKING, *SLEEP], start_new_session=True)
    run.lease.record_process(parent.pid, "parent")
    run.lease.scratch("data").joinpath("file").touch()
    import psutil
    while not psutil.Process(parent.pid).children():
        time.sleep(0.01)
    grandchild = psutil.Process(parent.pid).children()[0]
    pids = [recorded.pid, unrecorded.pid, parent.pid, grandchild.pid]
    print(json.dumps({"id": run.id, "lease": str(run.lease.folder), "pids": pids}), flush=True)
    time.sleep(600)
"""

Started = tuple[subprocess.Popen[str], dict[str, Any]]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder of this test's own, so that real leases are out of its reach."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Callable[[], Started]]:
    """Starts a harness and returns it with what it says of itself."""
    started: list[subprocess.Popen[str]] = []

    def start() -> Started:
        command = [sys.executable, "-c", HARNESS, str(tmp_path / "runs")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait(5)
        if process.stdout is not None:
            process.stdout.close()
    clean_abandoned()


def test_what_a_killed_harness_left_is_ended_and_a_living_run_is_not(
    harness: Callable[[], Started],
) -> None:
    """After SIGKILL of one harness its children and scratch go; those of another stay."""
    dead, left = harness()
    _, living = harness()
    dead.kill()
    dead.wait(5)
    assert all(runs(pid) for pid in left["pids"])

    found = find_abandoned()
    sentences = clean_abandoned()

    assert [(one.run_id, set(one.pids) <= set(left["pids"])) for one in found] == [
        (left["id"], True)
    ]
    assert len(sentences) == 1
    assert f"run {left['id']} was cut off: ended 4 processes" in sentences[0]
    assert not any(runs(pid) for pid in left["pids"])
    assert not Path(left["lease"]).exists()
    assert all(runs(pid) for pid in living["pids"])
    assert Path(living["lease"]).exists()


def test_nothing_abandoned_is_nothing_to_say(tmp_path: Path) -> None:
    """A living run alone leaves nothing to clean."""
    with create_run(tmp_path / "runs"):
        assert find_abandoned() == []
        assert clean_abandoned() == []


def _abandon(facts: str) -> Path:
    """A lease that nobody holds, listing these resources."""
    folder = lease_base() / "20260101-000000-dead"
    folder.mkdir()
    (folder / "run").write_text("/somewhere/20260101-000000-dead")
    (folder / "resources.jsonl").write_text(facts)
    return folder


def test_a_reused_pid_is_not_killed() -> None:
    """A process that got a recorded pid later lives on."""
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started_s = psutil.Process(bystander.pid).create_time() - 60
    facts = {"kind": "process", "pid": bystander.pid, "started_s": started_s, "command": "app",
             "stop": 9}  # fmt: skip
    folder = _abandon(json.dumps(facts) + "\n")

    clean_abandoned()

    assert bystander.poll() is None
    assert not folder.exists()
    bystander.kill()
    bystander.wait(5)


def test_a_cut_line_hides_no_other() -> None:
    """A list of resources that a full disk or a kill cut is used as far as it goes."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started_s = psutil.Process(child.pid).create_time()
    whole = {"kind": "process", "pid": child.pid, "started_s": started_s, "command": "app",
             "stop": 9}  # fmt: skip
    _abandon('{"kind": "proc\n' + json.dumps(whole) + "\n" + '{"kind": "process", "pid"')

    clean_abandoned()

    assert child.wait(5) == -9


def test_a_lease_without_a_list_is_removed() -> None:
    """A harness killed right after its lease was made leaves only the folder, which goes."""
    folder = lease_base() / "20260101-000000-dead"
    folder.mkdir()

    assert ["" == one.run_folder for one in find_abandoned()] == [True]
    assert len(clean_abandoned()) == 1
    assert not folder.exists()


def test_other_folders_beside_leases_stay() -> None:
    """What is no lease, as the cache of programs, is never cleaned."""
    cache = lease_base() / "cache"
    cache.mkdir()

    clean_abandoned()

    assert cache.exists()


CONTAINERS = '{"kind": "containers", "name": "candidate"}\n'


def test_containers_are_removed_by_whoever_knows_them() -> None:
    """A dead run's containers are handed to their remover, and told with the scratch."""
    folder = _abandon(CONTAINERS)
    asked: list[str] = []

    def remove(run_id: str) -> list[str]:
        asked.append(run_id)
        return ["2 containers"]

    assert [one.containers for one in find_abandoned()] == [True]
    (sentence,) = clean_abandoned(remove)

    assert asked == [folder.name]
    assert sentence.endswith("ended 0 processes, removed 2 containers, its scratch")
    assert not folder.exists()


def test_a_run_without_containers_asks_nobody() -> None:
    """Where nothing but processes was started no engine is asked."""
    _abandon("")

    (sentence,) = clean_abandoned(lambda run_id: pytest.fail("asked"))

    assert sentence.endswith("ended 0 processes, removed its scratch")


def test_containers_that_cannot_be_removed_keep_their_lease() -> None:
    """What is left on an engine that does not answer is found by the next clean."""
    folder = _abandon(CONTAINERS)

    def refuse(run_id: str) -> list[str]:
        raise EnvironmentBroken("no engine")

    (sentence,) = clean_abandoned(refuse)

    assert sentence.endswith("its containers are left for the next time: no engine")
    assert folder.exists()
    assert "nobody here knows the engine" in clean_abandoned()[0]


def test_a_lease_whose_containers_are_gone_goes_with_its_run(tmp_path: Path) -> None:
    """A run gives its lease back once its containers are gone, and keeps it until then."""
    with create_run(tmp_path / "runs") as run:
        run.lease.hold_containers("candidate")
        run.lease.let_go("candidate")
    assert find_abandoned() == []
    with create_run(tmp_path / "runs") as run:
        run.lease.hold_containers("candidate")

    assert [(one.run_id, one.containers) for one in find_abandoned()] == [(run.id, True)]


def test_a_mark_of_another_run_saves_a_process(tmp_path: Path) -> None:
    """Only processes that carry the dead run's own name are ended."""
    _abandon("")
    with create_run(tmp_path / "runs") as run:
        env = {**os.environ, **run.environment}
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=env)

        clean_abandoned()

        assert child.poll() is None
    child.wait(5)
