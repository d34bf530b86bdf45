"""The stages across versions, whole, on an application that nothing of the product knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.notebook.gating import Called, gate

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

ACROSS = ("upgrade", "stale-page", "mixed", "restart", "rollback")
CHANGES = ("--baseline", "good", "--only", "test_edit")


def blocking(called: Called) -> dict[str, dict[str, Any]]:
    """The blocking findings by their anomaly."""
    assert called.code == 1, called.err
    found = [f for f in called.verdict["findings"] if f["severity"] == "block"]
    return {f"{f['anomaly']} {' '.join(f['fields'])}": f for f in found}


def stages(called: Called) -> dict[str, dict[str, Any]]:
    """The stages across versions by their names."""
    return {s["name"]: s for s in called.verdict["stages"] if s["name"] in ACROSS}


def test_a_good_release_lives_through_it_all(tmp_path: Path) -> None:
    """It passes, with cases measured in every stage, and leaves nothing running."""
    called = gate(
        "good2", *CHANGES, "--only", "test_attach", "--stages", ",".join(ACROSS),
        runs=tmp_path / "runs",
    )  # fmt: skip

    assert called.code == 0, called.err
    lived = stages(called)
    assert list(ACROSS) == list(lived)
    assert all(s["measured"] == s["promised"] > 0 for s in lived.values()), lived
    assert called.left() == []


@pytest.mark.parametrize(
    ("release", "stage", "anomaly", "conditions"),
    [
        pytest.param(
            "opens", "mixed", "lost body", {"server_phase": "mixed"}, marks=pytest.mark.slow
        ),
        ("slow", "restart", "lost body", {"server_phase": "restarting", "fault": "app killed"}),
    ],
)
def test_a_release_that_loses_only_there(
    release: str, stage: str, anomaly: str, conditions: dict[str, str], tmp_path: Path
) -> None:
    """What a release loses only where it meets its neighbour is blocked, and it is said when.

    An end that the slow release is asked for may come before or after it has written.
    """
    called = gate(release, *CHANGES, "--stages", stage, runs=tmp_path / "runs")

    found = blocking(called)
    told = [f["trigger"]["conditions"] for n, f in found.items() if n == anomaly]
    assert told, found
    assert [
        factors
        for factors in told
        if factors.keys() == conditions.keys()
        and all(level in factors[name] for name, level in conditions.items())
    ], told
    assert called.left() == []


@pytest.mark.slow
def test_a_release_that_meets_nobody_well(tmp_path: Path) -> None:
    """What the upgrade, an old page and the rollback each take is a finding of that stage."""
    called = gate(
        "meets_nobody", *CHANGES, "--only", "plain,lines=1", "--stages",
        "upgrade,stale-page,rollback", runs=tmp_path / "runs",
    )  # fmt: skip

    found = {name: f["trigger"] for name, f in blocking(called).items()}
    assert "when meets_nobody takes over what good had stored" == found["collateral effort"]["text"]
    assert ["loaded before the deploy"] == found["lost summary"]["conditions"]["client_version"]
    assert "when meets_nobody is rolled back to good" == found["collateral summary"]["text"]


# --- bad input ------------------------------------------------------------------------------------


def test_no_baseline(tmp_path: Path) -> None:
    """Without a release to come from the stages are left by name, and it passes."""
    called = gate("good", "--only", "test_edit", "--stages", ",".join(ACROSS), runs=tmp_path / "r")

    assert called.code == 0, called.err
    assert {"no release has passed yet, so there is none to come from"} == {
        s["skipped"] for s in stages(called).values()
    }


@pytest.mark.slow
def test_the_baseline_itself(tmp_path: Path) -> None:
    """A release that takes over from itself passes."""
    called = gate("good", *CHANGES, "--stages", "stale-page,mixed", runs=tmp_path / "runs")

    assert called.code == 0, called.err
    lived = [s for s in stages(called).values() if not s["skipped"]]
    assert [("stale-page", 1), ("mixed", 1)] == [(s["name"], s["measured"]) for s in lived]


def test_a_migration_that_fails_half_way(tmp_path: Path) -> None:
    """It blocks, and says what it has changed by then."""
    called = gate("half_migrated", *CHANGES, "--stages", "upgrade", runs=tmp_path / "runs")

    assert called.code == 1, called.err
    assert "half_migrated" in called.verdict["sentence"]
    assert "cannot take over what good had stored" in " ".join(called.verdict["reasons"])
    assert "owner" in " ".join(called.verdict["reasons"])
    assert called.left() == []


def test_a_baseline_that_does_not_start(tmp_path: Path) -> None:
    """Nothing is proved then, and nothing is blamed on the candidate."""
    called = gate(
        "good", "--baseline", "crashes", "--only", "test_edit", "--stages", "upgrade,mixed",
        runs=tmp_path / "runs",
    )  # fmt: skip

    assert called.code == 3, called.err
    assert [] == called.verdict["findings"]
    assert "crashes is not there to upgrade from" in " ".join(called.verdict["reasons"])
