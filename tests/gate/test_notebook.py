"""The gate, whole, on an application that nothing of the product knows."""

import json
import shutil
import signal
import time
from pathlib import Path

import pytest

from harness.checks.journeys import HIDDEN
from tests.notebook.gating import NOTEBOOK, Called, calling, gate, harness, left_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs are kept that know of the release that passed."""
    return tmp_path_factory.mktemp("gated") / "runs"


@pytest.fixture(scope="module")
def passed(runs: Path) -> Called:
    """The good release, gated whole."""
    return gate("good", "--json", runs=runs)


def test_a_good_release_passes(passed: Called) -> None:
    """A release that keeps everything passes, with every promised case measured."""
    assert passed.code == 0, passed.err
    assert passed.verdict["verdict"] == "pass"
    assert passed.verdict["evidence"]["cases"] == 9
    assert passed.verdict["evidence"]["saves"] == {"acknowledged": 12, "refused": 0, "unknown": 0}
    assert passed.verdict["warnings"] == [
        "no release has passed yet, so there is no baseline to compare with",
        # The note that is deleted at once.
        f"not compared: 1 acknowledged save; {HIDDEN}",
    ]


def test_json_is_the_verdict_alone(passed: Called) -> None:
    """With --json standard output is the verdict and nothing else; people read standard error."""
    assert passed.verdict == json.loads(passed.out)
    assert "PASS" in passed.err


def test_a_run_is_complete(passed: Called) -> None:
    """A run is a folder with the promise, the journal, what was read, and the verdict."""
    assert passed.run is not None
    names = {path.name for path in passed.run.iterdir()}

    assert {"plan.json", "journal", "observations", "logs", "verdict.json", "junit.xml"} <= names


def test_nothing_is_left(passed: Called) -> None:
    """After a gate no process of its run is alive, and its scratch is gone."""
    assert passed.left() == []


def test_judging_again_gives_the_same_verdict(passed: Called) -> None:
    """An old run is judged again offline, to the last byte of the verdict."""
    assert passed.run is not None
    again = harness("judge", passed.run, "--json")

    assert (again.code, json.loads(again.out)) == (0, passed.verdict)


def test_a_careless_release_is_blocked(tmp_path: Path) -> None:
    """Four faults of four kinds in one release are four findings, each with fields and layer."""
    called = gate("careless", runs=tmp_path / "runs")

    assert called.code == 1, called.err
    found = called.findings()
    assert found.pop("resurrected")[0][0] == "title"
    assert found == {
        "truncated": (["body"], "server"),
        "torn": (["lines"], "server"),
        "lost": (["summary"], "page"),
    }
    torn = next(f for f in called.verdict["findings"] if f["anomaly"] == "torn")
    assert torn["trigger"]["conditions"] == {"lines": ["3"]}
    assert torn["trigger"]["confirmed"], torn["trigger"]
    assert called.left() == []


def test_an_edit_that_went_elsewhere_is_blocked(tmp_path: Path) -> None:
    """All that the form sent stands in another person's note, and that note is damaged."""
    called = gate("elsewhere", "--only", "test_edit", runs=tmp_path / "runs")

    assert called.code == 1, called.err
    sent = ["title", "summary", "body", "lines"]
    assert called.findings()["misplaced"] == (sent, "server")
    assert "confidentiality breach" in called.verdict["sentence"]
    assert "body" in called.findings()["collateral"][0]


def test_a_page_that_shows_an_old_note_is_blocked(tmp_path: Path) -> None:
    """Storage that is right and a page that is not is a fault of the read path."""
    called = gate("remembers", "--only", "test_edit", runs=tmp_path / "runs")

    assert called.code == 1, called.err
    assert called.findings() == {"stale": (["body"], "read")}


