"""Records that probes wrote, removed one by one: a test of its own, where scenarios are known."""

from __future__ import annotations

import pytest

from harness.journal.handles import Trial
from harness.plugin import readers, removers
from harness.plugin import session as sessions

TOLD_MAX = 3


def item_beside(item: pytest.Item) -> pytest.Item:
    """The test that removes, where the fixtures of that scenario are known."""
    removing: pytest.Item = pytest.Function.from_parent(
        item.parent, name="removing", callobj=what_was_written
    )
    return removing


def is_removing(item: pytest.Item) -> bool:
    """Whether the test is the one that removes."""
    return getattr(item, "function", None) is what_was_written


def what_was_written(
    request: pytest.FixtureRequest, journal: Trial, _reading: readers.Reading
) -> None:
    """Each record goes, or the trial says which did not; one that stays keeps none from going."""
    from playwright.sync_api import Error as PlaywrightError

    failed: list[str] = []
    for form, key in sessions.of(request.config).spec.removals:
        found = removers.of_form(form)
        if found is None:
            continue
        record = journal.record(form, key)
        try:
            with record.delete() as deletion, _reading.acted(record, found):
                deletion.acknowledged(f"{found.name} returned", level="transport")
        except (PlaywrightError, AssertionError, LookupError, TypeError, ValueError) as error:
            first = str(error).strip().splitlines() or [type(error).__name__]
            failed.append(f"{form} {'/'.join(key)}: {first[0]}")
    assert not failed, "; ".join(failed[:TOLD_MAX])  # noqa: S101 - how a trial breaks
