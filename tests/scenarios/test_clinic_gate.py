"""The reference clinic, gated: its good releases pass, the one that loses notes is blocked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.notebook.gating import ROOT, Called, left_of

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.xdist_group("e2e")]

LIMIT_S = 560
README = (ROOT / "README.md").read_text(encoding="utf-8")
INCIDENT = "test_consultation_then_share*,text=[cp]*"
# Long enough for every experiment on a machine that has other work as well.
PATIENT = "[profile.commit]\ntrigger_s_max = 180\n"
FIELDS = ["reason", "history", "examination", "conclusion"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both runs are kept, so that the second has the first as its baseline."""
    return tmp_path_factory.mktemp("clinic") / "runs"


def gate(runs: Path, *words: str) -> Called:
    """Gate a release of the clinic as its README does."""
    before = set(runs.glob("*"))
    done = subprocess.run(
        [sys.executable, "-m", "harness", "gate", *words, "--runs", str(runs)],
        cwd=ROOT,
        env={**os.environ, "CLINIC_SECRET": "only-for-this-test"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LIMIT_S,
        check=False,
    )
    made = set(runs.glob("*")) - before
    return Called(done.returncode, done.stdout, done.stderr, max(made) if made else None)


@pytest.fixture(scope="module")
def with_sharing(runs: Path) -> Called:
    """1.1.0, compared with 1.0.0."""
    return gate(runs, "1.1.0", "--baseline", "1.0.0", "--deployer", "process")


@pytest.fixture(scope="module")
def incident(runs: Path, with_sharing: Called) -> Called:
    """1.2.0 in a dozen cases, compared with 1.1.0, because that is the last that passed."""
    words = ["1.2.0", "--deployer", "process", "--only", INCIDENT, "--stages", "scenarios"]
    merged = runs.with_name("merged.toml")
    merged.write_text(PATIENT)
    return gate(runs, *words, "--merge", str(merged))


@pytest.mark.slow
def test_a_release_without_sharing_passes(tmp_path: Path) -> None:
    """The first release passes, and says which scenarios it does not have yet."""
    without_sharing = gate(tmp_path / "runs", "1.0.0", "--deployer", "process")

    assert without_sharing.code == 0, without_sharing.out + without_sharing.err
    assert any("not promised" in warning for warning in without_sharing.verdict["warnings"])


@pytest.mark.slow
def test_the_incident_is_all_that_a_whole_gate_finds(runs: Path, with_sharing: Called) -> None:
    """Of every other form the release of the incident keeps all that it acknowledged."""
    whole = gate(runs, "1.2.0", "--deployer", "process")

    assert whole.code == 1, whole.out + whole.err
    found = [f for f in whole.verdict["findings"] if f["severity"] == "block"]
    assert {"consultation"} == {f["form"] for f in found}


def test_a_release_with_sharing_passes(with_sharing: Called) -> None:
    """Sharing done right passes, compared with the release before it."""
    assert with_sharing.code == 0, with_sharing.out + with_sharing.err
    assert with_sharing.verdict["baseline"]["name"] == "1.0.0"
    controls = with_sharing.verdict["evidence"]["controls"]
    assert controls["caught"] == controls["planted"] > 0


def test_the_incident_is_blocked(incident: Called) -> None:
    """The four texts are lost by the page, when a document is shared before they are saved."""
    assert incident.code == 1, incident.out + incident.err
    found = [f for f in incident.verdict["findings"] if f["severity"] == "block"]
    lost = next(f for f in found if f["anomaly"] == "lost")
    assert (lost["form"], lost["fields"], lost["layer"]) == ("consultation", FIELDS, "page")
    assert any("share" in factor for factor in lost["trigger"]["conditions"])
    assert lost["preexisting"] is False
    assert lost["trigger"]["confirmed"], lost["trigger"]
    assert set(lost["trigger"]["conditions"]) <= {"moment_of_share", "documents_shared"}
    assert lost["trigger"]["runs"]["with"] == {"failed": 3, "passed": 0, "of": 3}
    assert {f["form"] for f in found} == {"consultation"}


def test_a_representative_is_recorded(incident: Called) -> None:
    """A block comes with a trace of one case that can be watched."""
    assert incident.run is not None
    lost = next(f for f in incident.verdict["findings"] if f["anomaly"] == "lost")
    traces = [path for path in lost["evidence"] if path.endswith(".zip")]

    assert traces
    assert (incident.run / lost["reproduction"]).is_file()
    assert all((incident.run / path).is_file() for path in traces)


def test_nothing_is_left(with_sharing: Called, incident: Called) -> None:
    """After two gates no process of theirs is alive."""
    called = (with_sharing, incident)

    assert [left for one in called if one.run for left in left_of(one.run.name)] == []


@pytest.mark.parametrize("release", ["1.1.0", "1.2.0"])
def test_the_readme_shows_what_the_gate_says(
    release: str, with_sharing: Called, incident: Called
) -> None:
    """Each line of the README's transcript stands in the answer, but for its numbers."""
    said = masked((with_sharing if release == "1.1.0" else incident).out.splitlines())
    shown = masked(transcript(release))

    assert shown
    assert [line for line in shown if not any(line in heard for heard in said)] == []


def transcript(release: str) -> list[str]:
    """The lines the README shows below that command."""
    block = re.search(rf"```console\n\$ harness gate {release}\n(.*?)```", README, re.DOTALL)
    assert block is not None, f"the README shows no gate of {release}"
    return [line for line in block[1].splitlines() if line.strip()]


def masked(lines: Sequence[str]) -> list[str]:
    """Lines without what differs from run to run: numbers, run ids, and where runs are kept."""
    found = []
    for line in lines:
        plain = re.sub(r"\S*/\d{8}-\d{6}-\w{4}", "RUN", line)
        plain = re.sub(r"evidence/candidate-\S+", "TRACE", plain)
        found.append(re.sub(r"\s+", " ", re.sub(r"\d+(\.\d+)?", "#", plain)).strip())
    return found
