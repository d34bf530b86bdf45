"""When a read counts, what a second one adds, and what faults of ours do to the clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.model import Severity
from harness.observations import Purpose
from tests.checks.story import Story, form

PATIENT = form("note", settle_s_max=2.0, late_s_max=30.0)


def test_a_read_that_began_too_early_does_not_count() -> None:
    """A read within the settle time says nothing, neither good nor bad."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    story.reads("final", after_s=1.9)

    assert {"reason": "unverified (inconclusive)"} == story.seen


def test_a_read_after_the_settle_time_counts() -> None:
    """What is whole once the settle time is over is verified."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    story.reads("final", after_s=2)

    assert {} == story.seen
    assert {"candidate/0/1/r1/s1"} == story.weighed().storage.saves_verified


def test_a_loss_within_the_settle_time_is_none() -> None:
    """Accepted first and written within the settle time is what the plan allows."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("during")
    record.holds(reason=record.text("reason", revision=1))

    assert {} == story.ends().seen


def test_one_read_alone_confirms_no_loss() -> None:
    """A loss that only one read has shown is missing evidence, not yet a verdict."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("final", after_s=60)

    assert {"reason": "lost (inconclusive)"} == story.seen


def test_a_second_read_confirms_a_loss() -> None:
    """What two reads show blocks."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged(stores=False)

    assert {"reason": "lost"} == story.ends().seen


def test_a_loss_that_only_the_last_read_shows_is_not_confirmed() -> None:
    """What vanished between the last two reads has been seen once."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    story.reads("final", after_s=60)
    record.holds(reason=None)
    story.reads("confirm")

    assert {"reason": "lost (inconclusive)"} == story.seen


@pytest.mark.parametrize(
    ("limit_s", "severity"), [(0.0, Severity.BLOCK), (30.0, Severity.WARN)], ids=["none", "30 s"]
)
def test_a_loss_that_healed_is_late(limit_s: float, severity: Severity) -> None:
    """Stored, but after the settle time, is late; it blocks where that is certainly too late."""
    story = Story(form("note", late_s_max=limit_s))
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("final", after_s=10)
    record.holds(reason=record.text("reason", revision=1))
    story.reads("confirm", after_s=10)
    (symptom,) = story.symptoms

    assert ("late", severity) == (str(symptom.anomaly), symptom.severity)
    assert "lost 10.0 s after it was acknowledged, right later" == symptom.note


@pytest.mark.parametrize("purposes", [("during",), ("final", "confirm")], ids=["during", "final"])
def test_a_loss_that_healed_before_the_last_two_reads_is_late(
    purposes: tuple[Purpose, ...],
) -> None:
    """Whatever read after the settle time missed it: that the last two show it right heals none."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads(*purposes, after_s=4)
    record.holds(reason=record.text("reason", revision=1))
    (symptom,) = story.ends().symptoms

    assert ("late", Severity.BLOCK) == (str(symptom.anomaly), symptom.severity)
    assert symptom.note.startswith(f"lost {4.0 * len(purposes):.1f} s after")


def test_what_was_right_in_every_read_is_not_late() -> None:
    """Reads that came too early say nothing, and those that count were all right."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("during", after_s=1)
    record.holds(reason=record.text("reason", revision=1))
    story.reads("during", "during", after_s=3)

    assert {} == story.ends().seen


def test_what_may_still_come_is_no_loss_yet() -> None:
    """Two reads within what may be late prove nothing; a third one beyond it does."""
    story = Story(PATIENT)
    story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("final", "confirm", after_s=10)

    assert {"reason": "lost (inconclusive)"} == story.seen
    assert "it may still come: 30 s late are allowed" == story.symptoms[0].note
    assert {"reason": "lost"} == story.reads("confirm", after_s=30).seen


def test_what_is_late_beyond_its_limit_blocks() -> None:
    """A value that is still missing when the limit is over was too late, whenever it came."""
    story = Story(PATIENT)
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("final", after_s=33)
    record.holds(reason=record.text("reason", revision=1))
    story.reads("confirm")

    assert {"reason": "late"} == story.seen


def test_a_save_that_was_late_within_its_limit_is_verified() -> None:
    """Late within what the plan allows is a save that is there."""
    story = Story(PATIENT)
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.reads("final", after_s=5)
    record.holds(reason=record.text("reason", revision=1))
    story.reads("confirm")

    assert 1 == len(story.weighed().storage.saves_verified)


@pytest.mark.parametrize("mine", [True, False], ids=["of the trial", "of the run"])
def test_a_fault_stops_the_clock(mine: bool) -> None:
    """While a fault of ours lasts no settle time runs: a read during or just after is none."""
    for lasts_s, after_s, expected in (
        (50.0, 1.9, {"reason": "unverified (inconclusive)"}),
        (50.0, 2.1, {"reason": "lost (inconclusive)"}),
        (None, 90.0, {"reason": "unverified (inconclusive)"}),
    ):
        story = Story()
        trial = story.trial()
        trial.record("7").save("reason").acknowledged(stores=False)
        story.fault("network cut", lasts_s, trial.id if mine else None)
        story.reads("final", after_s=after_s)

        assert expected == story.seen


def test_a_fault_of_another_trial_does_not_stop_the_clock() -> None:
    """A network that was cut for one trial was there for the others."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    other = story.trial()
    other.record("8").save("reason").acknowledged()
    story.fault("network cut", None, other.id)
    story.reads("final", after_s=60)

    assert ["candidate/1/1/r1"] == [s.record for s in story.symptoms]


def test_a_read_before_a_fault_still_counts() -> None:
    """A fault that began later takes nothing from what was read before."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    story.reads("final", after_s=60)
    story.fault("killed", None)

    assert {} == story.seen


def test_a_save_acknowledged_during_a_fault_is_due() -> None:
    """What the user was told while a fault lasted counts as any other acknowledgement."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    save = record.save("reason")
    story.fault("killed", 5)
    save.acknowledged(stores=False)

    assert {"reason": "lost"} == story.ends().seen


def test_a_deletion_that_nobody_read_after_is_unverified() -> None:
    """An acknowledged deletion needs a read as well."""
    story = Story()
    story.row("note", "7", reason="Ancien")
    story.trial().record("7").delete().acknowledged()

    assert ["unverified (inconclusive)"] == list(story.seen.values())


def test_a_read_that_leaves_the_form_out_does_not_count() -> None:
    """A read without the form's rows is no read of it, and accuses nobody."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    story.ends()
    story.observations = [replace(o, rows={}) for o in story.observations]

    assert {"reason": "unverified (inconclusive)"} == story.seen


def test_the_last_acknowledged_version_alone_is_due() -> None:
    """Ten edits whose autosaves fall together owe the last one."""
    story = Story()
    record = story.trial().record("7")
    for _ in range(9):
        record.save("reason").acknowledged(stores=False)
    record.save("reason").acknowledged()

    assert {} == story.ends().seen


def test_the_order_of_rows_and_reads_changes_nothing() -> None:
    """Storage may return its rows in any order."""
    story = Story()
    for key in ("7", "8", "9"):
        story.trial().record(key).save("reason", "history").acknowledged().holds(history=None)
    before = story.ends().symptoms
    story.observations = [
        replace(o, rows={name: rows[::-1] for name, rows in o.rows.items()})
        for o in reversed(story.observations)
    ]

    assert before == story.symptoms
