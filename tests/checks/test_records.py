"""How a record is found: by its key, by its traceable values, or by what it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.model import Field
from tests.checks.story import Story, form


@pytest.mark.parametrize("text", ["plain", "formula", "null"])
def test_a_record_without_a_key_is_found_by_what_it_holds(text: str) -> None:
    """A key that nobody knows is no loss: the row is found by its token, or by its content."""
    story = Story()
    for _ in range(3):
        story.trial().record().save("reason", text=text).acknowledged()

    assert {} == story.ends().seen


@pytest.mark.parametrize("text", ["plain", "formula", "null"])
def test_a_record_without_a_key_that_is_gone_is_lost(text: str) -> None:
    """A row that stands nowhere is lost, with a marker or without, and only one of three."""
    story = Story()
    records = [story.trial().record().save("reason", text=text).acknowledged() for _ in range(3)]
    records[1].vanishes()

    assert ["lost"] == [str(s.anomaly) for s in story.ends().symptoms]


@pytest.mark.parametrize("text", ["plain", "formula"])
def test_a_record_without_a_key_that_stands_twice_is_duplicated(text: str) -> None:
    """A double click makes two rows of one save."""
    story = Story()
    story.another()
    record = story.trial().record().save("reason", text=text).acknowledged()
    story.row("note", "other", reason=record.text("reason", text, 1))

    assert {"reason": "duplicated"} == story.ends().seen


def test_a_key_that_becomes_known_later_names_the_same_record() -> None:
    """A record is keyed once the page shows where it went."""
    story = Story()
    record = story.trial().record()
    record.save("reason").acknowledged().is_keyed("12")

    assert {} == story.ends().seen


def test_a_keyless_record_in_another_ones_row_is_misplaced() -> None:
    """A row that belongs to a record with a key is not the home of one without."""
    story = Story()
    other = story.trial().record("8").save("reason").acknowledged()
    record = story.trial().record().save("reason").acknowledged()
    other.holds(reason=record.text("reason", revision=1))
    record.vanishes()

    assert {"misplaced"} == {str(s.anomaly) for s in story.ends().symptoms}


def test_two_forms_of_one_table_show_each_others_column() -> None:
    """A short form on the columns of a long one holds the same text, and nothing is misplaced."""
    brief = form("brief", Field("motive", "reason"))
    story = Story(others=(replace(brief, table="note"),))
    record = story.trial().record("7").save("reason").acknowledged()
    story.row("brief", "7", motive=record.text("reason", revision=1))

    assert {} == story.ends().seen


def test_the_initial_values_a_scenario_names_are_due() -> None:
    """What the author says a record held is due where storage was not read before."""
    story = Story()
    record = story.trial().record("7", initial={"history": "Ancien"})
    record.save("reason").acknowledged()

    assert {"history": "collateral"} == story.ends().seen
