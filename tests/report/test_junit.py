"""What CI servers read."""

import xml.etree.ElementTree as ElementTree

import pytest

from harness.report.junit import junit
from harness.verdict import Answer, Cell
from tests.report.accounts import filled
from tests.report.hostile import HOSTILE
from tests.report.verdicts import verdict

WHOLE = Cell("test_a", "scenarios/test_a.py", 7, "note", "reason", 4, 0)
LOST = Cell("test_a", "scenarios/test_a.py", 7, "note", "history", 4, 2, "lost", "lost in 2 of 4")
OWED = Cell("test_b", "scenarios/test_b.py", 9, "", "", 1, 0, missing="it was skipped")


def parse(answer: Answer, *cells: Cell) -> ElementTree.Element:
    """The suite as a CI server reads it."""
    return ElementTree.fromstring(junit(verdict(answer), cells).encode())


def test_a_case_per_scenario_and_field() -> None:
    """Each scenario and field is a testcase that points at the scenario's file and line."""
    suite = parse(Answer.PASS, WHOLE)
    case = suite.findall("testcase")[1]

    assert case.attrib == {
        "classname": "test_a",
        "name": "note.reason",
        "file": "scenarios/test_a.py",
        "line": "7",
    }
    assert suite.get("failures") == suite.get("errors") == "0"


def test_a_loss_is_a_failure_of_its_anomaly() -> None:
    """A loss is a failure whose type names the anomaly."""
    suite = parse(Answer.BLOCK, WHOLE, LOST)
    failure = suite.find("testcase/failure")

    assert failure is not None
    assert failure.get("type") == "DataLoss.lost"
    assert suite.get("failures") == "1"


def test_missing_evidence_is_an_error_and_never_skipped() -> None:
    """A case without evidence is an error, not absent and not skipped."""
    suite = parse(Answer.INCONCLUSIVE, OWED)
    error = suite.find("testcase/error")

    assert error is not None
    assert error.get("type") == "Inconclusive"
    assert suite.get("skipped") == "0"


def test_only_a_pass_is_green() -> None:
    """Even without a cell, an answer that is no pass has a failure or an error."""
    red = {
        answer: int(parse(answer).get("failures", "0")) + int(parse(answer).get("errors", "0"))
        for answer in Answer
    }

    assert [answer for answer in Answer if not red[answer]] == [Answer.PASS]


def test_hostile_text_stays_xml() -> None:
    """NUL, escapes and lone surrogates in a message do not break the file."""
    cell = Cell("t", "f.py", 1, "n", "r", 1, 1, "lost", "a\x00\x1b\ud800\ufffe<b>&amp;")

    assert parse(Answer.BLOCK, cell).find("testcase/failure") is not None


def test_properties_carry_release_and_evidence() -> None:
    """The suite's properties name the release and how many fields were compared."""
    suite = parse(Answer.PASS)
    found = {p.get("name"): p.get("value") for p in suite.iter("property")}

    assert found["release"] == "2.0"
    assert found["evidence.fields_read"] == "40"


@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_add_no_case(text: str, answer: Answer) -> None:
    """Whatever the values hold, a server reads the same cases, and the verdict among them."""
    tags = [each.tag for each in parse_filled(text, answer).iter()]

    assert tags == [each.tag for each in parse_filled("plain", answer).iter()]


def parse_filled(text: str, answer: Answer) -> ElementTree.Element:
    """The suite of an account in which every text is this one."""
    whole = filled(text, answer)
    return ElementTree.fromstring(junit(whole.verdict, whole.cells).encode())
