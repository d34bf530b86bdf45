"""What earlier runs say about the baseline."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.gate.baselines import Before, last_passed, promised_before
from harness.promise import promise_to_json
from tests.checks.story import Story, single


def run(runs: Path, number: int, release: str, verdict: str, **more: Any) -> None:
    """A finished run in its folder, as the gate leaves it."""
    folder = runs / f"20260101-00000{number}-abc{number}"
    (folder / "journal").mkdir(parents=True)
    answer = {
        "app": "shop",
        "release": {"name": release},
        "verdict": verdict,
        "warnings": [],
        "stages": [{"name": "deploy"}, {"name": "scenarios"}],
    }
    (folder / "verdict.json").write_text(json.dumps({**answer, **more}))
    story = Story(single())
    story.case(f"test_{number}")
    promise = replace(story.promise(), absent={"test_absent": "why"})
    (folder / "plan.json").write_text(json.dumps(promise_to_json(promise)))


def test_the_newest_pass_is_the_baseline(tmp_path: Path) -> None:
    """The newest run that passed names the baseline; blocked and unproved ones do not."""
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.1", "pass")
    run(tmp_path, 3, "1.2", "block")
    run(tmp_path, 4, "1.3", "inconclusive")

    assert last_passed(tmp_path, "shop") == "1.1"


def test_a_partial_pass_is_no_baseline(tmp_path: Path) -> None:
    """A run of some cases only never makes its release the baseline."""
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.1", "pass", warnings=["only cases matching 'x' were run"])

    assert last_passed(tmp_path, "shop") == "1.0"


@pytest.mark.parametrize("losses", ["under load", "in upgrade and stale-page"])
def test_a_pass_without_a_stage_is_no_baseline(tmp_path: Path, losses: str) -> None:
    """A run that was told to leave a stage out promises less than a gate."""
    left_out = f"nothing is said of losses {losses}: --stages scenarios leaves it out"
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.1", "pass", warnings=[left_out])

    assert last_passed(tmp_path, "shop") == "1.0"


def test_a_load_alone_is_no_baseline(tmp_path: Path) -> None:
    """A run without a scenario stands for no gate."""
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.1", "pass", stages=[{"name": "deploy"}, {"name": "load"}])

    assert last_passed(tmp_path, "shop") == "1.0"


def test_an_exploration_is_no_baseline(tmp_path: Path) -> None:
    """A run that looked for new losses and saw none stands for no gate."""
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.1", "pass", profile="explore")

    assert last_passed(tmp_path, "shop") == "1.0"


def test_another_application_is_no_baseline(tmp_path: Path) -> None:
    """Runs of another application in the same folder are not looked at."""
    run(tmp_path, 1, "1.0", "pass", app="blog")

    assert last_passed(tmp_path, "shop") is None


def test_a_damaged_verdict_is_passed_over(tmp_path: Path) -> None:
    """A run whose verdict cannot be read is no baseline and no reason to stop."""
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.1", "pass")
    (tmp_path / "20260101-000002-abc2" / "verdict.json").write_text("{")

    assert last_passed(tmp_path, "shop") == "1.0"


def test_what_was_promised_before_is_that_of_the_newest_pass(tmp_path: Path) -> None:
    """What the baseline's newest passing run promised counts, declared absences included."""
    run(tmp_path, 1, "1.0", "pass")
    run(tmp_path, 2, "1.0", "pass")
    before = promised_before(tmp_path, "shop", "1.0")

    assert before.scenarios == {"test_2", "test_absent"}
    assert before.fields == {("note", "reason")}
    assert promised_before(tmp_path, "shop", "9.9") == Before()


def test_a_load_that_was_promised_before_is_known(tmp_path: Path) -> None:
    """Whether the baseline's own gate held a load counts, so that one that is gone is missed."""
    run(tmp_path, 1, "1.0", "pass")
    (path,) = tmp_path.glob("*/plan.json")
    promise = json.loads(path.read_text())
    found = []
    for promised in ({}, {"load": 0}, {"load": 1}):
        path.write_text(json.dumps({**promise, "stages": promised}))
        found.append(promised_before(tmp_path, "shop", "1.0").load)

    assert found == [False, False, True]
