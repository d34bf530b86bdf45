"""Forms follow the release they are read for."""

from pathlib import Path

import pytest

from harness.errors import RecordUnreadable
from harness.forms import form_from_json, form_to_json
from harness.model import Contract, Field, Form
from tests.plan.writing import load, problems

RICH = """
[form.document]
storage = "main"
query = "SELECT 1"
tables = ["document"]
key = ["a", "b"]
setup = "SET app.tenant = '7'"
settle_s_max = 5
late_s_max = 1.5
concurrent = "merge"
unchecked = ["updated_at"]
[form.document.fields]
kind_ = { column = "kind", kind = "choice", choices = ["x", "y"] }
lines = { rows = "many", max_chars = 80 }
text = { newline = "any", trim = true, nfc = true, codec = "keys.notes:open_note" }
"""


def test_a_form_is_what_the_plan_writes(tmp_path: Path) -> None:
    """Every key of a form and its fields reaches the model; a column is the field's own name."""
    assert (
        Form(
            name="document",
            storage="main",
            key=("a", "b"),
            fields=(
                Field("kind_", "kind", kind="choice", choices=("x", "y")),
                Field("lines", "lines", rows="many", max_chars=80),
                Field("text", "text", contract=Contract("any", True, True, "keys.notes:open_note")),
            ),
            query="SELECT 1",
            tables=("document",),
            setup=("SET app.tenant = '7'",),
            settle_s_max=5.0,
            late_s_max=1.5,
            concurrent="merge",
            unchecked=("updated_at",),
        )
        == load(tmp_path, RICH).forms("1")["document"]
    )


def test_a_form_survives_json(tmp_path: Path) -> None:
    """A form that is written to a run is read back the same."""
    for form in load(tmp_path, RICH).forms("1").values():
        assert form == form_from_json(form_to_json(form))


@pytest.mark.parametrize(
    "change", [{"fields": None}, {"key": None}, {"unknown": 1}, {"fields": [{}]}]
)
def test_a_damaged_form_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    """A form of a run that lost a part or gained one cannot be read, and is not guessed."""
    data = form_to_json(load(tmp_path, RICH).forms("1")["document"])

    with pytest.raises(RecordUnreadable, match="not a form of a plan"):
        form_from_json({**data, **change})


OVERRIDES = """
[form.note.release."2.*"]
table = "notes"
fields = { text = "content" }
[form.note.release."2.1*"]
key = "uuid"
[form.note.release."2.1.7"]
query = "SELECT id, x AS text FROM n"
tables = "n"
fields = { text = { codec = "keys:open_note" } }
"""


@pytest.mark.parametrize(
    ("release", "table", "key", "column"),
    [
        ("1.0", "note", "id", "body"),
        ("2.0", "notes", "id", "content"),
        ("2.10", "note", "uuid", "body"),
        ("2.1.7", None, "id", "body"),
    ],
)
def test_the_most_specific_pattern_counts(
    tmp_path: Path, release: str, table: str | None, key: str, column: str
) -> None:
    """Of several patterns that fit a release one counts: its own name, else the longest."""
    form = load(tmp_path, OVERRIDES).forms(release)["note"]

    assert (table, (key,), column) == (form.table, form.key, form.field("text").column)


def test_an_override_changes_what_it_writes_alone(tmp_path: Path) -> None:
    """A query takes the table's place, a codec is added, and the column stays."""
    form = load(tmp_path, OVERRIDES).forms("2.1.7")["note"]

    assert ("SELECT id, x AS text FROM n", ("n",)) == (form.query, form.tables)
    assert Field("text", "body", contract=Contract(codec="keys:open_note")) == form.field("text")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ('query = "SELECT 1"', 'form.note.release."2.*".tables: a query says'),
        ('query = "SELECT 1"\ntable = "a"', 'form.note.release."2.*".query'),
        ('fields = { txt = "a" }', "the form has no such field; write text"),
        (
            'fields = { text = { kind = "file" } }',
            "unknown key; known here: codec, column, newline, nfc, trim",
        ),
    ],
)
def test_an_override_is_checked_like_the_form(tmp_path: Path, override: str, expected: str) -> None:
    """A form that would be wrong for one release alone is refused for all."""
    found = problems(tmp_path, f'[form.note.release."2.*"]\n{override}\n')

    assert any(expected in problem for problem in found), found


def test_a_release_may_have_another_contract(tmp_path: Path) -> None:
    """What a release may do to a text is declared for that release alone; the rest stays."""
    loose = 'fields = { text = { newline = "any", trim = true, nfc = true } }'
    plan = load(tmp_path, f'[form.note.release."2.*"]\n{loose}\n')

    assert Contract("any", trim=True, nfc=True) == plan.forms("2.1")["note"].field("text").contract
    assert Contract() == plan.forms("1.0")["note"].field("text").contract


CONTRADICTING = """
[form.paper]
storage = "main"
table = "paper"
key = "id"
unchecked = {unchecked}
fields = {{ one = {field} }}
"""


@pytest.mark.parametrize(
    ("field", "unchecked", "expected"),
    [
        ('{ kind = "number", trim = true }', "[]", "form.paper.fields.one.trim = True: a number"),
        ('{ kind = "date", nfc = true }', "[]", "form.paper.fields.one.nfc = True: a date"),
        ('{ kind = "file", newline = "any" }', "[]", "form.paper.fields.one.newline = 'any'"),
        (
            '{ kind = "choice", trim = true, choices = ["a", "a "] }',
            "[]",
            "form.paper.fields.one.choices = 'a ': the contract takes it for 'a'",
        ),
        ('"text"', '["text"]', "form.paper.unchecked = 'text': one is compared as a field"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(
    tmp_path: Path, field: str, unchecked: str, expected: str
) -> None:
    """What loosens a spelling that there is none of, or makes two choices one, is no contract."""
    found = problems(tmp_path, CONTRADICTING.format(field=field, unchecked=unchecked))

    assert any(problem.startswith(expected) for problem in found), found


def test_a_contract_that_says_one_thing_is_none_to_refuse(tmp_path: Path) -> None:
    """Two choices that stay apart, and a text that may be trimmed, are fine."""
    field = '{ kind = "choice", trim = true, choices = ["a", "b"] }'

    form = load(tmp_path, CONTRADICTING.format(field=field, unchecked="[]")).forms("1")["paper"]

    assert ("a", "b") == form.field("one").choices


@pytest.mark.parametrize(("release", "names"), [("1.0.4", ["note"]), ("1.1.0", ["note", "share"])])
def test_a_release_may_lack_a_form(tmp_path: Path, release: str, names: list[str]) -> None:
    """A form that a release does not have is left out for that release alone."""
    plan = load(
        tmp_path,
        """
        [form.share]
        storage = "main"
        table = "share"
        key = "id"
        fields = { recipient = "recipient" }
        [form.share.release."1.0.*"]
        absent = true
        """,
    )

    assert names == list(plan.forms(release))


def test_a_form_that_is_absent_is_kept_nowhere(tmp_path: Path) -> None:
    """A table beside absent is a contradiction, and is refused by name."""
    override = '[form.note.release."1.*"]\nabsent = true\ntable = "old_note"\n'

    told = "a release without the form keeps it nowhere; remove table"
    assert (f'form.note.release."1.*".absent = True: {told}',) == problems(tmp_path, override)
