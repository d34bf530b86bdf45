"""How many cases each stage promises, and why it promises none."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.gate import Asked
from harness.gate.across.promised import across_stages, left_out, why_skipped
from harness.plan.profiles import BUILT_IN

NONE = "no release has passed yet, so there is none to come from"


def asked(stages: tuple[str, ...] | None = None, *only: str) -> Asked:
    """What a user asks for."""
    return Asked("2", Path("harness.toml"), Path("runs"), only=only, stages=stages)


@pytest.mark.parametrize(
    ("stages", "only", "baseline", "deployer", "why"),
    [
        (None, (), "1", "process", None),
        (None, (), "1", "docker", None),
        (("upgrade",), ("a",), "1", "process", None),
        (("load",), (), "1", "process", "--stages load leaves it out"),
        (None, ("a", "b"), "1", "process", "--only a, b runs some cases, on one release"),
        (None, (), None, "process", NONE),
        (("upgrade",), (), None, "process", NONE),
        (None, (), "1", "external", "the deployer external runs no second release on one storage"),
        (None, (), "1", "compose", "the deployer compose runs no second release on one storage"),
    ],
)
def test_why_a_stage_is_skipped(
    stages: tuple[str, ...] | None,
    only: tuple[str, ...],
    baseline: str | None,
    deployer: str,
    why: str | None,
) -> None:
    """Each reason is a clause of its own, and what was asked for by name is driven."""
    assert why == why_skipped("upgrade", asked(stages, *only), baseline, deployer)
    promised = across_stages(asked(stages, *only), BUILT_IN["commit"], baseline, deployer, 9)
    assert (0 if why else 4) == promised["upgrade"]


def test_what_a_profile_holds() -> None:
    """A profile promises its numbers, no more than there are cases, and names nothing else."""
    commit = across_stages(asked(), BUILT_IN["commit"], "1", "process", 6)
    nightly = across_stages(asked(), BUILT_IN["nightly"], "1", "process", 90)

    assert {"upgrade": 4, "stale-page": 6} == commit
    assert 90 == nightly["mixed"], "all of them"


def test_a_stage_that_is_asked_for_by_name() -> None:
    """It has a number of its own where the profile holds nothing of it."""
    promised = across_stages(asked(("mixed",)), BUILT_IN["commit"], "1", "process", 60)

    assert {"upgrade": 0, "stale-page": 0, "mixed": 8} == promised


def test_stages_that_the_caller_leaves_out_are_said() -> None:
    """A pass that says nothing of a stage its profile holds is no whole one, and says so."""
    profile = BUILT_IN["commit"]
    said = "nothing is said of losses in stale-page: --stages upgrade leaves it out"

    assert (said,) == left_out(asked(("upgrade",)), profile)
    assert () == left_out(asked(("upgrade", "stale-page")), profile)
    assert () == left_out(asked(), profile)
