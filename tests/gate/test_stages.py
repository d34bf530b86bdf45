"""Which further stages a gate runs."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.gate import Asked
from harness.gate.load_promised import (
    check_stages,
    load_stages,
    load_warnings,
    rounds_n,
    why_skipped,
)
from harness.plan.profiles import BUILT_IN
from tests.plan.writing import load

LOAD = '[load]\nfile = "load.py"\npeak_saves_per_s = 5\n'


def asked(stages: tuple[str, ...] | None, *only: str) -> Asked:
    return Asked("1", Path("harness.toml"), Path("runs"), only=only, stages=stages)


@pytest.mark.parametrize(
    ("stages", "only", "why"),
    [
        (None, (), None),
        (None, ("a", "b"), "--only a, b runs some cases, and no load"),
        (("scenarios",), (), "--stages scenarios leaves it out"),
        (("scenarios",), ("a",), "--stages scenarios leaves it out"),
        (("load",), ("a",), None),
    ],
)
def test_when_there_is_load(
    stages: tuple[str, ...] | None, only: tuple[str, ...], why: str | None
) -> None:
    """It is driven unless cases are picked or it is left out; with picked ones where asked for."""
    assert why == why_skipped(asked(stages, *only), BUILT_IN["commit"])


def test_stages_that_cannot_be_run(tmp_path: Path) -> None:
    """A stage that there is not, and a load that the plan does not have, are refused."""
    check_stages(asked(("upgrade", "stale-page")), load(tmp_path))
    check_stages(asked(("load", "scenarios")), load(tmp_path, LOAD))
    with pytest.raises(UsageError, match="no stage 'laod'; write load"):
        check_stages(asked(("laod",)), load(tmp_path, LOAD))
    with pytest.raises(UsageError, match=r"load was asked for, and .* has no \[load\]"):
        check_stages(asked(("load",)), load(tmp_path))


FAULTS = f"{LOAD}[profile.commit]\nload_faults = 2\n"


@pytest.mark.parametrize(
    ("plan", "stages", "only", "deployer", "promised"),
    [
        ("", None, (), "process", {}),
        (LOAD, None, (), "process", {"load": 1}),
        (LOAD, ("load",), (), "process", {"load": 1}),
        (LOAD, ("load-faults",), (), "process", {"load": 0, "load-faults": 1}),
        (LOAD, ("load-faults",), ("a",), "process", {"load": 0, "load-faults": 1}),
        (FAULTS, None, (), "process", {"load": 1, "load-faults": 1}),
        (FAULTS, None, ("a",), "process", {"load": 0, "load-faults": 0}),
        (FAULTS, ("load",), (), "process", {"load": 1, "load-faults": 0}),
        (FAULTS, None, (), "external", {"load": 1, "load-faults": 0}),
    ],
)
def test_which_loads_are_promised(
    tmp_path: Path,
    plan: str,
    stages: tuple[str, ...] | None,
    only: tuple[str, ...],
    deployer: str,
    promised: dict[str, int],
) -> None:
    """That with faults is promised where the profile or the caller wants it; skipped by name."""
    table = load(tmp_path, plan)

    assert promised == load_stages(asked(stages, *only), table, deployer)


def test_what_is_not_said_of_loads_is_said(tmp_path: Path) -> None:
    """Each load that the plan holds and this run does not, and a limit that nothing can meet."""
    plan = load(tmp_path, f"{FAULTS}[limits]\nsave_p95_ratio_max = 2\n")

    assert [] == list(load_warnings(asked(None), plan, "1", "process"))
    ratio, faults = load_warnings(asked(None), plan, None, "external")
    assert "limits.save_p95_ratio_max is not held: there is no baseline to load as well" == ratio
    assert "the deployer external has nothing that could be killed or restarted" in faults
    assert [
        "nothing is said of losses under load: --stages scenarios leaves it out",
        "nothing is said of losses under load with faults: --stages scenarios leaves it out",
    ] == list(load_warnings(asked(("scenarios",)), plan, "1", "process"))


def test_each_fault_comes_as_often_as_the_profile_says() -> None:
    """Once at least for who asks for it by name."""
    assert [0, 2, 3] == [rounds_n(asked(None), BUILT_IN[name]) for name in BUILT_IN]
    assert [1, 2, 3] == [rounds_n(asked(("load-faults",)), BUILT_IN[name]) for name in BUILT_IN]
