"""One fault at a time: each release of the notebook is blocked for what is wrong with it."""

from pathlib import Path

import pytest

from tests.notebook.gating import NOTEBOOK, gate

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.xdist_group("e2e")]

WRITE = "text=plain,lines=3"
FAULTS = [
    ("truncates", WRITE, "truncated", ["body"], "server"),
    ("swaps", WRITE, "misplaced", ["title", "summary"], "server"),
    ("swallows", "test_edit", "lost", ["body"], "server"),
    ("half", WRITE, "torn", ["lines"], "server"),
    ("drops", WRITE, "lost", ["summary"], "page"),
    # A browser withholds a body with a file in it, so nobody is accused.
    ("cuts", "test_attach_again", "truncated", ["attachment"], "unknown"),
]


@pytest.mark.parametrize(
    ("release", "only", "anomaly", "fields", "layer"), FAULTS, ids=[fault[0] for fault in FAULTS]
)
def test_a_fault_is_blocked_for_what_it_is(
    release: str, only: str, anomaly: str, fields: list[str], layer: str, tmp_path: Path
) -> None:
    """A faulty release is blocked with its anomaly, its fields and its layer, and no other."""
    called = gate(release, "--only", only, runs=tmp_path / "runs")

    assert called.code == 1, called.err
    assert called.findings() == {anomaly: (fields, layer)}
    assert called.left() == []


def test_a_note_that_is_stored_twice(tmp_path: Path) -> None:
    """One save that made two rows is duplicated, in every field that can be told apart."""
    called = gate("twice", "--only", WRITE, runs=tmp_path / "runs")

    assert called.code == 1, called.err
    assert {"title", "summary", "body"} <= set(called.findings()["duplicated"][0])


def test_a_note_that_was_deleted_and_is_still_there(tmp_path: Path) -> None:
    """A deletion that the user was told of, and that never happened, blocks."""
    called = gate("keeps", "--only", "test_delete", runs=tmp_path / "runs")

    assert called.code == 1, called.err
    assert list(called.findings()) == ["resurrected"]


@pytest.mark.timeout(1200)
def test_another_good_release_passes_against_the_last(tmp_path: Path) -> None:
    """The release that passed whole is the next one's baseline, and a sample is driven on it."""
    runs = tmp_path / "runs"
    assert gate("good", "--only", "test_edit", runs=runs).code == 0
    whole = gate("good", runs=runs)
    called = gate("good2", runs=runs)

    assert whole.verdict["baseline"] is None, "a part of the cases is nothing to compare with"
    assert called.code == 0, called.err
    assert called.verdict["baseline"]["name"] == "good"
    stage = next(stage for stage in called.verdict["stages"] if stage["name"] == "baseline")
    assert (stage["promised"], stage["measured"]) == (2, 2)


def test_every_release_of_the_notebook_is_gated() -> None:
    """No release lies there that no test gates."""
    text = "".join(path.read_text() for path in Path(__file__).parents[1].glob("[gc]*/test_*.py"))
    releases = {path.stem for path in (NOTEBOOK / "releases").glob("*.py")}

    assert [name for name in sorted(releases) if f'"{name}"' not in text] == []
