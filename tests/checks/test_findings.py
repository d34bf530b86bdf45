"""Symptoms gathered: which fields go together, and what a person reads of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.journal.events import TrialEnded
from harness.judge import say
from harness.model import Field, Release
from harness.promise import Known
from tests.checks.story import FOUR, Story, form, lost_when_shared


def blocking(story: Story) -> list[str]:
    """The blocking findings as they are said."""
    return [say(f) for f in story.ends().weighed().findings if f.severity == "block"]


def test_the_incident_in_one_sentence() -> None:
    """Anomaly, fields, when, how often and where: what a person needs at the end of the day."""
    story = lost_when_shared()

    sentence = (
        "note: reason, history, examination and conclusion lost in 9 saves, when shares is "
        "1, 2 or 5 (all 9 such cases of test_consultation_then_share, none of 3 others); "
        "typed, but not brought to the server by the page"
    )

    assert [sentence] == blocking(story)
    assert f"clinic v2 is blocked: {sentence}" == story.judged().sentence


def test_fields_that_are_not_always_filled_still_go_together() -> None:
    """A case that fills one field only does not set it apart from the others."""
    story = Story()
    for shares in ("0", "1"):
        for fields in (FOUR, ("reason",), FOUR[:2]):
            record = story.trial(shares=shares, fill=str(len(fields))).record(shares + fields[-1])
            record.save(*fields).acknowledged(stores=shares == "0")
            record.holds()
    (finding,) = story.ends().weighed().findings

    assert FOUR == finding.fields
    assert {"shares": ("1",)} == finding.trigger.conditions


def test_fields_that_go_wrong_apart_are_two_findings() -> None:
    """Two causes have two triggers, and neither blurs the other."""
    story = Story()
    for shares in ("0", "1"):
        for text in ("a", "b"):
            record = story.trial(shares=shares, text=text).record(shares + text)
            record.save("reason", "history").acknowledged()
            if shares == "1":
                record.holds(reason=None)
            if text == "b":
                record.holds(history=None)
    found = {f.fields: f.trigger.conditions for f in story.ends().weighed().findings}

    assert {("reason",): {"shares": ("1",)}, ("history",): {"text": ("b",)}} == found


def test_a_case_that_could_not_fail_is_no_counterexample() -> None:
    """A case that saved nothing in the field, or was refused, does not weaken the trigger."""
    story = Story()
    for shares, how in (("1", "lost"), ("0", "kept"), ("1", "other"), ("1", "refused")):
        record = story.trial(shares=shares, how=how).record(shares + how)
        if how == "refused":
            record.save("reason").refused()
        else:
            names = ("history",) if how == "other" else ("reason",)
            record.save(*names).acknowledged(stores=how != "lost")
            record.holds()
    (finding,) = story.ends().weighed().findings

    assert {"shares": ("1",)} == finding.trigger.conditions


def test_a_finding_that_the_baseline_shows_is_labelled() -> None:
    """The same anomaly in the same fields on the baseline: pre-existing, and it still blocks."""
    for shown, label in ((("reason",), False), (("reason", "history"), True)):
        story = Story()
        trial = story.trial()
        trial.record("7").save("reason", "history").acknowledged(stores=False)
        sample = story.trial(again=trial, role="baseline")
        record = sample.record("7").save("reason", "history").acknowledged()
        record.holds(**dict.fromkeys(shown, None))
        story.ends("baseline")
        (said,) = blocking(story)

        assert label == said.endswith(" (the baseline shows it as well)")


def known(**trigger: tuple[str, ...]) -> Known:
    """An entry of the plan for the four fields of the incident."""
    return Known("note", FOUR, "lost", trigger, "ticket 12", "2024-01-01")


def test_a_known_loss_lets_pass_and_warns() -> None:
    """A finding that an entry covers whole is a warning with its reason."""
    story = lost_when_shared()
    story.changes["known"] = (known(shares=("1", "2", "5")),)
    story.changes["stages"] = {}
    verdict = story.ends().judged()

    assert "pass" == verdict.verdict
    assert any("known: ticket 12 (until 2024-01-01)" in w for w in verdict.warnings)


def test_an_entry_covers_nothing_wider() -> None:
    """Fewer levels, fewer fields, another factor, form or anomaly, or a day too late: it blocks."""
    entry = known(shares=("1", "2", "5"))
    for narrow in (
        known(shares=("1", "2")),
        known(shares=("1", "2", "5"), moment=("after",)),
        replace(entry, fields=FOUR[:3]),
        replace(entry, form="paper"),
        replace(entry, anomaly="truncated"),
        replace(entry, expires="2023-12-31"),
    ):
        story = lost_when_shared()
        story.changes["known"] = (narrow,)

        assert "block" == story.ends().judged().verdict


WORDS = (
    "when shares is 1, 2 or 5 (all 9 such cases of test_consultation_then_share, none of 3 others)"
)


@pytest.mark.parametrize(
    ("where", "verdict"),
    [
        ("test_consultation_then_share", "pass"),
        ("test_consultation*", "pass"),
        (WORDS, "pass"),
        ("test_other", "block"),
        ("when shares is 1", "block"),
    ],
)
def test_an_entry_with_a_text_names_the_scenarios(where: str, verdict: str) -> None:
    """A text covers what happens in the scenarios it names, and nothing wider."""
    story = lost_when_shared()
    story.changes["known"] = (replace(known(), where=where),)
    story.changes["stages"] = {}

    assert verdict == story.ends().judged().verdict


@pytest.mark.parametrize(("lost", "verdict"), [(True, "pass"), (False, "block")])
def test_a_known_loss_is_one_of_the_baseline_as_well(lost: bool, verdict: str) -> None:
    """What the baseline keeps and the candidate loses is new, whatever the plan knows."""
    story = lost_when_shared()
    again = next(trial for trial in story.trials if trial.case.levels["shares"] == "1")
    sample = story.trial(again=again, role="baseline").record("7").save(*FOUR)
    sample.acknowledged(stores=not lost)
    story.changes |= {
        "known": (known(shares=("1", "2", "5")),),
        "baseline": Release("v1"),
        "stages": {},
    }

    assert verdict == story.ends("baseline").ends().judged().verdict


def test_an_entry_does_not_cover_another_scenario() -> None:
    """The same loss where nothing is shared is a wider one."""
    story = lost_when_shared()
    story.trial(scenario="test_other").record("99").save(*FOUR).acknowledged(stores=False)
    story.changes["known"] = (known(shares=("1", "2", "5")),)

    assert "block" == story.ends().judged().verdict


def test_evidence_names_the_reads_and_what_the_trial_kept() -> None:
    """A finding says where to look."""
    story = Story()
    trial = story.trial()
    trial.record("7").save("reason").acknowledged(stores=False)
    trial.over = True
    story.tell(TrialEnded(trial=trial.id, outcome="completed", evidence=("evidence/trace.zip",)))
    (finding,) = story.ends().weighed().findings

    assert ("observations/03-candidate-confirm.jsonl", "evidence/trace.zip") == finding.evidence


def test_what_nobody_edited_is_said_so() -> None:
    """Collateral damage speaks of records, for no save is to blame."""
    story = Story(form("note", Field("reason", "reason")))
    story.row("note", "1", reason="Ancien")
    story.trial().record("7").save("reason").acknowledged()
    story.put("candidate", "note", ("1",), {"reason": None})

    said = "note: reason changed or gone in 1 record where nobody edited it, whatever was done"

    assert [said] == blocking(story)


def test_the_worst_comes_first() -> None:
    """Findings are in the order of their severity, then of their anomaly."""
    story = Story()
    story.trial().record("7").save(*FOUR).acknowledged().holds(
        reason=None, history="Patient", conclusion="Patient vu"
    )
    record = story.trial().record("8").save("reason", "history").acknowledged()
    record.holds(history=record.text("reason", revision=1))
    anomalies = [str(f.anomaly) for f in story.ends().weighed().findings]

    assert "misplaced" == anomalies[0]
    assert anomalies == sorted(anomalies, key=["misplaced", "lost", "truncated"].index)
