"""Ways in which a gate could say pass of what it has not measured; none of them does."""

from __future__ import annotations

import pytest

from harness.journal import events as ev
from harness.model import Release
from harness.verdict import Verdict
from tests.checks.story import Story, form, single


def reasons(story: Story) -> str:
    """Why a run that came to its end is not proved."""
    verdict = story.ends().judged()
    assert "inconclusive" == verdict.verdict, verdict.sentence
    return "\n".join(verdict.reasons)


def healthy(story: Story) -> None:
    """Another case, in which all is well: nothing else is missing."""
    story.trial().record("healthy").save(*(f.name for f in story.form.fields)).acknowledged()


def test_a_save_that_another_case_wrote_over_is_owed() -> None:
    """A release that loses what the first of two cases saved in one row is not passed."""
    story = Story(single())
    story.row("note", "1", reason="Ancien")
    story.trial().record("1").save("reason").acknowledged(stores=False)
    story.trial().record("1").save("reason").acknowledged()

    assert "a later save or deletion took its place" in reasons(story)


def test_a_save_of_what_stood_there_already_is_owed() -> None:
    """A save that changes nothing looks the same whether it was stored or lost."""
    story = Story(single())
    story.row("note", "1", reason="task")
    healthy(story)
    story.trial().record("1").save(reason="task").acknowledged(stores=False)

    assert "or it changed nothing" in reasons(story)


def test_a_save_that_repeats_a_field_and_changes_another_is_evidence() -> None:
    """One field that would be missed is enough for a save to be compared."""
    story = Story()
    story.row("note", "1", reason="task")
    names = ("history", "examination", "conclusion")
    story.trial().record("1").save(*names, reason="task").acknowledged()
    healthy(story)

    assert "pass" == story.ends().judged().verdict


def test_a_deletion_of_what_nobody_saw_is_owed() -> None:
    """A row that never stood there, under a key that was misread perhaps, is no proof when gone."""
    story = Story(single())
    healthy(story)
    story.trial().record("8").delete().acknowledged()

    assert "nothing is left of its saves to compare" in reasons(story)


def test_a_record_that_an_unknown_deletion_may_have_taken_is_owed() -> None:
    """Where the row may be gone with every right, its saves are not compared."""
    story = Story(single())
    healthy(story)
    record = story.trial().record("8").save("reason").acknowledged(stores=False)
    record.delete().unknown("cut")
    record.vanishes()

    assert "nothing is left of its saves to compare" in reasons(story)


def test_a_field_that_nobody_filled_is_owed() -> None:
    """A field of the plan that every save left out or empty is measured by none of them."""
    story = Story(form("note"))
    story.trial().record("7").save("reason", history="").acknowledged()

    assert "no acknowledged save filled history of form note" in reasons(story)


def test_a_page_that_empties_what_is_typed_loses_it() -> None:
    """What the page never held is due all the same: nobody was told that it was thrown away."""
    story = Story(single())
    save = story.trial().record("7").save("reason").typed("reason", "")
    save.acknowledged()

    assert {"reason": "lost"} == story.ends().seen
    assert ["page"] == [str(s.layer) for s in story.symptoms]


def shown(story: Story, reader: str, error: str | None) -> None:
    """A reader looks at the record of the first case, or fails to."""
    story.tell(
        ev.Shown(
            record=f"{story.trials[0].id}/r1",
            reader=reader,
            began_s=story.now_s,
            values={},
            error=error,
        )
    )


@pytest.mark.parametrize("failing", ["patient", "colleague"])
def test_a_reader_that_failed_hides_behind_no_other(failing: str) -> None:
    """Each reader has to be shown the record, whichever looked last."""
    story = Story(single())
    story.trial().record("7").save("reason").acknowledged()
    for reader in ("patient", "colleague"):
        shown(story, reader, "TimeoutError: no heading" if reader == failing else None)

    assert "a fresh reader could not be shown the record" in reasons(story)


def test_a_reader_that_looked_at_nothing_is_owed() -> None:
    """A promised reader without a record to look at says nothing of the read path."""
    story = Story(single())
    story.changes["readers"] = {"note": ("colleague", "patient")}
    story.trial().record("7").save("reason").acknowledged()
    shown(story, "colleague", None)

    assert "the reader patient of form note was shown no record; give its records a key" == (
        reasons(story)
    )


def quarantined(*, baseline_completes: bool | None, healthy_too: bool) -> Verdict:
    """A case in quarantine broke after its save; healthy_too: another one is well."""
    story = Story(single(), scenario="test_fax")
    trial = story.trial()
    trial.record("7").save("reason").acknowledged()
    trial.ends("broken", "TimeoutError")
    if baseline_completes is not None:
        sample = story.trial(again=trial, role="baseline")
        sample.record("7").save("reason").acknowledged()
        sample.ends("completed" if baseline_completes else "broken", "TimeoutError")
        story.reads("final", "confirm", role="baseline", after_s=60)
    if healthy_too:
        healthy(story)
    story.cases[1:] = [c for c in story.cases[1:] if c.scenario == "test_fax"]
    story.changes |= {"quarantine": {"test_fax": "no fax"}, "baseline": Release("v1")}
    return story.ends().judged()


def test_a_plan_that_excuses_everything_proves_nothing() -> None:
    """Quarantine owes nothing, and a run of nothing else has measured nothing."""
    verdict = quarantined(baseline_completes=None, healthy_too=False)

    assert ("inconclusive", ("no case was measured",)) == (verdict.verdict, verdict.reasons)


def test_quarantine_does_not_excuse_what_the_baseline_completes() -> None:
    """It is for what is broken on the baseline as well."""
    verdict = quarantined(baseline_completes=True, healthy_too=False)

    assert "inconclusive" == verdict.verdict
    assert any("(the baseline completes it)" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("reads", "rest", "verdict"),
    [(2, "other", "block"), (1, "other", "inconclusive"), (2, "same", "pass"), (2, "", "block")],
)
def test_a_row_that_nobody_touched_is_compared_whole(reads: int, rest: str, verdict: str) -> None:
    """Columns that no field covers were saved by somebody, too."""
    story = Story(single())
    story.row("note", "1", reason="Ancien")
    story.rest["note", "1"] = "same"
    healthy(story)
    for trial in story.trials:
        trial.ends()
    for number in (2, 1):
        story.rest["note", "1"] = rest if number <= reads else "same"
        story.reads("confirm", after_s=60)
    found = story.judged()

    assert verdict == found.verdict
    if verdict != "pass":
        assert ("other columns",) == found.findings[0].fields