def test_a_journey_that_only_the_candidate_breaks(passed: Called, runs: Path) -> None:
    """What completes on the baseline and never here, without a word, is blocked by name."""
    called = gate("breaks", "--only", "test_edit", runs=runs)

    assert called.code == 1, called.err
    assert called.findings() == {"journey-broken": ([], "unknown")}
    assert "test_edit" in called.verdict["sentence"]
    assert called.verdict["baseline"]["name"] == "good"


def test_a_visible_refusal_never_blocks(tmp_path: Path) -> None:
    """What the page told its user is owed until the scenario knows it, in the page's own words."""
    called = gate("refuses", "--only", "test_edit", runs=tmp_path / "runs")

    assert called.code == 3, called.err
    assert "A note needs an owner." in called.verdict["sentence"]


def test_a_release_that_writes_a_little_later_passes(tmp_path: Path) -> None:
    """Accepted and then written, within the form's settle time, is no loss."""
    called = gate("slow", "--only", "test_edit", runs=tmp_path / "runs")

    assert called.code == 0, called.err


def test_a_release_that_dies_while_it_is_driven(tmp_path: Path) -> None:
    """An application that ends in the middle is told from a loss, with its last words."""
    called = gate("dies", runs=tmp_path / "runs")

    assert called.code == 3, called.err
    assert "out of memory" in called.verdict["sentence"]
    assert called.left() == []


def test_a_release_that_does_not_start_where_the_baseline_does(passed: Called, runs: Path) -> None:
    """What only the candidate cannot do blocks, with what it printed last."""
    called = gate("crashes", runs=runs)

    assert called.code == 1, called.err
    assert "no licence for port" in called.out
    assert "good starts" in called.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_an_interrupted_gate_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """Interrupted in the middle it exits 130, with its journal readable and nothing running."""
    runs = tmp_path / "runs"
    with calling("gate", "good", "--plan", NOTEBOOK, "--runs", runs, runs=runs) as call:
        call.until("scenarios: began")
        call.process.send_signal(number)
        called = call.ended(30)

    assert called.code == 130, called.err
    assert called.left() == []
    assert called.run is not None
    assert not (called.run / "verdict.json").exists()
    assert harness("judge", called.run).code == 3


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["start", "deploy", "scenarios", "rerun", "baseline", "observe"])
def test_an_impatient_hand_in_any_stage_leaves_nothing(
    stage: str, passed: Called, runs: Path, tmp_path: Path
) -> None:
    """However often it is interrupted, and wherever: exit 130, nothing running, no verdict."""
    assert passed.code == 0
    mine = shutil.copytree(runs, tmp_path / "runs")
    words = ("--plan", NOTEBOOK, "--runs", mine, "--only", "test_edit")
    with calling("gate", "swallows", *words, runs=mine) as call:
        call.until(f"{stage}: ")
        for _ in range(4):
            time.sleep(0.1)
            call.process.send_signal(signal.SIGINT)
        called = call.ended(60)

    assert called.code == 130, called.err
    assert "interrupted; what was started is ended" in called.err
    assert "Traceback" not in called.err
    assert called.left() == []
    assert called.run is not None
    assert not (called.run / "verdict.json").exists()


def test_killed_beside_another(tmp_path: Path) -> None:
    """What a killed gate left is cleaned up, and a gate beside it goes on undisturbed."""
    first, second = tmp_path / "killed", tmp_path / "living"
    words: list[str | Path] = ["--plan", NOTEBOOK, "--only", "text=plain,lines=1", "--runs"]
    with (
        calling("gate", "good", *words, first, runs=first) as killed,
        calling("gate", "swaps", *words, second, runs=second) as living,
    ):
        killed.until("scenarios: began")
        living.until("scenarios: began")
        killed.process.kill()
        killed.process.wait()
        assert killed.run is not None
        assert left_of(killed.run.name) != []

        cleaned = harness("doctor", "--clean")
        called = living.ended()

    assert cleaned.code == 0, cleaned.err
    assert killed.run.name in cleaned.out
    assert left_of(killed.run.name) == []
    assert called.code == 1, called.err
    assert called.findings() == {"misplaced": (["title", "summary"], "server")}
