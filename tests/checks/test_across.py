"""What the stages across versions find, and what they leave to the candidate by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.checks.across import Across
from harness.journal import events as ev
from harness.model import PLANT, SIGHTS, Anomaly, Finding, Release, Severity
from harness.promise import Known
from tests.checks.story import FOUR, Story, TrialStory, single

STALE = {"client_version": "loaded before the deploy", "server_phase": "steady"}
UPGRADED = {"client_version": "current", "server_phase": "upgraded"}
MIXED = {"client_version": "current", "server_phase": "mixed"}
RESTARTING = {"client_version": "current", "server_phase": "restarting"}
BACK = {"client_version": "current", "server_phase": "rolled back"}


def story_of(cases_n: int, **stages: int) -> Story:
    """A candidate that keeps everything by itself, and promises of stages."""
    story = Story()
    for number in range(cases_n):
        trial = story.trial()
        trial.record(f"c{number}").save(*FOUR).acknowledged()
        trial.ends()
    story.reads("final", "confirm", after_s=60)
    story.changes |= {
        "baseline": Release("v1"),
        "stages": stages,
        "forms": dict.fromkeys(("candidate", "baseline", "upgraded", "rolled-back"), story.forms),
    }
    for stage, cases in stages.items():
        story.stage(stage)
        story.tell(ev.StageChosen(stage=stage, cases_n=cases))
    return story


def lives(
    story: Story,
    number: int,
    stage: str,
    levels: Mapping[str, str],
    *,
    role: str = "upgraded",
    switched: bool = True,
) -> TrialStory:
    """One of the promised cases lives through a stage."""
    trial = story.trial(again=story.trials[number], role=role, stage=stage, lives=levels)
    if switched:
        trial.switches(role)
    return trial


def stale(story: Story, *numbers: int, loses: tuple[str, ...] = ()) -> None:
    """Pages that were loaded before are saved after, and fields of them are not stored."""
    for number in numbers:
        trial = lives(story, number, "stale-page", STALE)
        record = trial.record(f"s{number}").save(*FOUR).acknowledged()
        record.holds(**dict.fromkeys(loses))


def across(story: Story, role: str = "upgraded") -> Across:
    """What the stages say once storage was read twice."""
    return story.ends(role).weighed().across


def found(story: Story, role: str = "upgraded") -> dict[str, Finding]:
    """The findings of the stages by their anomaly."""
    return {str(finding.anomaly): finding for finding in across(story, role).findings}


# --- what is found, and when -----------------------------------------------------------------


def test_a_page_that_was_loaded_before() -> None:
    """What only pages lose that were loaded before the deploy is a finding with that condition."""
    story = story_of(3)
    stale(story, 0, 1, 2, loses=("history",))
    finding = found(story)["lost"]

    assert ("history",) == finding.fields
    assert {"client_version": ("loaded before the deploy",)} == finding.trigger.conditions
    assert finding.trigger.confirmed
    assert (Severity.BLOCK, 3) == (finding.severity, finding.saves_n)
    assert "block" == story.judged().verdict


@pytest.mark.parametrize(("cases", "failing"), [(3, 2), (2, 2)])
def test_too_few_to_confirm(cases: int, failing: int) -> None:
    """Fewer than three that fail under a condition, or that pass without it, confirm nothing."""
    story = story_of(cases)
    stale(story, *range(failing), loses=("history",))
    finding = found(story)["lost"]

    assert finding.trigger.conditions
    assert not finding.trigger.confirmed


def test_some_that_pass_under_the_condition() -> None:
    """A condition under which others of the stage keep the field is not confirmed."""
    story = story_of(6)
    stale(story, 0, 1, 2, 3, loses=("history",))
    stale(story, 4)
    finding = found(story)["lost"]

    assert {"client_version": ("loaded before the deploy",)} == finding.trigger.conditions
    assert not finding.trigger.confirmed


def test_each_stage_has_a_finding_of_its_own() -> None:
    """The same field, lost in two stages, is two findings with two conditions."""
    story = story_of(3)
    stale(story, 0, loses=("history",))
    trial = lives(story, 1, "mixed", MIXED, switched=False)
    trial.record("m1").save(*FOUR).acknowledged().holds(history=None)
    conditions = [dict(f.trigger.conditions) for f in across(story).findings]

    assert {"server_phase": ("mixed",)} in conditions
    assert {"client_version": ("loaded before the deploy",)} in conditions


def test_what_the_candidate_loses_by_itself() -> None:
    """A field that the candidate loses without any stage is not told a second time."""
    story = story_of(3)
    trial = story.trial(again=story.trials[0])
    trial.record("alone").save(*FOUR).acknowledged().holds(history=None)
    story.ends()
    stale(story, 0, 1, 2, loses=("history", "reason"))

    assert [("reason",)] == [finding.fields for finding in across(story).findings]


def test_what_was_not_confirmed_by_itself_hides_nothing() -> None:
    """A loss that one read of the candidate alone shows is told where the stages confirm it."""
    story = story_of(3)
    trial = story.trial(again=story.trials[0])
    trial.record("alone").save(*FOUR).acknowledged().holds(history=None)
    trial.ends()
    story.reads("final", after_s=60)
    stale(story, 0, 1, 2, loses=("history",))

    assert "block" == found(story)["lost"].severity


def test_what_was_saved_before_the_switch_is_older_data() -> None:
    """A field that a save wrote before the releases changed, and none after, is collateral."""
    story = story_of(3)
    for number in (0, 1, 2):
        trial = lives(story, number, "upgrade", UPGRADED, switched=False)
        record = trial.record(f"u{number}").save(*FOUR).acknowledged()
        trial.switches()
        record.save("reason").acknowledged()
        record.holds(history=None, reason=None)
    findings = found(story)

    assert ("history",) == findings["collateral"].fields
    assert ("reason",) == findings["lost"].fields
    assert {"server_phase": ("upgraded",)} == findings["collateral"].trigger.conditions


def test_older_data_that_the_candidate_loses_by_itself() -> None:
    """What an edit blanks in the candidate alone is not told again under another name."""
    story = story_of(0)
    for number in (0, 1, 2):
        trial = story.trial()
        record = trial.record(f"e{number}").save(*FOUR).acknowledged()
        record.save("reason").acknowledged().holds(history=None)
    story.ends()
    for number in (0, 1, 2):
        trial = lives(story, number, "upgrade", UPGRADED, switched=False)
        record = trial.record(f"u{number}").save(*FOUR).acknowledged()
        trial.switches()
        record.save("reason").acknowledged().holds(history=None)

    assert {"lost"} == {str(s.anomaly) for s in story.ends("upgraded").symptoms}
    assert () == story.weighed().across.findings


def test_a_loss_in_a_restart() -> None:
    """What was told stored and is gone after a fault of ours blocks, with that condition."""
    story = story_of(3)
    for number in (0, 1, 2):
        trial = lives(story, number, "restart", RESTARTING, switched=False)
        record = trial.record(f"r{number}").save(*FOUR).acknowledged()
        story.fault("app killed", 0.5)
        record.vanishes()
        trial.ends("broken", "the page went away")
    lives(story, 0, "restart", RESTARTING, switched=False).record("whole").save(
        *FOUR
    ).acknowledged()
    finding = found(story)["lost"]

    expected = {"server_phase": ("restarting",), "fault": ("app killed",)}
    assert expected == finding.trigger.conditions
    assert FOUR == finding.fields
    assert not finding.trigger.confirmed, "another one lived through it"


# --- what stood there before --------------------------------------------------------------------


def stood(story: Story, role: str = "upgraded", **fields: str) -> None:
    """A row stands there before anybody works on it in a role."""
    story.row("note", "old", role, **fields)
    story.reads("before", role=role)


def test_what_a_migration_damages() -> None:
    """A row that nobody worked on and that the upgrade changed is collateral, without condition."""
    story = story_of(1)
    stood(story, history="kept for years", reason="kept")
    story.put("upgraded", "note", ("old",), {"history": ""})
    finding = found(story)["collateral"]

    assert (("history",), {}) == (finding.fields, finding.trigger.conditions)
    assert "when v2 takes over what v1 had stored" == finding.trigger.text


def test_what_a_rollback_damages() -> None:
    """What the baseline, come back, changes of what stood there says so."""
    story = story_of(1)
    stood(story, "rolled-back", history="kept")
    story.drop("rolled-back", "note", ("old",))

    assert "when v2 is rolled back to v1" == (
        found(story, "rolled-back")["collateral"].trigger.text
    )


def test_what_was_only_looked_at() -> None:
    """A record that a reader is shown before and after is still compared whole with storage."""
    story = story_of(1)
    stood(story, history="kept for years", reason="kept")
    looks = story.trial(again=story.trials[0], role="upgraded", stage="upgrade")
    began = story.events[-1]
    assert isinstance(began, ev.TrialBegan)
    story.events[-1] = replace(began, case=SIGHTS)
    looks.record("old", initial={"history": "kept for years"})
    story.put("upgraded", "note", ("old",), {"reason": "overwritten"})

    (finding,) = across(story).findings
    assert ("collateral", ("reason",)) == (finding.check, finding.fields)


def test_what_was_looked_at_is_told_once() -> None:
    """What storage lost of a record that was looked at is said by one check, and of no case."""
    story = story_of(1)
    stood(story, history="kept for years", reason="kept")
    looks = story.trial(again=story.trials[0], role="upgraded", stage="upgrade", lives=UPGRADED)
    began = story.events[-1]
    assert isinstance(began, ev.TrialBegan)
    story.events[-1] = replace(began, case=SIGHTS)
    looks.record("old", initial={"history": "kept for years"})
    story.put("upgraded", "note", ("old",), {"history": ""})
    (finding,) = across(story).findings

    assert ("collateral", (), "when v2 takes over what v1 had stored") == (
        finding.check, finding.scenarios, finding.trigger.text,
    )  # fmt: skip


def test_what_a_page_does_not_show_after_the_upgrade() -> None:
    """A record that storage keeps and the candidate's page shows otherwise is stale."""
    story = story_of(1)
    stood(story, history="kept for years")
    looks = story.trial(again=story.trials[0], role="upgraded", stage="upgrade", lives=UPGRADED)
    record = looks.record("old", initial={"history": "kept for years"})
    for _ in range(2):
        story.waits(5)
        record.is_shown(history="")

    assert ("history",) == found(story)["stale"].fields


