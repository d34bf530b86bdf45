"""What a load by itself promises of the plan's limits."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.gate.load_alone import LoadAsked, _promise
from harness.model import Release
from harness.promise import Promise
from tests.plan.writing import load

LIMITS = """
[limits]
save_p50_ms_max = 20
save_p95_ms_max = 300
save_p99_ms_max = 900
"""


def promised(folder: Path, more: str = "") -> Promise:
    """The promise of a load alone, of a plan with these limits."""
    plan = load(folder, LIMITS + more)
    run: Any = SimpleNamespace(id="r1", tag="ab12")
    deployer: Any = SimpleNamespace(name="process", identify=Release)
    return _promise(LoadAsked("v2", plan.path, folder), plan, run, deployer)


def test_every_limit_on_time_is_held(tmp_path: Path) -> None:
    """Half of all saves, nearly all, and all but the slowest are held to what the plan says."""
    promise = promised(tmp_path)

    limits = promise.save_p50_ms_max, promise.save_p95_ms_max, promise.save_p99_ms_max
    assert (20, 300, 900) == limits


@pytest.mark.parametrize("ratio", ["", "save_p95_ratio_max = 1.5"])
def test_a_limit_against_the_baseline_is_not_held_in_silence(tmp_path: Path, ratio: str) -> None:
    """Where the plan has one, a load alone has no baseline, and says that it does not hold it."""
    told = [text for text in promised(tmp_path, ratio).warnings if "ratio" in text]

    assert bool(ratio) == bool(told)
    assert all("save_p95_ratio_max = 1.5 is not held" in text for text in told)
