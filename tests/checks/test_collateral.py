"""What nobody worked on stays as it was: every column of every table that the plan names."""

from __future__ import annotations

from dataclasses import replace

from harness.checks.collateral import CollateralCheck
from harness.checks.history import read_history
from harness.model import Field, Form
from harness.observations import Observation, Row
from tests.checks.story import Story, single

# A list of lines that a query gathers from a table of its own.
LINES = Form(
    name="lines",
    storage="main",
    key=("note",),
    fields=(Field("text", "text", rows="many"),),
    query="SELECT ...",
    tables=("line",),
)
COLUMNS = {"line": ("note", "position", "text", "author")}


def found(story: Story, *reads: Observation) -> list[tuple[str, str, str]]:
    """(field, record, severity) of what the check finds in these reads."""
    check = CollateralCheck("candidate", story.forms)
    judgement = check.judge(read_history(story.events), reads)
    return [(s.field, s.record, str(s.severity)) for s in judgement.symptoms]


def read(purpose: str, rows: dict[str, tuple[Row, ...]], **columns: tuple[str, ...]) -> Observation:
    """One read; each a second after the last."""
    return Observation(purpose, "candidate", purpose, 1.0, 1.0, rows, columns)  # type: ignore[arg-type]


def stood(rest: str) -> Story:
    """A row that stood there before, with other columns."""
    story = Story(single())
    story.row("note", "1", reason="Ancien")
    story.rest["note", "1"] = rest
    story.another()
    return story


def test_a_changed_column_is_named() -> None:
    """A column that no field covers is found by its own name, in a row that nobody edits."""
    story = stood("author=1&state=2")
    story.rest["note", "1"] = "author=1&state=3"

    assert {"state": "collateral"} == story.ends().seen


def test_a_column_that_is_gone_took_its_values_along() -> None:
    """A column that stood there before and is in no row any longer is collateral."""
    story = stood("author=1&state=2")
    story.rest["note", "1"] = "state=2"

    assert {"author": "collateral"} == story.ends().seen


def test_a_new_column_is_nobodys_loss() -> None:
    """What was not there before is compared with nothing: the columns of both reads are."""
    story = stood("author=1")
    story.rest["note", "1"] = "added=9&author=1"

    assert {} == story.ends().seen


def test_a_column_name_of_any_letters_is_read_back() -> None:
    """Names that would break the digest's own spelling are quoted in it."""
    story = stood("a%26b%3D=1")
    story.rest["note", "1"] = "a%26b%3D=2"

    assert {"a&b=": "collateral"} == story.ends().seen


def test_rows_of_a_table_beneath_a_query_are_compared() -> None:
    """A child row that changed or went is collateral; one of a record that was edited is not."""
    story = Story(LINES)
    story.trial().record("7")
    before = tuple(Row("table line", (n, "1"), {}, "author=1") for n in ("6", "7", "8", "9"))
    after = (
        replace(before[0], rest="author=2"),
        replace(before[1], rest="author=2"),
        before[3],
    )
    rows = {"lines": (), "table line": before}
    later = {"lines": (), "table line": after}

    assert [("author", "line 6/1", "block"), ("line rows", "line 8/1", "block")] == found(
        story,
        read("before", rows, **COLUMNS),
        read("final", later, **COLUMNS),
        read("confirm", later, **COLUMNS),
    )
    assert [] == found(
        story, read("before", rows, **COLUMNS), read("final", rows), read("confirm", rows)
    )


def test_a_vanished_column_or_table_is_collateral_without_any_row() -> None:
    """That it is gone is seen from the tables alone, once two reads agree."""
    story = Story(LINES)
    rows: dict[str, tuple[Row, ...]] = {"lines": ()}
    before = read("before", rows, **COLUMNS)
    less = read("final", rows, line=("note", "position", "text"))
    none = read("confirm", rows, line=())

    assert [("author", "line", "block")] == found(story, before, less, less)
    assert [("author", "line", "inconclusive")] == found(story, before, before, less)
    assert [("table line", "line", "inconclusive")] == found(story, before, less, none)
    assert [] == found(story, before, before, before)


def test_a_column_that_is_unchecked_may_go() -> None:
    """What the plan leaves unchecked on purpose is not missed."""
    story = Story(replace(LINES, unchecked=("author",)))
    rows: dict[str, tuple[Row, ...]] = {"lines": ()}
    less = read("final", rows, line=("note", "position", "text"))

    assert [] == found(story, read("before", rows, **COLUMNS), less, less)