def test_what_a_page_shows_of_a_field_that_was_not_saved() -> None:
    """Nothing is due of it: an empty place may show what storage holds as no value at all."""
    story = story_of(1)
    stood(story, history="kept for years")
    looks = story.trial(again=story.trials[0], role="upgraded", stage="upgrade", lives=UPGRADED)
    record = looks.record("old", initial={"history": "kept for years"})
    story.waits(5)
    record.is_shown(history="kept for years", reason="")

    assert {} == found(story)


# --- journeys, and what is owed ------------------------------------------------------------------


def breaks(story: Story, stage: str, levels: Mapping[str, str], switched: bool = True) -> None:
    """The first case breaks three times in a stage without a word."""
    for _ in range(3):
        trial = lives(story, 0, stage, levels, switched=switched)
        trial.ends("broken", "no status after 20 s")


def test_a_journey_that_breaks_only_where_releases_meet() -> None:
    """Thrice broken after the switch, without a word: it blocks, and says when."""
    story = story_of(1, **{"stale-page": 1})
    breaks(story, "stale-page", STALE)
    finding = found(story)["journey-broken"]

    assert {"client_version": ("loaded before the deploy",)} == finding.trigger.conditions
    assert "no status after 20 s" in finding.trigger.text
    assert "block" == story.judged().verdict


