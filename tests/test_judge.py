"""The verdict: what blocks, what is missing, and that nothing passes without evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.journal import events as ev
from harness.judge import Grounds, conclude, judge, say, weigh
from harness.model import ABSENT, Value
from harness.observations import Observation, Row, read_observations, write_observation
from harness.promise import promise_to_json, read_promise
from harness.verdict import Verdict, verdict_to_json
from tests.checks.story import FOUR, Story, form, lost_when_shared, single

T = TypeVar("T")
FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def run(cases: int = 4) -> Story:
    """A run in which all is well, on both deployments, with every stage it promised."""
    story = Story(others=(single("paper"),))
    story.stage("deploy")
    story.tell(ev.StageEntered(stage="scenarios"))
    for n in range(cases):
        trial = story.trial(shares=str(n % 2), text=("plain", "formula")[n // 2 % 2])
        text = trial.case.levels["text"]
        record = trial.record(f"7{n}").save(*FOUR, text=text).acknowledged()
        record.save("reason", text=text).acknowledged()
        trial.record(f"8{n}", form="paper").save("reason").acknowledged()
        trial.ends()
    story.tell(ev.StageLeft(stage="scenarios"))
    story.reads("final", after_s=10)
    story.tell(ev.StageEntered(stage="baseline"))
    sample = story.trial(again=story.trials[0], role="baseline")
    sample.record("1").save(*FOUR).acknowledged()
    sample.record("2", form="paper").save("reason").acknowledged()
    sample.ends()
    story.tell(ev.StageLeft(stage="baseline"))
    story.reads("final", role="baseline", after_s=10)
    story.stage("observe")
    story.reads("confirm").reads("confirm", role="baseline")
    story.changes |= {
        "stages": {"deploy": 1, "scenarios": cases, "baseline": 1, "observe": 2},
        "sample": (0,),
    }
    story.tell(ev.Closed())
    return story


def verdict_of(
    story: Story,
    events: list[ev.Event] | None = None,
    observations: list[Observation] | None = None,
) -> Verdict:
    """The verdict on a story, or on what is left of it."""
    return judge(
        story.promise(),
        story.events if events is None else events,
        story.observations if observations is None else observations,
    )


HEALTHY = run()
PASSED = verdict_of(HEALTHY)


def test_a_run_that_measured_all_it_promised_passes() -> None:
    """Every promised case measured, every stage done, nothing lost: pass."""
    assert "pass" == PASSED.verdict
    assert () == PASSED.warnings
    assert {"acknowledged": 12, "refused": 0, "unknown": 0} == PASSED.evidence.saves
    assert (4, 20, 20) == (
        PASSED.evidence.cases,
        PASSED.evidence.controls["planted"],
        PASSED.evidence.controls["caught"],
    )


def test_the_sentence_of_a_pass_says_what_it_proves() -> None:
    """The exact bound, for all saves and for the level that was measured least."""
    story = Story(single())
    for n in range(412):
        story.trial(shares="1").record(f"a{n}").save("reason").acknowledged()
    for n in range(413):
        story.trial(shares="0").record(f"b{n}").save("reason").acknowledged()

    assert (
        "clinic v2 passes: 0 of 825 saves lost: of saves like these fewer than 1 in 275 at 95 %; "
        "measured least with shares 1: 0 of 412, fewer than 1 in 138"
    ) == story.ends().judged().sentence


def test_a_bound_of_few_saves_is_said_as_a_rate() -> None:
    """One save proves next to nothing, and the sentence does not hide it."""
    story = Story(single())
    story.trial().record("7").save("reason").acknowledged()

    assert "0 of 1 save lost: of saves like these fewer than 95 in 100 at 95 %" in (
        story.ends().judged().sentence
    )


def test_a_level_of_few_saves_is_said_to_prove_little() -> None:
    """A rate of one save says nothing to anybody: the sentence names its level and its count."""
    story = Story(single())
    for n in range(20):
        story.trial(shares="0").record(f"a{n}").save("reason").acknowledged()
    story.trial(shares="5").record("b").save("reason").acknowledged()

    sentence = story.ends().judged().sentence
    assert sentence.endswith("; measured least with shares 5: 0 of 1, too few to prove much")


def test_a_level_of_which_nothing_was_verified_is_said() -> None:
    """A level whose every save was refused is covered by no bound, and does not hide in one."""
    story = Story(single())
    story.trial(text="plain").record("7").save("reason").acknowledged()
    story.trial(text="nul").record("8").save("reason").refused()
    verdict = story.ends().judged()

    assert "pass" == verdict.verdict
    assert ("no save with text nul was verified",) == verdict.warnings


def test_a_blocking_verdict_claims_no_bound() -> None:
    """What was lost leaves nothing to bound."""
    assert None is lost_when_shared().ends().judged().evidence.bound


def test_judging_twice_gives_the_same_verdict() -> None:
    """The same record gives the same JSON, to the byte."""
    for story in (HEALTHY, lost_when_shared().ends()):
        one, other = (json.dumps(verdict_to_json(verdict_of(story))) for _ in range(2))

        assert one == other


def test_an_old_run_judges_alike_from_its_files(tmp_path: Path) -> None:
    """What was written down gives the verdict that was given."""
    story = lost_when_shared().ends()
    story.tell(ev.Closed())
    (tmp_path / "plan.json").write_text(json.dumps(promise_to_json(story.promise())))
    for observation in story.observations:
        write_observation(tmp_path, observation)
    events = [ev.from_json(json.loads(json.dumps(ev.to_json(event)))) for event in story.events]
    again = judge(read_promise(tmp_path / "plan.json"), events, read_observations(tmp_path))

    assert verdict_to_json(verdict_of(story)) == verdict_to_json(again)


# --- nothing passes without evidence ---------------------------------------------------------


@FEW
@given(
    st.sets(st.integers(0, len(HEALTHY.events) - 1), max_size=12),
    st.sets(st.integers(0, len(HEALTHY.observations) - 1), max_size=2),
)
def test_whatever_is_missing_of_a_run_it_does_not_pass_for_less(
    lines: set[int], reads: set[int]
) -> None:
    """A pass means every promised case was measured, whatever lines and reads are gone."""
    events = [event for n, event in enumerate(HEALTHY.events) if n not in lines]
    observations = [o for n, o in enumerate(HEALTHY.observations) if n not in reads]
    verdict = verdict_of(HEALTHY, events, observations)

    if verdict.verdict == "pass":
        assert len(HEALTHY.cases) == verdict.evidence.cases
        assert verdict.evidence.controls["planted"] == verdict.evidence.controls["caught"] > 0
        assert all(stage.measured >= stage.promised for stage in verdict.stages)


def essential(event: ev.Event) -> bool:
    """Whether a run without this line has proved less than it promised."""
    return isinstance(
        event,
        ev.TrialBegan | ev.TrialEnded | ev.Closed | ev.StageEntered | ev.StageLeft,
    ) or (isinstance(event, ev.RecordOpened) and "/r1" in event.record)


@pytest.mark.parametrize("line", [n for n, event in enumerate(HEALTHY.events) if essential(event)])
def test_a_run_without_one_of_its_pillars_does_not_pass(line: int) -> None:
    """A trial, its end, a record, a stage or the closing line: each is needed."""
    events = [event for n, event in enumerate(HEALTHY.events) if n != line]

    assert "inconclusive" == verdict_of(HEALTHY, events).verdict


def test_a_run_whose_candidate_was_not_read_does_not_pass() -> None:
    """Without the reads after the scenarios nothing was compared."""
    reads = [o for o in HEALTHY.observations if o.role != "candidate" or o.purpose == "before"]
    verdict = verdict_of(HEALTHY, observations=reads)

    assert "inconclusive" == verdict.verdict
    assert "storage was never read after the scenarios" in verdict.reasons


def test_an_empty_run_does_not_pass() -> None:
    """Nothing journaled and nothing read is no evidence."""
    verdict = verdict_of(HEALTHY, [], [])

    assert "inconclusive" == verdict.verdict


def test_a_promise_of_nothing_does_not_pass() -> None:
    """A run without a case has measured nothing."""
    verdict = Story().judged()

    assert "inconclusive" == verdict.verdict
    assert ("no case was promised, so nothing could be measured",) == verdict.reasons[:1]


def damaged(observations: list[Observation], spot: int, value: Value | int) -> list[Observation]:
    """Every later read of the candidate with one field of one row replaced."""
    return [
        replace(o, rows={name: _damaged(rows, spot, value) for name, rows in o.rows.items()})
        if o.role == "candidate" and o.purpose != "before"
        else o
        for o in observations
    ]


def _damaged(rows: tuple[Row, ...], spot: int, value: Value | int) -> tuple[Row, ...]:
    names = {name: at for at, name in enumerate(FOUR)}
    return tuple(
        replace(row, fields={**row.fields, name: _other(row.fields[name], value)})
        if (row.form, n, names.get(name)) == ("note", spot // 4, spot % 4)
        else row
        for n, row in enumerate(rows)
        for name in [FOUR[spot % 4]]
    )


def _other(held: Value, value: Value | int) -> Value:
    if not isinstance(value, int):
        return value
    assert isinstance(held, str)
    return held[:value] + held[value + 1 :]


@FEW
@given(
    st.integers(0, 15),
    st.one_of(
        st.none(),
        st.just(""),
        st.just(ABSENT),
        st.text(max_size=40),
        st.integers(0, 8),  # a character that is left out
    ),
)
def test_any_damage_to_a_value_that_is_due_does_not_pass(spot: int, value: object) -> None:
    """Whatever stands in the place of one field, the run is not let pass."""
    observations = damaged(HEALTHY.observations, spot, value)  # type: ignore[arg-type]

    assert "block" == verdict_of(HEALTHY, observations=observations).verdict


@FEW
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_reads_changes_nothing(random: Random) -> None:
    """Shuffled rows and files give the same JSON."""
    story = lost_when_shared().ends()
    observations = [
        replace(o, rows={n: tuple(_shuffled(rows, random)) for n, rows in o.rows.items()})
        for o in _shuffled(story.observations, random)
    ]

    assert verdict_to_json(verdict_of(story)) == verdict_to_json(
        verdict_of(story, observations=observations)
    )


def _shuffled(items: Iterable[T], random: Random) -> list[T]:
    mixed = list(items)
    random.shuffle(mixed)
    return mixed


# --- what is said of what is missing ---------------------------------------------------------


def test_a_trouble_decides_as_it_says() -> None:
    """What the gate could not do blocks, is missing, or warns."""
    for word, verdict in (("block", "block"), ("inconclusive", "inconclusive"), ("warn", "pass")):
        story = run()
        trouble = ev.Trouble(stage="deploy", sentence="it did not start", verdict=word)  # type: ignore[arg-type]
        story.tell(trouble)
        found = verdict_of(story)

        assert verdict == found.verdict
        assert "it did not start" in (*found.reasons, *found.warnings)


def test_a_loss_goes_before_what_is_missing() -> None:
    """A confirmed loss blocks, whatever else was owed; both are said."""
    story = lost_when_shared()
    story.case("test_gone")
    verdict = story.ends().judged()

    assert "block" == verdict.verdict
    assert 2 == len(verdict.reasons)


def test_a_form_without_an_acknowledged_save_is_owed() -> None:
    """Zero acknowledged saves of a kind prove nothing of it."""
    story = Story(single(), others=(single("paper"),))
    story.trial().record("7").save("reason").acknowledged()
    verdict = story.ends().judged()

    assert ("no save of form paper was acknowledged",) == verdict.reasons


def test_a_partial_run_owes_only_what_it_ran() -> None:
    """With a pattern the forms it leaves out are no loss, and the verdict says it was partial."""
    story = Story(others=(form("paper"),))
    story.trial().record("7").save("reason").acknowledged()
    story.changes["partial"] = "test_note"
    verdict = story.ends().judged()

    assert "pass" == verdict.verdict
    assert ("only cases matching 'test_note' were run",) == verdict.warnings


def test_what_was_missing_from_the_start_is_owed() -> None:
    """A scenario that the baseline's plan promised and that is gone is missing evidence."""
    story = run()
    story.changes["missing"] = ("test_old was promised for v1 and is gone",)

    assert "inconclusive" == verdict_of(story).verdict


