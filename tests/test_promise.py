"""A run's promise: written first, read back whole, refused where it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import RecordUnreadable
from harness.model import Contract, Field, Release
from harness.promise import Known, Promise, promise_to_json, read_promise
from tests.checks.story import FOUR, Story, form

FIELDS = (
    Field("kind", "kind_code", kind="choice", choices=("a", "b"), max_chars=1),
    Field("text", "body", contract=Contract("any", trim=True, nfc=True, codec="m:f")),
    Field("lines", "lines", rows="many"),
)


def promised() -> Promise:
    """A promise with something in every place."""
    story = Story(form("note", *FIELDS, concurrent="merge", unchecked=("at",), late_s_max=3.0))
    story.case("test_note", shares="2")
    return replace(
        story.promise(),
        baseline=Release("v1", "clinic:v1", "sha256:1", "abc"),
        stages={"deploy": 1},
        sample=(0,),
        absent={"test_print": "no printer"},
        readers={"note": ("shown", "colleague")},
        missing=("test_old is gone",),
        known=(Known("note", FOUR, "lost", {"shares": ("1", "2")}, "ticket", "2030-01-01"),),
        quarantine={"test_flaky": "why"},
        warnings=("one",),
        partial="test_*",
        seed=7,
        obligations={"test_b": ("a response was cut",)},
        plan={"app": {"name": "clinic"}},
    )


def test_a_promise_comes_back_as_it_was(tmp_path: Path) -> None:
    """Forms, cases, known losses and all: judging again needs nothing else of the plan."""
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(promise_to_json(promised())))

    assert promised() == read_promise(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: [],
        lambda data: {},
        lambda data: {**data, "schema": "harness.plan/9"},
        lambda data: {**data, "strange": 1},
        lambda data: {name: value for name, value in data.items() if name != "cases"},
        lambda data: {**data, "cases": [1]},
        lambda data: {**data, "cases": None},
        lambda data: {**data, "forms": []},
        lambda data: {**data, "forms": {"candidate": [{}]}},
        lambda data: {**data, "known": [{"trigger": []}]},
        lambda data: {**data, "release": {}},
    ],
)
def test_a_damaged_promise_is_refused(tmp_path: Path, damage: object) -> None:
    """What a run promised is not guessed at."""
    path = tmp_path / "plan.json"
    data = json.loads(json.dumps(promise_to_json(promised())))
    path.write_text(json.dumps(damage(data)))  # type: ignore[operator]

    with pytest.raises(RecordUnreadable):
        read_promise(path)


@pytest.mark.parametrize("content", [None, "", "{", "\xff"])
def test_a_promise_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    """A missing or half-written file is said with its path."""
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content, encoding="latin-1")

    with pytest.raises(RecordUnreadable, match=r"plan\.json cannot be read"):
        read_promise(path)
