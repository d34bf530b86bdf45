"""The three answers, and the verdict as its file holds it."""

from __future__ import annotations

import json

import pytest

from harness.verdict import SCHEMA, Answer, verdict_to_json
from tests.checks.story import lost_when_shared


@pytest.mark.parametrize(("answer", "code"), [("pass", 0), ("block", 1), ("inconclusive", 3)])
def test_each_answer_has_its_exit_code(answer: str, code: int) -> None:
    """Pass is 0, block 1, inconclusive 3."""
    assert code == Answer(answer).exit_code


def test_there_is_no_fourth_answer() -> None:
    """Nothing else can be answered, and nothing by default."""
    assert 3 == len(Answer)
    with pytest.raises(ValueError, match="maybe"):
        Answer("maybe")


def test_the_file_holds_the_whole_verdict() -> None:
    """Schema first, plain JSON, each finding with its trigger."""
    data = verdict_to_json(lost_when_shared().ends().judged())
    back = json.loads(json.dumps(data))

    assert ("schema", SCHEMA) == next(iter(data.items()))
    assert "block" == back["verdict"]
    assert {"shares": ["1", "2", "5"]} == back["findings"][0]["trigger"]["conditions"]
