"""Controls: what is damaged on purpose must be caught, or the run proves nothing."""

from __future__ import annotations

import pytest

from harness.checks.controls import Planted, damaged, plant_controls
from harness.checks.history import read_history
from harness.checks.oracle import Oracle, Seen
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.model import Field, FileValue
from tests.checks.story import FOUR, TAG, Story, form, single


class Blind(Oracle):
    """An oracle that never sees anything wrong."""

    def look(self, target: Target, rows: Rows) -> Seen:
        """Nothing, whatever stands there."""
        return Seen(rows, (), 1)


def oracle(story: Story, kind: type[Oracle] = Oracle) -> Oracle:
    """The candidate's oracle at the end of a story."""
    return kind("candidate", TAG, story.forms, read_history(story.events), story.observations)


def healthy(text: str = "plain") -> Story:
    """A run in which all is well."""
    story = Story()
    story.trial().record("7").save(*FOUR, text=text).acknowledged()
    return story.ends()


@pytest.mark.parametrize("text", ["plain", "formula", "mebibyte", "multiline"])
def test_every_damage_is_caught(text: str) -> None:
    """A dropped field, a dropped row, a row twice, two fields swapped and one cut are all seen."""
    controls = plant_controls(oracle(healthy(text)))

    assert (5, 5, ()) == (controls.planted, controls.caught, controls.missed)


def test_a_record_without_a_key_is_good_enough_for_controls() -> None:
    """Rows found by their traceable values can be damaged as well."""
    story = Story()
    story.trial().record().save(*FOUR).acknowledged()
    controls = plant_controls(oracle(story.ends()))

    assert (5, 5) == (controls.planted, controls.caught)


def test_a_blind_oracle_misses_every_control() -> None:
    """An oracle that sees nothing is found out, each missed damage by name."""
    controls = plant_controls(oracle(healthy(), Blind))

    assert (5, 0) == (controls.planted, controls.caught)
    assert "a dropped field in form note was not caught" in controls.missed


def test_a_blind_oracle_makes_the_run_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose controls are missed passes nothing, though it found nothing wrong."""
    monkeypatch.setattr("harness.judge.Oracle", Blind)
    verdict = healthy().judged()

    assert "inconclusive" == verdict.verdict
    assert any("missed a control: a dropped row" in reason for reason in verdict.reasons)
    assert {"planted": 5, "caught": 0} == verdict.evidence.controls


def test_no_control_is_planted_in_a_record_that_is_damaged_itself() -> None:
    """A record that lost a field already proves nothing about seeing a loss."""
    story = Story()
    story.trial().record("7").save(*FOUR).acknowledged().holds(reason=None)

    assert 0 == plant_controls(oracle(story.ends())).planted


def test_a_record_with_a_warning_is_damaged_where_it_has_none() -> None:
    """What is stored although its refusal was shown leaves the other fields to be damaged."""
    story = Story()
    record = story.trial().record("7")
    record.save(*FOUR).acknowledged()
    record.save("history").refused(stores=True)
    planted = list(damaged(oracle(story.ends())))

    assert all(control.is_caught() for control in planted)
    assert [
        "a dropped field",
        "a dropped row",
        "a row twice",
        "two fields swapped",
        "a cut field",
    ] == [control.damage for control in planted]
    assert all("history" not in changed(control) for control in planted)


def changed(control: Planted) -> set[str]:
    """The fields of the first row that differ from what was read."""
    return {
        name
        for row in control.rows[:1]
        for read in control.observation.rows[control.form]
        for name, value in row.fields.items()
        if read.key == row.key and read.fields[name] != value
    }


def test_no_control_is_planted_in_a_read_that_came_too_early() -> None:
    """Before the settle time is over the oracle has to say nothing."""
    story = Story()
    story.trial().record("7").save(*FOUR).acknowledged()
    story.reads("final")

    assert 0 == plant_controls(oracle(story)).planted


def test_a_value_that_may_be_another_is_not_damaged() -> None:
    """Where an unknown save made two values right, a damage might happen to be the other."""
    story = Story()
    record = story.trial().record("7")
    record.save(*FOUR).acknowledged()
    record.save(*FOUR).unknown()

    assert 0 == plant_controls(oracle(story.ends())).planted


def test_numbers_files_and_child_rows_are_damaged_as_what_they_are() -> None:
    """A cut that means the same is no damage; a file and a list are cut as such."""
    for spec, value in (
        (Field("dose", "dose", kind="number"), "1.0"),
        (Field("scan", "scan", kind="file"), FileValue(2048, "1" * 64)),
        (Field("lines", "lines", rows="many"), ("un", "deux")),
        (Field("note", "note"), "x"),
    ):
        story = Story(form("note", spec))
        story.trial().record("7").save(**{spec.name: value}).acknowledged()  # type: ignore[arg-type]
        controls = plant_controls(oracle(story.ends()))

        assert controls.planted == controls.caught >= 3


def test_each_form_has_its_own_controls() -> None:
    """Every form that was saved is damaged once, in its richest record."""
    story = Story(others=(form("paper"),))
    trial = story.trial()
    trial.record("7").save("reason").acknowledged()
    trial.record("8", form="paper").save("reason", "history").acknowledged()
    controls = plant_controls(oracle(story.ends()))

    assert {"note", "paper"} == controls.forms


def test_a_form_without_a_control_is_owed() -> None:
    """A form whose saves left nothing to damage is not proved to be watched."""
    story = Story(single(), others=(single("paper"),))
    trial = story.trial()
    trial.record("7").save("reason").acknowledged()
    trial.record("8", form="paper").clear("reason").acknowledged()
    verdict = story.ends().judged()

    assert "inconclusive" == verdict.verdict
    assert ("no record of form paper was whole enough to plant a control in",) == verdict.reasons
