"""What GitHub's runner reads, and what a summary shows."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from harness.report.github import ANNOTATIONS_MAX, annotate, command, outputs
from harness.report.markdown import BYTES_MAX, markdown
from harness.verdict import Answer, Cell
from tests.report.accounts import account, filled
from tests.report.hostile import HOSTILE, TEXTS


def lost(at: int) -> Cell:
    """A field of its own that was lost."""
    return Cell("test_a", "s/test_a.py", at + 1, "note", f"f{at}", 3, 1, "lost", f"f{at} is lost")


def test_a_loss_is_an_error_at_its_scenario() -> None:
    """A lost field is an error at the scenario's file and line, as the repository has them."""
    first = annotate(account(), "apps/shop")[0]

    assert first == "::error file=apps/shop/s/test_share.py,line=7,title=Data loss::lost in 1 of 3"


def test_a_field_is_told_once() -> None:
    """A field that several scenarios lose is one annotation."""
    cells = tuple(replace(lost(0), scenario=f"test_{n}") for n in range(5))
    told = [line for line in annotate(account(cells=cells)) if line.startswith("::error")]

    assert [line.endswith("f0 is lost (and in 4 more scenarios)") for line in told] == [True]


def test_there_are_never_more_than_the_runner_shows() -> None:
    """Of each kind there are at most ten, the last says how many more there are."""
    told = annotate(account(cells=tuple(lost(n) for n in range(25))))
    errors = [line for line in told if line.startswith("::error")]

    assert len(errors) == ANNOTATIONS_MAX
    assert errors[-1].endswith("16 more in report.html")


@pytest.mark.parametrize("answer", list(Answer))
def test_only_a_pass_has_no_error(answer: Answer) -> None:
    """An answer that is no pass is an error even where no field was lost."""
    errors = [line for line in annotate(account(answer, cells=())) if line.startswith("::error")]

    assert bool(errors) == (answer is not Answer.PASS)


def test_properties_and_messages_are_escaped() -> None:
    """What separates the parts of a command is written as its number."""
    told = command("error", "50 %\nlost", file="a,b:c%.py", line=3)

    assert told == "::error file=a%2Cb%3Ac%25.py,line=3::50 %25 lost"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("answer", list(Answer))
def test_hostile_values_give_no_command(text: str, answer: Answer) -> None:
    """Each line is one annotation of ours, whatever the values are."""
    for line in annotate(filled(text, answer)):
        assert line.startswith(("::error ", "::warning "))
        assert "\n" not in line
        assert "\r" not in line
        assert line.partition("::")[2].partition("::")[0].count(",") <= 2


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_outputs_are_three_lines(text: str) -> None:
    """No value adds an output or changes the verdict that a workflow reads."""
    lines = outputs(filled(text, Answer.BLOCK)).split("\n")

    assert [line.partition("=")[0] for line in lines] == ["verdict", "run", "sentence", ""]
    assert lines[0] == "verdict=block"


@settings(max_examples=50, deadline=None)
@given(TEXTS)
def test_the_summary_holds_no_markup_of_a_value(text: str) -> None:
    """No value becomes HTML, a link, an image, code or a cell of the summary's table."""
    shape = [line.count("|") for line in markdown(filled("plain")).splitlines()]
    told = markdown(filled(text))

    assert [line.count("|") for line in told.splitlines()] == shape
    assert not set("<>[]$~@") & set(told)
    assert told.count("`") == 2


def test_the_summary_is_bounded() -> None:
    """However much was found, the summary stays far below the runner's limit."""
    whole = account()
    huge = account(
        exhibits=whole.exhibits * 500,
        gaps=whole.gaps * 500,
        verdict=replace(whole.verdict, warnings=("&<|" * 10_000,) * 500),
    )

    assert len(markdown(huge).encode()) < BYTES_MAX


def test_the_summary_says_the_answer() -> None:
    """The summary begins with the verdict, and a loss is a row of its table."""
    told = markdown(account())

    assert told.startswith("## ⛔ BLOCK · shop 2.0\n")
    assert "| **lost** | note | reason, history | when shares is 1 or 2 | page | 3 |" in told
