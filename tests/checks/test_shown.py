"""What a fresh reader is shown, against what is due."""

from __future__ import annotations

import pytest

from harness.model import ABSENT, Value
from tests.checks.story import Story, form


@pytest.mark.parametrize("shown", ["autre", None, "", ABSENT])
def test_stored_and_not_shown_is_stale(shown: Value) -> None:
    """Storage holds it, and a fresh reader sees something else or nothing: the read path."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    story.waits(10)
    for _ in range(2):
        record.is_shown(reason=shown)
    found = story.ends().symptoms

    assert [("stale", "read")] == [(str(s.anomaly), str(s.layer)) for s in found]


def test_what_is_shown_right_is_fine() -> None:
    """A reader that sees what was typed, its lines ended as pages end them, finds nothing."""
    story = Story(form("note"))
    record = story.trial().record("7").save("reason", text="multiline").acknowledged()
    story.waits(10)
    record.is_shown(reason=record.text("reason", "multiline", 1).replace("\n", "\r\n"))

    assert {} == story.ends().seen


def test_a_view_within_the_limit_says_nothing() -> None:
    """A read path may lag, as late as the plan allows; until then nobody knows what it shows."""
    early = {"reason": "stale (inconclusive)"}
    for after_s, expected in ((1.0, early), (20.0, early), (40.0, {"reason": "stale"})):
        story = Story(form("note", settle_s_max=2.0, late_s_max=30.0))
        record = story.trial().record("7").save("reason").acknowledged()
        story.waits(after_s)
        record.is_shown(reason="ancien")
        record.is_shown(reason="ancien")

        assert expected == story.ends().seen


def test_a_view_that_lags_and_catches_up_is_fine() -> None:
    """What was shown too early to count is forgotten once the right value is shown."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    record.is_shown(reason="ancien")
    story.waits(10)
    record.is_shown(reason=record.text("reason", revision=1))

    assert {} == story.ends().seen


def test_a_worker_that_ends_before_its_second_look_proves_nothing() -> None:
    """A page that lagged and was never looked at again is missing evidence, not a pass."""
    story = Story()
    story.another()
    record = story.trial().record("7").save("reason").acknowledged()
    record.is_shown(reason="ancien")

    assert "inconclusive" == story.ends().judged().verdict


def test_one_wrong_view_blocks_nothing() -> None:
    """A page may hiccup: what it did not show has to be missing twice in a row."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    story.waits(10)
    record.is_shown(reason="ancien")

    assert {"reason": "stale (inconclusive)"} == story.ends().seen


def test_the_last_view_decides() -> None:
    """A reader that sees it in the end has seen it."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    story.waits(10)
    record.is_shown(reason="ancien")
    record.is_shown(reason=record.text("reason", revision=1))

    assert {} == story.ends().seen


def test_a_view_of_what_a_later_save_replaced_says_nothing() -> None:
    """A view counts against what was due when it was taken; a later save makes it too early."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    story.waits(10)
    record.is_shown(reason=record.text("reason", revision=1))
    record.save("reason").acknowledged()

    assert {} == story.ends().seen


def test_what_is_lost_in_storage_is_not_stale_as_well() -> None:
    """One save gets one anomaly per field: lost says more than stale."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged(stores=False)
    story.waits(10)
    record.is_shown(reason=None)

    assert ["lost"] == [str(s.anomaly) for s in story.ends().symptoms]


def test_a_deleted_record_that_is_still_shown_is_stale() -> None:
    """Gone from storage and shown all the same."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    text = record.text("reason", revision=1)
    record.delete().acknowledged()
    story.waits(10)
    record.is_shown(reason=text)
    record.is_shown(reason=text)

    assert {"reason": "stale"} == story.ends().seen


def test_a_deleted_record_that_is_not_shown_is_fine() -> None:
    """Nothing is shown of what is gone."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.delete().acknowledged()
    story.waits(10)
    record.is_shown(reason=ABSENT)

    assert {} == story.ends().seen
