"""Controls: what is damaged on purpose must be caught, or the run proves nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.checks.controls import Planted, damaged
from harness.checks.decided import Seen
from harness.checks.history import read_history
from harness.checks.oracle import Oracle
from harness.checks.planting import plant_controls
from harness.checks.rows import Rows
from harness.checks.targets import Target
from harness.judge import conclude
from harness.model import Anomaly, Field, FileValue, Judgement
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
    """What is dropped, doubled, swapped, cut, altered, late, unread or nobody's is all seen."""
    controls = plant_controls(oracle(healthy(text)))

    assert (9, 9, ()) == (controls.planted, controls.caught, controls.missed)


def test_a_record_without_a_key_is_good_enough_for_controls() -> None:
    """Rows found by their traceable values can be damaged as well."""
    story = Story()
    story.trial().record().save(*FOUR).acknowledged()
    controls = plant_controls(oracle(story.ends()))

    assert (8, 8) == (controls.planted, controls.caught)


def test_a_blind_oracle_misses_every_control() -> None:
    """An oracle that sees nothing is found out, each missed damage by name."""
    controls = plant_controls(oracle(healthy(), Blind))

    # What nobody read is known without a look, and rows of nobody's are another check's.
    assert (9, 2) == (controls.planted, controls.caught)
    assert "a dropped field in form note was not caught" in controls.missed


def test_a_blind_oracle_makes_the_run_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose controls are missed passes nothing, though it found nothing wrong."""
    monkeypatch.setattr("harness.judge.Oracle", Blind)
    verdict = healthy().judged()

    assert "inconclusive" == verdict.verdict
    assert any("missed a control: a dropped row" in reason for reason in verdict.reasons)
    assert {"planted": 9, "caught": 2} == verdict.evidence.controls


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
        "one character altered",
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


LINED = form(
    "paper", Field("title", "title"), Field("lines", "lines", rows="many"), concurrent="conflict"
)


def everything() -> Story:
    """A healthy run whose records allow a control for each anomaly."""
    story = Story(others=(LINED,), columns={"candidate": {"note": ("id", *FOUR, "author")}})
    story.row("note", "1", reason="Ancien")
    for key in ("7", "8"):
        record = story.trial().record(key)
        record.save(*FOUR).acknowledged()
        record.save(*FOUR).acknowledged()
        story.waits(10)
        record.is_shown(reason=record.text("reason", revision=2))
    gone = story.trial().record("9")
    gone.save("reason").acknowledged()
    gone.delete().acknowledged()
    refused = story.trial().record("10")
    refused.save("reason").acknowledged()
    refused.save("history").refused()
    paper = story.trial().record("20", form="paper")
    paper.save("title", lines=("un", "deux")).acknowledged()
    return story.ends()


def test_every_anomaly_has_its_control() -> None:
    """A run with all kinds of records plants each anomaly at least once, and catches them all."""
    controls = plant_controls(oracle(everything()))

    every = {str(a) for a in Anomaly} - {"journey-broken"}
    assert () == controls.missed
    assert every == set(controls.by_anomaly)
    assert {} == controls.unplanted
    assert all(planted == caught > 0 for planted, caught in controls.by_anomaly.values())


def test_a_word_that_any_record_may_hold_is_no_control() -> None:
    """A short literal in another record says nothing, so it is not planted there."""
    story = Story(single())
    for key in ("7", "8"):
        story.trial().record(key).save(reason=f"t{key}").acknowledged()
    controls = plant_controls(oracle(story.ends()))

    assert () == controls.missed
    assert "misplaced" in controls.unplanted


def test_what_no_record_allows_is_said() -> None:
    """The verdict names the anomalies that nothing of the run could show, with the reason."""
    evidence = healthy().judged().evidence

    assert {
        "collateral": "nothing stood there before that nobody worked on",
        "reverted": "no field was saved twice",
        "torn": "no field of many rows was saved",
        "resurrected": "nothing was deleted or emptied that had been saved",
        "stale": "no reader was shown a whole record",
        "unacknowledged": "no text was refused",
    } == evidence.controls_unplanted
    assert {"planted": 1, "caught": 1} == evidence.controls_by_anomaly["late"]


class Speechless(Oracle):
    """An oracle that looks and says nothing."""

    def judge(self) -> Judgement:
        """Nothing."""
        return Judgement("storage", ())


LOOKED_AT = {
    "a dropped field",
    "a dropped row",
    "a row twice",
    "two fields swapped",
    "a cut field",
    "a list without its end",
    "one character altered",
}
JUDGED = {
    "a value that came late",
    "an earlier value put back",
    "a value in another record",
    "what was given up, back again",
    "a refused value, stored",
}
TOUCHED = {"a row that nobody touched, gone", "a row that nobody touched, changed"}


@pytest.mark.parametrize(
    ("asleep", "missed"),
    [
        ("StrayCheck", {"a row of nobody's"}),
        ("ShownCheck", {"a view that shows the old"}),
        ("CollateralCheck", {*TOUCHED, "a column, gone"}),
        (Speechless, {*JUDGED, "a record that nobody read"}),
        (Blind, {*JUDGED, *LOOKED_AT}),
    ],
)
def test_each_check_that_sleeps_is_found_out(
    monkeypatch: pytest.MonkeyPatch, asleep: str | type[Oracle], missed: set[str]
) -> None:
    """With any one check asleep its own controls are missed, each by name, and nothing passes."""
    story = everything()
    grounds = story.weighed()
    assert () == grounds.controls.missed
    if isinstance(asleep, str):
        nothing = Judgement("asleep", ())
        monkeypatch.setattr(f"harness.checks.planting.{asleep}.judge", lambda *_: nothing)
    controls = plant_controls(oracle(story, Oracle if isinstance(asleep, str) else asleep))

    assert missed == {sentence.partition(" in form")[0] for sentence in controls.missed}
    verdict = conclude(replace(grounds, controls=controls))
    assert "inconclusive" == verdict.verdict
    assert any("the oracle missed a control" in reason for reason in verdict.reasons)


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
