"""The clinic, gated as containers: the same answers as with local processes, about known bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.deploy.engine import RUN_LABEL, open_engine
from harness.deploy.leftovers import clean_leftovers
from tests.deploy.engines import MortalEngine, left_of

pytestmark = [pytest.mark.docker, pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

ROOT = Path(__file__).parents[2]
GATE_S_MAX = 600
CASES = "test_consultation_then_share*text=plain,fill=all,*"
ONE = "test_leaving.py"
DRIVEN_S_MAX = 180
RELEASES = {"1.1.0": ("pass", 0), "1.2.0": ("block", 1)}
# When a loss happens is asked of local processes: the experiments are the same with containers.
SHORT = "[profile.commit]\ntrigger_s_max = 0\n"
# What both answers have to have in common; how long it took and which case stands for a loss
# depend on the moment.
SAME = ("anomaly", "form", "fields", "severity", "layer")

Verdicts = dict[str, tuple[dict[str, Any], int]]


def start(
    release: str, deployer: str, runs: Path, only: str = CASES, **env: str
) -> subprocess.Popen[str]:
    """A gate of some cases of the clinic, in its own process."""
    words = ["gate", release, "--baseline", "1.0.0", "--deployer", deployer, "--only", only]
    runs.mkdir(exist_ok=True)
    merged = runs / "merged.toml"
    merged.write_text(SHORT)
    words += ["--stages", "upgrade", "--merge", str(merged)]
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *words, "--runs", str(runs), "--json"],
        cwd=ROOT,
        env={**os.environ, "CLINIC_SECRET": "0123456789abcdef", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def side_by_side(deployer: str, runs: Path) -> Verdicts:
    """Both releases gated at the same time, each with its exit code."""
    started = {name: start(name, deployer, runs / f"{deployer}-{name}") for name in RELEASES}
    try:
        printed = {name: one.communicate(timeout=GATE_S_MAX)[0] for name, one in started.items()}
    finally:
        for one in started.values():
            one.kill()
            one.wait(10)
    return {name: (json.loads(printed[name]), started[name].returncode) for name in RELEASES}


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return side_by_side("docker", tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    return side_by_side("process", tmp_path_factory.mktemp("runs"))


def test_two_gates_with_containers_side_by_side_are_right(containers: Verdicts) -> None:
    """A good release passes beside a bad one that is blocked, and both leave nothing behind."""
    answers = {name: (verdict["verdict"], code) for name, (verdict, code) in containers.items()}

    assert answers == RELEASES
    assert [left_of(verdict["run"]) for verdict, _ in containers.values()] == [[], []]


def test_a_verdict_names_the_bytes_it_is_about(containers: Verdicts) -> None:
    """The verdict holds the image that ran, and its digest."""
    client = open_engine(os.environ)
    for name, (verdict, _) in containers.items():
        assert verdict["deployer"] == "docker"
        assert verdict["release"]["image"] == f"clinic:{name}"
        assert verdict["release"]["digest"] == client.images.get(f"clinic:{name}").id
    client.close()


@pytest.mark.slow
def test_containers_and_processes_give_the_same_answer(
    containers: Verdicts, processes: Verdicts
) -> None:
    """How a release runs changes nothing in what is found."""
    for name in RELEASES:
        (one, code), (other, other_code) = containers[name], processes[name]

        assert (one["verdict"], code) == (other["verdict"], other_code)
        assert [{key: found[key] for key in SAME} for found in one["findings"]] == [
            {key: found[key] for key in SAME} for found in other["findings"]
        ]


@pytest.mark.slow
def test_an_interrupted_gate_leaves_no_container(tmp_path: Path) -> None:
    """SIGTERM in the middle of a gate ends with 130, and nothing of it is left."""
    gate = start("1.1.0", "docker", tmp_path)
    try:
        (run,) = awaited(tmp_path)
        gate.terminate()
        gate.communicate(timeout=120)
    finally:
        gate.kill()
        gate.wait(10)

    assert gate.returncode == 130
    assert left_of(run) == []


def test_a_container_killed_in_the_middle_of_a_gate_is_no_loss(tmp_path: Path) -> None:
    """What somebody else kills is inconclusive, and the sentence says how it ended."""
    gate = start("1.1.0", "docker", tmp_path, only=ONE)
    client = open_engine(os.environ)
    try:
        (run,) = driven(tmp_path)
        ours = client.containers.list(filters={"label": f"{RUN_LABEL}={run}"})
        (serving,) = [one for one in ours if one.ports.get("8000/tcp")]
        serving.kill()
        printed = gate.communicate(timeout=GATE_S_MAX)[0]
    finally:
        gate.kill()
        gate.wait(10)
        client.close()

    assert gate.returncode == 3
    assert "SIGKILL: somebody outside ended it" in json.loads(printed)["sentence"]
    assert json.loads(printed)["findings"] == []
    assert left_of(run) == []


def test_an_engine_that_dies_in_the_middle_of_a_gate_is_said(tmp_path: Path) -> None:
    """Without its engine a gate ends inconclusive; what was left is removed once it is back."""
    engine = MortalEngine(tmp_path / "engine.sock")
    gate = start("1.1.0", "docker", tmp_path, only=ONE, DOCKER_HOST=engine.address)
    try:
        (run,) = driven(tmp_path)
        engine.die()
        printed = gate.communicate(timeout=GATE_S_MAX)[0]
    finally:
        gate.kill()
        gate.wait(10)
    left = left_of(run)
    cleaned = clean_leftovers(os.environ)

    assert gate.returncode == 3
    assert "the docker engine stopped answering" in json.loads(printed)["sentence"]
    assert left != []
    assert any(run in sentence for sentence in cleaned)
    assert left_of(run) == []


def driven(runs: Path) -> list[str]:
    """The run whose first case is being driven; [] where none is in time."""
    deadline_s = time.monotonic() + DRIVEN_S_MAX
    while time.monotonic() < deadline_s:
        for journal in runs.glob("*/journal/*.jsonl"):
            if '"trial-began"' in journal.read_text():
                return [journal.parts[-3]]
        time.sleep(0.1)
    return []


def awaited(runs: Path) -> list[str]:
    """The run whose application has been started; [] where none is in time."""
    deadline_s = time.monotonic() + 180
    while time.monotonic() < deadline_s:
        found = [path.parts[-3] for path in runs.glob("*/logs/candidate-app.log")]
        if found:
            return found
        time.sleep(0.1)
    return []