@pytest.mark.parametrize("stage", ["scenarios", "baseline", "observe", "deploy"])
def test_a_stage_that_measured_less_is_owed(stage: str) -> None:
    """A stage that promises more than it did, or one that nobody can count, is missing evidence."""
    for promised in ({stage: 9}, {"load": 1}):
        story = run()
        story.changes["stages"] = {**story.changes["stages"], **promised}
        if stage == "scenarios" and "scenarios" in promised:
            continue  # its cases are owed one by one

        assert "inconclusive" == verdict_of(story).verdict


def test_storage_without_a_trace_of_the_run_blocks_nobody() -> None:
    """Where nothing of the run stands in what was read, it may be the wrong storage."""
    story = Story()
    story.trial().record("7").save(*FOUR).acknowledged().vanishes()
    verdict = story.ends().judged()

    assert "inconclusive" == verdict.verdict
    assert any("is it the right storage?" in reason for reason in verdict.reasons)


def test_nothing_at_all_is_a_loss_where_the_storage_was_proved_before() -> None:
    """An earlier run has read its own records there, so that the reader looks right."""
    story = Story()
    story.trial().record("7").save(*FOUR).acknowledged().vanishes()
    story.changes["storage_proved"] = True

    assert "block" == story.ends().judged().verdict


def test_the_only_record_is_lost_where_it_was_seen_and_is_gone() -> None:
    """A read that showed it was of the right storage, also where the two last ones show nothing."""
    story = Story()
    record = story.trial().record("7").save(*FOUR).acknowledged()
    story.reads("during")
    record.vanishes()

    assert "block" == story.ends().judged().verdict


