"""One plan over another."""

from pathlib import Path
from typing import Any

import pytest

from harness.errors import PlanError
from harness.plan import load_plan
from harness.plan.merge import merge
from tests.plan.writing import write


def test_tables_merge_and_the_rest_is_replaced() -> None:
    """Tables merge however deep they are; lists and values give way; what is new is added."""
    base: dict[str, Any] = {
        "a": {"b": {"x": 1, "y": [1, 2]}, "c": "kept"},
        "d": [{"e": 1}],
        "f": {"g": 1},
    }
    over = {"a": {"b": {"y": [3]}}, "d": [], "f": "text", "new": {"h": 1}}

    assert merge(base, over) == {
        "a": {"b": {"x": 1, "y": [3]}, "c": "kept"},
        "d": [],
        "f": "text",
        "new": {"h": 1},
    }
    assert base["a"]["b"] == {"x": 1, "y": [1, 2]}


def test_the_merged_plan_is_the_plan(tmp_path: Path) -> None:
    """What was merged is checked, recorded and digested as if it had been written in one file."""
    main = write(tmp_path, "[limits]\nsave_p95_ms_max = 500\n")
    over = tmp_path / "elsewhere" / "plan.toml"
    over.parent.mkdir()
    over.write_text('[form.note]\nunchecked = ["${SEEN}"]\n', encoding="utf-8")
    plan = load_plan(main, {"SEEN": "seen_at"}, over)

    assert plan.forms("1")["note"].unchecked == ("seen_at",)
    assert plan.redacted()["form"]["note"]["unchecked"] == ["${SEEN}"]
    assert plan.limits.save_p95_ms_max == 500
    assert plan.folder == tmp_path
    assert plan.digest != load_plan(main, {}).digest


@pytest.mark.parametrize(
    ("text", "told"),
    [("[form.note]\nkee = 1\n", "form.note.kee = 1: unknown key; write key"), ("[", "not TOML")],
)
def test_what_is_merged_is_checked(tmp_path: Path, text: str, told: str) -> None:
    """A mistake in what is merged is refused like one in the plan."""
    over = tmp_path / "over.toml"
    over.write_text(text, encoding="utf-8")

    with pytest.raises(PlanError, match=told):
        load_plan(write(tmp_path), {}, over)
