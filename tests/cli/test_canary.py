"""Calls of the canary that cannot be right: a sentence, an exit code, and nothing is probed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plan.writing import SMALLEST

PLAN = f"""{SMALLEST}
[canaries]
probes = "probes"
env = {{ PASSWORD = "${{PROBE_PASSWORD}}" }}

[[canaries.target]]
name = "production"
url = "http://me:hidden-word@127.0.0.1:9"
storage = {{ main = "postgresql://reader:hidden-word@127.0.0.1:9/notes" }}
"""
PASSWORD = {"PROBE_PASSWORD": "hidden-word"}


def called(
    folder: Path, *words: str, plan: str = PLAN, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    (folder / "probes").mkdir(exist_ok=True)
    (folder / "harness.toml").write_text(plan, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "harness", "canary", *words, "--plan", str(folder), "--runs",
         str(folder / "runs")],
        env={**os.environ, **(PASSWORD if env is None else env)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "hidden-word" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("command", ["once", "run", "list", "clean", "check"])
def test_a_plan_without_a_target(tmp_path: Path, command: str) -> None:
    """Nothing is known of where to probe: that is a wrong plan, and says what to write."""
    done = called(tmp_path, command, plan=SMALLEST)

    assert (2, "") == (done.returncode, done.stdout)
    assert "write [[canaries.target]]" in done.stderr or "canaries.probes" in done.stderr


def test_a_password_that_is_missing_is_named(tmp_path: Path) -> None:
    """A canary without its identity does not begin."""
    done = called(tmp_path, "once", env={})

    assert 2 == done.returncode
    assert "the environment has no PROBE_PASSWORD; set it" in done.stderr


def test_what_only_a_gate_needs_is_not_asked_for(tmp_path: Path) -> None:
    """A secret of the release that is not here stops no canary."""
    secret = '[release.env]\nSECRET = "${SECRET_OF_THE_RELEASE}"\n\n[release.process]'
    done = called(tmp_path, "list", plan=PLAN.replace("[release.process]", secret))

    assert 0 == done.returncode, done.stderr


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    """A slip of the pen is answered with the nearest."""
    done = called(tmp_path, "once", "--target", "prodction")

    assert 2 == done.returncode
    assert "production" in done.stderr


def test_a_place_that_is_none(tmp_path: Path) -> None:
    """Where to listen is looked at before anything is probed."""
    done = called(tmp_path, "run", "--listen", "everywhere")

    assert 2 == done.returncode
    assert "127.0.0.1:9477" in done.stderr


def test_nothing_measured_is_no_pass(tmp_path: Path) -> None:
    """An address that does not answer exits 3, with a result for each form, also as JSON."""
    done = called(tmp_path, "once", "--json")

    (probe,) = json.loads(done.stdout)
    assert (3, "error") == (done.returncode, probe["result"])
    assert [("note", "error")] == [(o["form"], o["result"]) for o in probe["told"]["notes"]]


def test_nothing_planted_is_no_pass(tmp_path: Path) -> None:
    """Comparing nothing with nothing says so."""
    done = called(tmp_path, "check")

    assert 3 == done.returncode
    assert "nothing is planted at production" in done.stdout


def test_a_list_tells_what_answers(tmp_path: Path) -> None:
    """Targets and runs, without the name and the password of an address."""
    done = called(tmp_path, "list")

    assert 0 == done.returncode
    assert "production  http://127.0.0.1:9  " in done.stdout
    assert "0 runs" in done.stdout


def test_nothing_to_clean_is_clean(tmp_path: Path) -> None:
    """Where no run is kept nothing is left."""
    done = called(tmp_path, "clean")

    assert (0, "0 runs, 0 records removed, 0 left\n") == (done.returncode, done.stdout)
