"""The clinic, explored: what loses notes is found and made short, what is good shows no loss."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebook.gating import ROOT, Called, left_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

LIMIT_S = 500


def explore(runs: Path, release: str, minutes: float) -> Called:
    """Explore a release of the clinic, always with the same seed."""
    words = [release, "--minutes", str(minutes), "--seed", "7", "--deployer", "process"]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "explore", *words, "--runs", str(runs)],
        cwd=ROOT,
        env={**os.environ, "CLINIC_SECRET": "only-for-this-test"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    (run,) = runs.glob("*")
    return Called(done.returncode, done.stdout, done.stderr, run)


@pytest.mark.slow
def test_the_incident_is_found_and_made_short(tmp_path: Path) -> None:
    """Within two minutes notes are lost, and the shortest order that loses them is named."""
    found = explore(tmp_path / "runs", "1.2.0", 2)

    assert found.code == 1, found.out + found.err
    assert found.run is not None
    lost = next(f for f in found.verdict["findings"] if f["anomaly"] == "lost")
    least = lost["trigger"]["conditions"]["order"][0].split(">")
    assert lost["form"] == "consultation"
    assert len(least) == 3
    assert {"types", "shares"} < {*least}
    assert f"when {', '.join(least)} are done in this order" in lost["trigger"]["text"]
    assert lost["trigger"]["confirmed"]
    assert "harness explore 1.2.0 --minutes 2 --seed 7" in found.out
    assert [] == left_of(found.run.name)


def test_a_good_release_shows_no_loss(tmp_path: Path) -> None:
    """A release that keeps what it says shows no loss, and the sentence says what that proves."""
    found = explore(tmp_path / "runs", "1.1.0", 0.5)

    assert found.code == 0, found.out + found.err
    assert "shows no loss: 0 of" in found.verdict["sentence"]
    assert "it stands for no gate" in found.out
