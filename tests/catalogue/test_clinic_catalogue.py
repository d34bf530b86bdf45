"""The clinic's catalogue, gated for real: the gate answers as its releases expect."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.notebook.gating import ROOT, calling, left_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

LIMIT_S = 540
ENV = {"CLINIC_SECRET": "only-for-this-test"}
PAIR = ("newline-normalised", "collapsed-section-unregisters")
INCIDENT = "1.2.0"


@dataclass(frozen=True, slots=True)
class Answered:
    """A call of the command that has ended, with what it printed for programs."""

    code: int
    told: Mapping[str, Any]
    err: str

    def entries(self) -> dict[str, dict[str, Any]]:
        """The results by release."""
        return {entry["name"]: entry for entry in self.told["entries"]}


def catalogue(runs: Path, *words: str) -> Answered:
    """Gate a part of the clinic's catalogue."""
    done = subprocess.run(
        [
            sys.executable, "-m", "harness", "catalogue", *words, "--json",
            "--deployer", "process", "--runs", str(runs),
        ],
        cwd=ROOT,
        env={**os.environ, **ENV},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return Answered(done.returncode, json.loads(done.stdout), done.stderr)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the catalogue's runs are kept."""
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture(scope="module")
def pair(runs: Path) -> Answered:
    """A tricky release that has to pass, and one of few cases that has to be blocked."""
    return catalogue(runs, *PAIR, "--junit", str(runs / "junit.xml"))


def test_both_are_answered_as_they_expect(pair: Answered, runs: Path) -> None:
    """The tricky release passes; the one that loses a text is blocked, right in every part."""
    assert pair.code == 0, pair.err
    assert list(pair.entries()) == list(PAIR)
    passed, blocked = pair.entries().values()
    parts = ("anomaly_right", "fields_right", "layer_right", "trigger_right")
    assert (passed["verdict"], [passed[part] for part in parts]) == ("pass", [None] * 4)
    assert (blocked["verdict"], [blocked[part] for part in parts]) == ("block", [True] * 4)
    suite = ElementTree.parse(runs / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")


@pytest.mark.slow
def test_a_sample_is_answered_as_it_expects(runs: Path) -> None:
    """Two releases of the catalogue, others each day, and the incident, which is done already."""
    incident = catalogue(runs, INCIDENT).entries()
    sampled = catalogue(runs, "--sample", "2", "--resume")

    assert sampled.code == 0, f"{sampled.told['sentence']}\n{sampled.err}"
    assert sampled.entries()[INCIDENT] == incident[INCIDENT]
    assert len(sampled.entries()) in (2, 3), "the incident may be one of the two"


def test_an_interrupted_catalogue_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while a gate drives exits 130, and of that gate no process is alive."""
    words = ("catalogue", "1.2.0", "--deployer", "process", "--runs", tmp_path)
    with calling(*words, runs=tmp_path, env=ENV) as called:
        called.until("of", 60)
        _until_driven(tmp_path)
        called.process.send_signal(signal.SIGINT)
        ended = called.ended(90)

    assert ended.code == 130, ended.err
    gates = [path.parent.name for path in tmp_path.glob("*/1.2.0/*/journal")]
    assert gates
    assert [left for gate in gates for left in left_of(gate)] == []


def _until_driven(runs: Path) -> None:
    """Wait until the gate has a database, a release and browsers."""
    end_s = time.monotonic() + 200
    while not any("scenarios: began" in log.read_text() for log in runs.glob("*/*/progress.log")):
        assert time.monotonic() < end_s, "the gate drove nothing"
        time.sleep(0.2)
