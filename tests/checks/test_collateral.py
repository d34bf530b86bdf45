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


# --- where another release kept it elsewhere -----------------------------------------------------


def field_in(column: str, name: str = "reason") -> dict[str, Form]:
    """A note with one field, and the column that holds it."""
    spec = Field(name, column)
    form = Form(name="note", storage="main", key=("id",), fields=(spec,), table="note")
    return {"note": form}


def moved(
    earlier: dict[str, Form],
    now: dict[str, Form],
    before: Row,
    after: Row,
    *columns: tuple[str, ...],
) -> list[str]:
    """The fields that are found wrong between a read by one release's forms and two by others."""
    then, later = columns or ((), ())
    first = Observation("b", "upgraded", "before", 1.0, 1.0, {"note": (before,)}, {"note": then})
    rows, told = {"note": (after,)}, {"note": later}
    last = Observation("f", "upgraded", "final", 2.0, 2.0, rows, told)
    reads = [last, replace(last, id="c", purpose="confirm", began_s=3.0, ended_s=3.0)]
    check = CollateralCheck("upgraded", now, earlier)
    return [s.field for s in check.judge(read_history([]), [first, *reads]).symptoms]


def test_a_field_that_a_migration_moves_is_compared_as_that_field() -> None:
    """A column that a field has moved to, with its value, is no loss; without it is one of it."""
    old, new = field_in("text"), field_in("body")
    columns = (("id", "text"), ("id", "body"))
    row = Row("note", ("1",), {"reason": "Kept"}, "body=9")
    there, gone = replace(row, rest="text=9"), replace(row, fields={"reason": None}, rest="")

    assert [] == moved(old, new, row, there, *columns)
    assert ["reason"] == moved(old, new, row, gone, *columns)


def test_a_column_that_becomes_a_field() -> None:
    """A column that no field covered and a new field covers now is compared with nothing."""
    more = field_in("text")
    fields = (*more["note"].fields, Field("author", "author"))
    now = {"note": replace(more["note"], fields=fields)}
    before = Row("note", ("1",), {"reason": "Kept"}, "author=3")
    after = Row("note", ("1",), {"reason": "Kept", "author": "Ada"}, "")

    assert [] == moved(more, now, before, after)


def test_a_column_beside_those_that_moved() -> None:
    """A column that no field covers is compared as ever where a field moves."""
    old, new = field_in("text"), field_in("body")
    before = Row("note", ("1",), {"reason": "Kept"}, "author=3")
    after = Row("note", ("1",), {"reason": "Kept"}, "author=4")

    assert ["author"] == moved(old, new, before, after)


def test_a_column_that_a_migration_drops() -> None:
    """A column of neither release's fields that is gone is collateral, also without any row."""
    form = field_in("text")
    row = Row("note", ("1",), {"reason": "Kept"}, "author=3")
    columns = (("id", "text", "author"), ("id", "text"))

    assert ["author"] == moved(form, form, row, replace(row, rest=""), *columns)


def test_a_column_that_the_candidate_brought_may_go_with_it() -> None:
    """What a rollback takes back of the candidate's own is no loss; what was there before is."""
    form = field_in("text")

    def read_as(role: str, purpose: str, at_s: float, rest: str) -> Observation:
        columns = ("id", "text", *(pair.partition("=")[0] for pair in rest.split("&")))
        row = Row("note", ("1",), {"reason": "Kept"}, rest)
        rows, told = {"note": (row,)}, {"note": columns}
        return Observation(f"{at_s}", role, purpose, at_s, at_s, rows, told)  # type: ignore[arg-type]

    def symptoms(after: str) -> list[str]:
        reads = [
            read_as("upgraded", "before", 1.0, "author=3"),
            read_as("rolled-back", "before", 2.0, "author=3&version=1"),
            read_as("rolled-back", "final", 3.0, after),
            read_as("rolled-back", "confirm", 4.0, after),
        ]
        check = CollateralCheck("rolled-back", form, form)
        return [s.field for s in check.judge(read_history([]), reads).symptoms]

    assert [] == symptoms("author=3")
    assert ["version"] == symptoms("author=3&version=2")
    assert ["author"] == symptoms("state=1")
