"""The proof that is kept: bounded, losses longer, and never less than what is left in storage."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.canary import keeping
from harness.canary.cleaning import Cleaned, cleaned_of, keep_cleaned
from harness.canary.keeping import (
    IdentityTaken,
    hold_identity,
    prune,
    residue_n,
    uncleaned,
    was_read,
)
from harness.canary.once import _next_tick
from harness.canary.targets import targets_of
from harness.errors import RecordUnreadable
from harness.plan import Plan
from harness.runs import RunFolder
from tests.canary.test_running import CANARIES
from tests.plan.writing import load


def kept(runs: Path, number: int, verdict: str = "pass", residue: int | None = 0) -> RunFolder:
    """A run that is over; residue None: nobody has cleaned it."""
    path = runs / f"20261126-0000{number:02d}-abcd"
    (path / "journal").mkdir(parents=True)
    run = RunFolder(path)
    run.write_json("plan.json", {})
    run.write_json("verdict.json", {"verdict": verdict})
    if residue is not None:
        keep_cleaned(run, Cleaned(4, 4 - residue, residue))
    return run


def there(runs: Path) -> list[int]:
    return sorted(int(path.name[11:15]) for path in runs.glob("2026*"))


def test_the_newest_runs_are_kept(tmp_path: Path) -> None:
    """Of good runs the oldest go first."""
    for number in range(6):
        kept(tmp_path, number)

    assert 4 == prune(tmp_path, 2)
    assert [4, 5] == there(tmp_path)


def test_a_loss_outlives_good_runs(tmp_path: Path) -> None:
    """Hundreds of good probes do not take the proof of a loss away."""
    kept(tmp_path, 0, "block")
    for number in range(1, 6):
        kept(tmp_path, number)
    prune(tmp_path, 2)

    assert [0, 4, 5] == there(tmp_path)


@pytest.mark.parametrize("residue", [1, None])
def test_what_has_records_in_storage_is_never_forgotten(
    tmp_path: Path, residue: int | None
) -> None:
    """Without its journal nothing could ever remove them."""
    kept(tmp_path, 0, residue=residue)
    for number in range(1, 6):
        kept(tmp_path, number)
    prune(tmp_path, 1)

    assert [0, 5] == there(tmp_path)
    assert ["20261126-000000-abcd"] == [run.id for run in uncleaned(tmp_path)]
    assert 1 == residue_n(tmp_path)


def test_a_run_that_wrote_nothing_has_nothing_left(tmp_path: Path) -> None:
    """Where nothing was promised nothing was driven."""
    run = kept(tmp_path, 0, residue=None)
    (run.path / "plan.json").unlink()

    assert [] == uncleaned(tmp_path)


def test_what_cannot_be_cleaned_keeps_no_other_from_its_turn(tmp_path: Path) -> None:
    """What was tried longest ago comes first, and what was never tried before that."""
    first, second = kept(tmp_path, 0, residue=2), kept(tmp_path, 1, residue=None)
    assert [second.id, first.id] == [run.id for run in uncleaned(tmp_path)]


def test_a_damaged_account_is_no_clean_run(tmp_path: Path) -> None:
    """Nobody knows what is left, so it is looked at again."""
    run = kept(tmp_path, 0)
    (run.path / "clean.json").write_text(json.dumps([]))

    with pytest.raises(RecordUnreadable):
        cleaned_of(run)
    assert [run.id] == [one.id for one in uncleaned(tmp_path)]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan of which nobody else on this host holds the identity."""
    monkeypatch.setattr(keeping, "lease_base", lambda: tmp_path)
    (tmp_path / "probes").mkdir()
    return load(tmp_path, CANARIES)


def test_one_identity_is_one_canary(plan: Plan) -> None:
    """The second one is refused while the first is there, and let in afterwards."""
    (target,) = targets_of(plan)
    first = hold_identity(plan, target, "run")
    with pytest.raises(IdentityTaken, match="another canary runs at"):
        hold_identity(plan, target, "run")
    hold_identity(plan, target, "probe").free()
    first.free()

    hold_identity(plan, target, "run").free()


def test_each_target_has_its_own_residue(tmp_path: Path) -> None:
    """What is left at one is no alarm of the other; a run that says of none counts for both."""
    kept(tmp_path, 0, residue=2).write_json("target.json", {"target": "a"})
    kept(tmp_path, 1, residue=1).write_json("target.json", {"target": "b"})
    assert (2, 1, 3) == (residue_n(tmp_path, "a"), residue_n(tmp_path, "b"), residue_n(tmp_path))

    kept(tmp_path, 2, residue=1)
    assert (3, 2) == (residue_n(tmp_path, "a"), residue_n(tmp_path, "b"))


def test_a_storage_is_proved_by_a_probe_that_passed_there(plan: Plan, tmp_path: Path) -> None:
    """The same target and the same database, whatever its password is; nothing else proves."""
    (target,) = targets_of(plan)
    dsn = "postgresql://ann:{}@db.example/notes"
    here = replace(target, storages={"main": dsn.format("one-word")})
    kept(tmp_path, 0, "pass").write_json("target.json", here.told)
    changed = replace(target, storages={"main": dsn.format("another")})

    assert was_read(tmp_path, changed.told)
    assert "one-word" not in str(here.told)
    for other in (
        replace(here, storages={"main": "postgresql://ann:one-word@elsewhere/notes"}),
        replace(here, url="http://elsewhere"),
        replace(here, name="other"),
    ):
        assert not was_read(tmp_path, other.told)


@pytest.mark.parametrize("verdict", ["block", "inconclusive"])
def test_a_probe_that_did_not_pass_proves_no_storage(
    plan: Plan, tmp_path: Path, verdict: str
) -> None:
    """What it looked at may have been the wrong one."""
    (target,) = targets_of(plan)
    kept(tmp_path, 0, verdict).write_json("target.json", target.told)

    assert not was_read(tmp_path, target.told)


def test_each_case_has_its_turn_however_rare_the_probes_are(plan: Plan, tmp_path: Path) -> None:
    """Ticks of single probes follow one another, whatever the clock says between them."""
    (target,) = targets_of(plan)
    ticks = [_next_tick(plan, target, tmp_path / "runs") for _ in range(4)]

    assert list(range(ticks[0], ticks[0] + 4)) == ticks
