"""A catalogue's run as its readers see it."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from harness.catalogue.comparing import compare, nothing_said
from harness.catalogue.results import Result
from harness.catalogue.summary import (
    BEGIN,
    END,
    exit_code,
    junit,
    markdown,
    sentence,
    text,
    to_json,
    with_table,
)
from tests.catalogue.saying import blocked, expectation, finding, result, verdict

TRICKY = expectation(
    expect="pass", reason="why", anomaly=None, form=None, fields=None, layer=None, trigger=None
)


def tricky(said: str) -> Result:
    return result("tricky", compare(TRICKY, verdict(said)), TRICKY)


def silent() -> Result:
    expected = expectation()
    return result("silent", nothing_said(expected, "it ended with 70"), expected)


RIGHT = [blocked(), tricky("pass")]
WRONG = [blocked("loses", finding(layer="server")), tricky("block")]
NAMES = ["loses", "tricky"]


@pytest.mark.parametrize(
    ("results", "code"),
    [
        (RIGHT, 0),
        ([blocked("loses", finding(layer="server"))], 1),
        ([*RIGHT, tricky("block")], 1),
        ([*RIGHT, tricky("inconclusive")], 3),
        ([*RIGHT, silent()], 3),
        ([tricky("inconclusive"), tricky("block")], 1),
        ([], 3),
    ],
    ids=["right", "a part", "a wrong answer", "inconclusive", "no verdict", "both", "nothing"],
)
def test_exit_codes(results: list[Result], code: int) -> None:
    """0 all right, 1 a wrong answer, 3 where an answer is only missing; nothing is no success."""
    assert code == exit_code(results)


def test_the_sentence_counts() -> None:
    """One sentence says how many were right, of how many, and which were not."""
    results = [*RIGHT, tricky("block")]

    assert sentence(results, 60) == (
        "2 of 3 releases of the catalogue's 60 answered as expected; 1 of 1 blocked that have to "
        "be; 1 of 2 passed that have to be; not so: tricky"
    )


def test_the_table() -> None:
    """What is wrong stands out in its line, and below the table it is said why."""
    wrong = blocked("loses-late", finding(layer="server"))

    assert text([blocked(), wrong, tricky("block")], 3, Path("runs/1")).splitlines()[:8] == [
        "release     expected  said   caught  anomaly  fields  layer  trigger  seconds",
        "loses       block     block  yes     yes      yes     yes    yes           31",
        "loses-late  block     block  yes     yes      yes     NO     yes           31",
        "tricky      pass      BLOCK  -       -        -       -      -             31",
        "",
        "loses-late: expected layer page, found server",
        "  look at runs/loses-late",
        "tricky: expected pass, the gate said block: it is a block",
    ]


def test_the_page_keeps_what_stands_around_its_table(tmp_path: Path) -> None:
    """The table of a page is replaced between its marks, as often as one likes."""
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n{BEGIN}\nold\n{END}\nThe end.\n", encoding="utf-8")
    table = markdown(RIGHT, 2)

    for _ in range(2):
        page.write_text(with_table(page, RIGHT, NAMES), encoding="utf-8")

    assert page.read_text(encoding="utf-8") == f"# Page\n{BEGIN}\n{table}{END}\nThe end.\n"
    assert "| loses | block | block | yes | yes | yes | yes | yes | 31 | The page forgets" in table


def test_a_part_takes_the_place_of_its_own_rows_alone(tmp_path: Path) -> None:
    """The rows of releases that were not gated this time stay, and count in the sentence."""
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    page.write_text(with_table(page, WRONG, NAMES), encoding="utf-8")
    before = page.read_text(encoding="utf-8")

    page.write_text(with_table(page, RIGHT[:1], NAMES), encoding="utf-8")

    after = page.read_text(encoding="utf-8")
    tricky_row = "| tricky | pass | BLOCK |"
    assert tricky_row in before
    assert tricky_row in after
    assert "| loses | block | block | yes | yes | yes | NO |" in before
    assert "| loses | block | block | yes | yes | yes | yes | yes | 31 |" in after
    said = "1 of 2 releases answered as expected when each was gated last; not so: tricky."
    assert after.splitlines()[1] == said


def test_the_json_has_what_is_documented() -> None:
    """Every entry has the keys of the reference, and what was not asked is null."""
    whole = json.loads(json.dumps(to_json([*RIGHT, silent()], 3, None)))
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")

    assert whole["schema"] == "harness.catalogue/1"
    assert [e["verdict"] for e in whole["entries"]] == ["block", "pass", None]
    assert [e["layer_right"] for e in whole["entries"]] == [True, None, False]
    keys = {*whole, *(f"entries[].{key}" for key in whole["entries"][0])}
    assert [key for key in keys if f"| `{key}` |" not in page] == []


def test_a_wrong_answer_is_a_failure_and_none_an_error() -> None:
    """A CI server shows each release, and can tell a wrong answer from a missing one."""
    suite = ElementTree.fromstring(junit([*RIGHT, tricky("block"), silent()], "notes").encode())

    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert [[child.tag for child in case] for case in suite] == [[], [], ["failure"], ["error"]]
