"""docs/scenarios.md says what there is."""

from __future__ import annotations

import ast
import re
import typing
from pathlib import Path
from types import ModuleType

import pytest

import harness.load
import harness.plugin
from harness import corpus
from harness.factors import rows, scenario_of
from harness.journal import events as ev
from harness.journal.handles import Record, Save, Trial
from harness.plugin import fixtures, readers

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def table(heading: str) -> list[str]:
    """The first column of the table below a heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [line.split("|")[1].strip().strip("`") for line in lines]


def test_every_outcome_is_explained() -> None:
    """The table of outcomes has all that the journal knows, and no other."""
    assert set(typing.get_args(ev.Outcome)) == set(table("How a trial may end"))


def test_every_fixture_is_there() -> None:
    """The fixtures that the page names are the plugin's own."""
    named = {name.split("(")[0] for name in table("Fixtures")}

    assert named <= set(vars(fixtures))


@pytest.mark.parametrize("offering", [harness.plugin, harness.load])
def test_what_is_imported_is_offered(offering: ModuleType) -> None:
    """Every name that an example imports of the product is one that it offers."""
    imported = {
        alias.name
        for block in BLOCKS
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom) and node.module == offering.__name__
        for alias in node.names
    }

    assert imported
    assert imported <= set(offering.__all__)


def test_every_act_is_an_act() -> None:
    """Each method that the page calls on a record, a save or the journal exists."""
    named = set(re.findall(r"\b(record|save|journal)\.([a-z_]+)\(", PAGE))
    owners = {"record": Record, "save": Save, "journal": Trial}

    assert {("save", "acknowledged"), ("record", "delete"), ("journal", "fault")} <= named
    assert [] == [name for owner, name in named if not hasattr(owners[owner], name)]


def test_the_first_example_makes_cases() -> None:
    """The example's factors give a case for every pair, with ids as the page shows them."""
    names: dict[str, object] = {}
    exec(compile(BLOCKS[0], "scenarios.md", "exec"), names)  # noqa: S102 - it is our own page
    found = rows(scenario_of(names["test_write"]), texts=corpus.COMMIT)

    assert 2 * len(corpus.COMMIT) == len(found)
    assert "text=plain,save=button" in {row.id for row in found}


def test_a_reader_may_ask_for_what_the_page_says() -> None:
    """The page names everything that a reader is given."""
    section = PAGE.split("## Readers\n")[1].split("\n## ")[0]

    assert set(readers.GIVEN) <= set(re.findall(r"`([a-z_]+)`", section))
