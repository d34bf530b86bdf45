"""Records that stood there before, looked at on one release and again on the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.journal.handles import Trial
from harness.plugin import readers
from harness.plugin import session as sessions

if TYPE_CHECKING:
    from harness.plugin.trials import Running

SEEN = "seen"


def item_beside(item: pytest.Item) -> pytest.Item:
    """The test that looks, where the fixtures of that scenario are known."""
    looking: pytest.Item = pytest.Function.from_parent(
        item.parent, name="what_stood_there", callobj=what_stood_there
    )
    return looking


def is_looking(item: pytest.Item) -> bool:
    """Whether the test is the one that looks."""
    return getattr(item, "function", None) is what_stood_there


def what_stood_there(
    request: pytest.FixtureRequest, journal: Trial, _reading: readers.Reading
) -> None:
    """Only what a reader was shown whole before is asked of it afterwards."""
    from harness.plugin.trials import RUNNING

    running: Running = request.node.stash[RUNNING]
    seen = []
    for sight in sessions.of(request.config).spec.sights:
        # Of the other fields nobody knows how a page shows what storage holds.
        record = journal.record(sight.form, sight.key, initial=sight.due)
        seen += [
            (record, reader, sight.due)
            for reader in readers.of_form(sight.form)
            if _reading.sees(record, reader, sight.due)
        ]
    running.tell(SEEN)
    for record, reader, due in seen:
        _reading.see_again(record, reader, due)