def test_a_journey_that_broke_twice() -> None:
    """What broke twice, and not thrice, is missing evidence and no finding."""
    story = story_of(1, **{"stale-page": 1})
    for _ in range(2):
        lives(story, 0, "stale-page", STALE).ends("broken", "no status")

    assert {} == found(story)
    assert {"stale-page": 0} == story.weighed().across.measured
    assert any(
        "stage stale-page measured 0 of 1 promised: test_x.py::test_note[0-0]: the journey broke"
        in reason
        for reason in story.judged().reasons
    )


def test_a_refusal_that_is_told() -> None:
    """An old page that is told to reload measures its case: nobody lost anything unknown."""
    story = story_of(1, **{"stale-page": 1})
    lives(story, 0, "stale-page", STALE).ends("told", "422", told="Please load the page again.")

    assert {"stale-page": 1} == across(story).measured
    assert {} == found(story)


def test_what_cannot_begin_is_excused() -> None:
    """A case that the old release breaks before the releases change is not owed, but said."""
    story = story_of(2, **{"stale-page": 2})
    stale(story, 1)
    breaks(story, "stale-page", STALE, switched=False)
    said = across(story)

    assert ({"stale-page": 1}, {"stale-page": 1}) == (said.promised, said.measured)
    (sentence,) = said.warnings
    assert "stale-page: 1 of 2 cases could not begin: v1 does not complete them" in sentence
    assert {0} == said.unmeasured["stale-page"]