@pytest.mark.parametrize("proof", ["row", "baseline"])
def test_a_release_that_loses_everything_is_blocked_where_the_storage_is_proved(proof: str) -> None:
    """A row the run made, or the baseline's own values, show that the reader looks right."""
    story = Story()
    trial = story.trial()
    record = trial.record("7").save(*FOUR).acknowledged(stores=False)
    if proof == "row":
        record.holds()
    else:
        story.trial(again=trial, role="baseline").record("8").save(*FOUR).acknowledged()
        story.ends("baseline")

    assert "block" == story.ends().judged().verdict


def test_a_check_that_crashes_is_missing_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails has found nothing and proved nothing."""

    def crash(*args: object) -> None:
        raise ZeroDivisionError("by zero")

    for place in ("StrayCheck", "ShownCheck", "CollateralCheck", "Oracle", "plant_controls"):
        with monkeypatch.context() as patch:
            if place == "plant_controls":
                patch.setattr("harness.judge.plant_controls", crash)
            else:
                patch.setattr(f"harness.judge.{place}.judge", crash)
            verdict = verdict_of(HEALTHY)

        assert "inconclusive" == verdict.verdict
        assert any("crashed: ZeroDivisionError: by zero" in reason for reason in verdict.reasons)


def test_a_journal_that_names_an_unknown_field_is_missing_evidence() -> None:
    """A line that no form of the plan knows is no reason to pass, nor to fall over."""
    story = Story()
    story.trial().record("7").save(gone="x").acknowledged()

    assert "inconclusive" == story.ends().judged().verdict


def test_absent_scenarios_are_listed() -> None:
    """What the release is declared not to have is said."""
    story = run()
    story.changes["absent"] = {"test_print": "v2 has no printer"}

    assert ("not promised for this release: test_print: v2 has no printer",) == (
        verdict_of(story).warnings
    )


def test_weigh_and_conclude_are_what_judge_does() -> None:
    """The gate asks between rounds what the verdict is made of in the end."""
    grounds = weigh(HEALTHY.promise(), HEALTHY.events, HEALTHY.observations)

    assert isinstance(grounds, Grounds)
    assert PASSED == conclude(grounds)
    assert [] == [say(finding) for finding in grounds.findings]
