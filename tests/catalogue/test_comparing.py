"""What the gate said against what the release expects, part by part."""

from typing import Any

import pytest

from harness.catalogue.comparing import compare, nothing_said
from harness.verdict import Answer
from tests.catalogue.saying import expectation, finding, verdict

TRICKY = {"anomaly": None, "form": None, "fields": None, "layer": None, "trigger": None}


def test_the_expected_finding_is_right() -> None:
    """A block with the anomaly, the fields, the layer and a trigger within is right in all."""
    found = compare(expectation(), verdict("block", finding()))

    assert (found.verdict_right, *found.parts, found.right) == (True,) * 6
    assert found.why == ""


@pytest.mark.parametrize(
    ("changes", "parts", "why"),
    [
        ({"anomaly": "torn"}, (False, True, True, True), "expected lost, found torn"),
        ({"fields": ["reason"]}, (True, False, True, True), "found reason of note"),
        ({"fields": ["reason", "history", "x"]}, (True, False, True, True), "history, x of note"),
        ({"form": "letter"}, (True, False, True, True), "of letter"),
        ({"layer": "server"}, (True, True, False, True), "expected layer page, found server"),
    ],
)
def test_each_part_is_judged_by_itself(
    changes: dict[str, Any], parts: tuple[bool, ...], why: str
) -> None:
    """A finding that is wrong in one part is wrong in that part, and it is said which."""
    found = compare(expectation(), verdict("block", finding(**changes)))

    assert parts == found.parts
    assert (found.verdict_right, found.right) == (True, False)
    assert why in found.why


@pytest.mark.parametrize(
    ("conditions", "right"),
    [
        ({"shares": ["1"]}, True),
        ({"shares": ["1", "2"]}, True),
        ({"shares": ["0", "1"]}, False),
        ({"shares": ["1"], "text": ["plain"]}, False),
        ({"text": ["plain"]}, False),
        ({}, False),
    ],
    ids=["narrower", "the same", "a level more", "a factor more", "another factor", "none"],
)
def test_a_trigger_is_within_the_expected_one(
    conditions: dict[str, list[str]], right: bool
) -> None:
    """It names the expected factors and no other, at no level beyond theirs."""
    said = finding(trigger={"text": "when it is", "conditions": conditions})

    assert compare(expectation(), verdict("block", said)).parts.trigger is right


@pytest.mark.parametrize(("conditions", "right"), [({}, True), ({"shares": ["1"]}, False)])
def test_what_happens_always_has_no_condition(
    conditions: dict[str, list[str]], right: bool
) -> None:
    """Without a trigger it is expected in every case that does it, and nothing narrower."""
    said = finding(trigger={"text": "in every one", "conditions": conditions})

    assert compare(expectation(trigger=None), verdict("block", said)).parts.trigger is right


@pytest.mark.parametrize(
    ("scenarios", "right"),
    [
        (["test_notes.py::test_share"], True),
        (["test_notes.py::test_share", "test_tabs.py::test_two"], False),
        ([], False),
    ],
    ids=["one that fits", "one that does not", "none known"],
)
def test_the_factor_scenario_asks_where_it_happens(scenarios: list[str], right: bool) -> None:
    """Every scenario in which it happens has to fit the pattern, and there has to be one."""
    said = finding(trigger={"text": "", "conditions": {}}, scenarios=scenarios)
    expected = expectation(trigger={"scenario": "test_sha*"})

    assert compare(expected, verdict("block", said)).parts.trigger is right


def test_the_best_of_several_findings_counts() -> None:
    """Beside the expected finding there may be others, in whatever order."""
    others = (finding(anomaly="torn"), finding(fields=["reason"]))

    assert compare(expectation(), verdict("block", *others, finding())).right
    assert compare(expectation(), verdict("block", finding(), *others)).right


@pytest.mark.parametrize("changes", [{"severity": "warn"}, {"known": "mended soon"}])
def test_only_what_blocks_and_is_not_known_counts(changes: dict[str, Any]) -> None:
    """A warning and a loss that the plan knows are not what a block rests on."""
    found = compare(expectation(), verdict("block", finding(**changes)))

    assert (False,) * 4 == found.parts
    assert not found.right


def test_a_pass_of_what_has_to_be_blocked_is_wrong_in_everything() -> None:
    """A release that loses data and passes is right in nothing."""
    found = compare(expectation(), verdict("pass"))

    assert (found.verdict_right, *found.parts) == (False,) * 5
    assert found.why == "expected block, the gate said pass: it is a pass"


@pytest.mark.parametrize("answer", ["pass", "inconclusive"])
@pytest.mark.parametrize("said", list(Answer))
def test_other_answers_are_right_by_themselves(answer: str, said: str) -> None:
    """Where a pass or no answer is expected, the answer alone is compared."""
    expected = expectation(expect=answer, reason="it looks like a loss", **TRICKY)
    found = compare(expected, verdict(said))

    assert found.right is (said == answer)
    assert (None,) * 4 == found.parts


def test_no_verdict_is_never_right() -> None:
    """A gate that ended without a verdict is wrong, even where none could be given."""
    for expected in (expectation(), expectation(expect="inconclusive", **TRICKY)):
        found = nothing_said(expected, "it ended with 70: a crash")

        assert (found.said, found.right) == (None, False)
        assert "it ended with 70: a crash" in found.why