@pytest.mark.parametrize("stage", ["stale-page", "upgrade"])
def test_a_stage_in_which_nothing_could_begin_proves_nothing(stage: str) -> None:
    """Where the old release completes not one case nobody is excused: that is no pass."""
    story = story_of(2, **{stage: 1})
    breaks(story, stage, STALE, switched=False)
    said = across(story)

    assert ({stage: 1}, {stage: 0}) == (said.promised, said.measured)
    assert any(f"stage {stage} measured 0 of 1" in r for r in story.judged().reasons)


@pytest.mark.parametrize("outcome", ["environment", "misused", "skipped", "completed"])
def test_what_our_own_side_breaks_is_not_excused(outcome: ev.Outcome) -> None:
    """A case that never came to its moment for any other reason is missing evidence."""
    story = story_of(1, **{"stale-page": 1})
    trial = lives(story, 0, "stale-page", STALE, switched=False)
    trial.record("s0").save(*FOUR).acknowledged()
    trial.ends(outcome, "the gate did not answer")

    assert ({"stale-page": 1}, {"stale-page": 0}) == (
        across(story).promised,
        story.weighed().across.measured,
    )
    assert any("measured 0 of 1" in reason for reason in story.judged().reasons)


def test_what_the_candidate_breaks_before_a_rollback_is_owed() -> None:
    """A rollback is begun on the candidate: that it does not begin is not the old one's doing."""
    story = story_of(1, rollback=1)
    trial = lives(story, 0, "rollback", BACK, role="rolled-back", switched=False)
    trial.ends("broken", "no status")

    assert {"rollback": 1} == across(story, "rolled-back").promised
    assert () == story.weighed().across.warnings


def test_a_trial_under_faults_owes_nothing() -> None:
    """Cut by a fault of ours it is neither a broken journey nor missing evidence."""
    story = story_of(2, restart=2)
    lives(story, 1, "restart", RESTARTING).record("r").save(*FOUR).acknowledged()
    breaks(story, "restart", RESTARTING)
    said = across(story)

    assert {} == {str(f.anomaly): f for f in said.findings}
    assert said.promised == said.measured == {"restart": 1}
    assert () == said.warnings


def test_restarts_without_any_save() -> None:
    """Where nobody was told anything under faults, nothing was measured."""
    story = story_of(1, restart=1)
    breaks(story, "restart", RESTARTING)

    assert ({"restart": 1}, {"restart": 0}) == (
        across(story).promised,
        story.weighed().across.measured,
    )


# --- a mixed fleet -------------------------------------------------------------------------------


def on_the_baseline(story: Story, outcome: ev.Outcome = "completed", stage: str = "drive") -> None:
    """The first case on the baseline alone."""
    trial = story.trial(again=story.trials[0], role="baseline", stage=stage)
    trial.record("b").save(*FOUR).acknowledged()
    trial.ends(outcome)


def test_a_mixed_fleet_measures_where_both_answer() -> None:
    """Cases on two releases count once both have answered some of their requests."""
    story = story_of(2, mixed=2)
    for number, served in enumerate(({"baseline": 4}, {"upgraded": 3})):
        trial = lives(story, number, "mixed", MIXED, switched=False)
        trial.record(f"m{number}").save(*FOUR).acknowledged()
        trial.was_served(**served)

    assert {"mixed": 2} == across(story).measured


