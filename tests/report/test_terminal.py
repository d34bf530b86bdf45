"""What a release engineer reads."""

import re
from pathlib import Path

import pytest

from harness.report.terminal import render
from harness.verdict import Answer, Stage
from tests.report.accounts import filled
from tests.report.hostile import HOSTILE
from tests.report.verdicts import LOST, verdict

CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
RUN = Path("runs/20260101-000000-abcd")


def test_the_first_line_is_the_answer() -> None:
    """The first line holds the verdict and its sentence."""
    first = render(verdict(), RUN, colour=False).splitlines()[0]

    assert first == "PASS  shop 2.0 passes: 0 of 10 saves lost"


def test_a_block_shows_what_when_and_where() -> None:
    """A block names anomaly, fields, trigger, layer, and how to watch it happen."""
    text = render(verdict(Answer.BLOCK, findings=(LOST,), reasons=("x",)), RUN, colour=False)

    assert "lost  note: reason, history" in text
    assert "when     shares is 1 or 2" in text
    assert "layer    page" in text
    assert "playwright show-trace 'runs/20260101-000000-abcd/evidence/trace 1.zip'" in text


def test_no_answer_but_a_pass_says_deploy_it() -> None:
    """Only a pass tells its reader to deploy."""
    texts = {answer: render(verdict(answer), RUN, colour=False) for answer in Answer}

    assert [answer for answer in Answer if "  deploy it" in texts[answer]] == [Answer.PASS]


def test_a_pass_of_some_cases_is_no_leave_to_deploy() -> None:
    """A pass of only some cases tells its reader to gate the release whole."""
    partial = verdict(warnings=("only cases matching 'test_edit' were run",))
    text = render(partial, RUN, colour=False)

    assert "  deploy it" not in text
    assert "gate it whole before you deploy it" in text


def test_a_pass_of_a_load_alone_is_no_leave_to_deploy() -> None:
    """A load without a scenario tells its reader to gate the release."""
    alone = verdict(stages=(Stage("deploy", 1.0, None, 0, 0, 0.0), Stage("load", 8.0, None, 1, 1)))
    text = render(alone, RUN, colour=False)

    assert "  deploy it" not in text
    assert "gate it before you deploy it: only its load was driven" in text
    assert " cases" not in text


def test_an_inconclusive_run_says_what_is_missing() -> None:
    """Each missing piece of evidence is a line of its own."""
    reasons = ("test_a is owed: it was skipped", "no save of form note was acknowledged")
    text = render(verdict(Answer.INCONCLUSIVE, reasons=reasons), RUN, colour=False)

    assert all(reason in text for reason in reasons)


def test_the_last_words_of_a_process_stay_lines() -> None:
    """A reason of several lines is shown as it was printed, its end rather than its middle."""
    lines = [f"  at step {number}" for number in range(20)]
    reason = "\n".join(["it exited 1; the last it printed:", *lines, "out of memory"])
    text = render(verdict(Answer.INCONCLUSIVE, reasons=(reason,)), RUN, colour=False)

    assert "it exited 1; the last it printed:\n" in text
    assert "    at step 19\n" in text
    assert "at step 5" not in text
    assert "\n             out of memory\n" in text


def test_colour_only_where_it_is_asked_for() -> None:
    """Without colour there is no escape in the text, whatever the values hold."""
    hostile = verdict(Answer.BLOCK, reasons=("a\x1b[2Jb", "c"), findings=(LOST,))

    assert "\x1b" not in render(hostile, RUN, colour=False)
    assert "\x1b[1;31mBLOCK" in render(hostile, RUN, colour=True)


@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_steers_a_terminal(text: str, answer: Answer) -> None:
    """No control of a value reaches the terminal, and the verdict is its first word."""
    shown = render(filled(text, answer).verdict, RUN, colour=False)

    assert shown.startswith(f"{str(answer).upper()}  ")
    assert not re.search(CONTROLS, shown)
    shown.encode()
