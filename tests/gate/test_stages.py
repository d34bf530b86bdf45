"""Which further stages a gate runs."""

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.gate import Asked
from harness.gate.load_promised import check_stages, why_skipped
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