def test_a_mixed_fleet_of_one() -> None:
    """Where one release has answered everything, nothing was mixed."""
    story = story_of(1, mixed=1)
    trial = lives(story, 0, "mixed", MIXED, switched=False)
    trial.record("m").save(*FOUR).acknowledged()
    trial.was_served(baseline=4, upgraded=0)

    assert {"mixed": 0} == across(story).measured
    assert any("answered no request" in reason for reason in story.judged().reasons)


def test_a_journey_that_a_mixed_fleet_breaks() -> None:
    """It blocks where the baseline alone completes that scenario."""
    story = story_of(1, mixed=1)
    on_the_baseline(story)
    breaks(story, "mixed", MIXED, switched=False)

    assert {"server_phase": ("mixed",)} == found(story)["journey-broken"].trigger.conditions


@pytest.mark.parametrize("how", [{"outcome": "broken"}, {"stage": PLANT}])
def test_a_journey_that_the_old_release_may_break(how: dict[str, str]) -> None:
    """Where nothing shows that the baseline alone completes it, nobody is blamed."""
    story = story_of(1, mixed=1)
    on_the_baseline(story, **how)  # type: ignore[arg-type]
    breaks(story, "mixed", MIXED, switched=False)

    assert Anomaly.JOURNEY_BROKEN not in found(story)
    assert any("stage mixed measured 0 of 1" in r for r in story.judged().reasons)


# --- forms of one text: what the plan knows -------------------------------------------------------


def test_a_known_loss_hides_only_itself() -> None:
    """A loss that the plan lets pass in one case is told where a stage has it in another one."""
    story = Story(single())
    story.changes |= {
        "baseline": Release("v1"),
        "forms": dict.fromkeys(("candidate", "baseline", "upgraded", "rolled-back"), story.forms),
        "known": (
            Known("note", ("reason",), "lost", {"text": ("formula",)}, "old one", "2099-01-01"),
        ),
    }
    for number, text in enumerate(("formula", "plain", "plain")):
        for role in ("candidate", "baseline"):
            if role == "candidate":
                trial = story.trial(text=text)
            else:
                trial = story.trial(again=story.trials[-1], role=role)
            record = trial.record(f"{role}{number}").save("reason").acknowledged()
            if text == "formula":
                record.holds(reason=None)
            trial.ends()
    story.reads("final", "confirm", after_s=60)
    story.reads("final", "confirm", role="baseline")
    for number in (0, 2):
        trial = lives(story, number * 2, "stale-page", STALE)
        trial.record(f"s{number}").save("reason").acknowledged().holds(reason=None)
    grounds = story.ends("upgraded").weighed()

    assert ["old one (until 2099-01-01)"] == [f.known for f in grounds.findings if f.known]
    assert 1 == len(grounds.across.findings)


# --- what was caught between the reads ------------------------------------------------------------


@pytest.mark.parametrize(
    ("glimpsed", "anomaly"),
    [("the newer one", "reverted"), ("the older one", "lost"), ("nothing", "lost")],
)
def test_a_newer_version_that_stood_there(glimpsed: str, anomaly: str) -> None:
    """It is reverted where somebody saw it stored, and lost where nobody did."""
    story = story_of(1, mixed=1)
    record = lives(story, 0, "mixed", MIXED, switched=False).record("m")
    older = record.text("history")
    record.save("history").acknowledged()
    if glimpsed == "the older one":
        story.reads("glimpse", role="upgraded")
    record.save("history").acknowledged()
    if glimpsed == "the newer one":
        story.reads("glimpse", role="upgraded")
    record.holds(history=older)

    assert [anomaly] == [*found(story)]


def test_a_glimpse_is_no_evidence() -> None:
    """What was seen in between proves no save, and what was not there yet is not lost."""
    story = story_of(1, mixed=1)
    record = lives(story, 0, "mixed", MIXED, switched=False).record("m")
    record.save("history").acknowledged(stores=False)
    story.reads("glimpse", "glimpse", role="upgraded", after_s=60)
    assert () == story.weighed().across.findings
    record.holds(history=record.text("history", revision=1))
    story.reads("glimpse", role="upgraded", after_s=60)
    judged = story.weighed().across

    assert (frozenset(), ()) == (judged.verified, judged.findings)
    assert () == across(story).findings
