"""What is said of a release that ended in the middle."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.deploy.seams import Deployment
from harness.gate.dying import how_it_died
from harness.gate.loading import Loading
from harness.gate.work import Work
from harness.journal import events as ev
from harness.model import Release


class Dead:
    """A release that is no more."""

    release = Release("2.0")

    def __init__(self, tail: str, endings: Mapping[str, str]) -> None:
        self._tail = tail
        self._endings = endings

    def tail(self) -> str:
        return self._tail

    def alive(self) -> bool:
        return False

    def endings(self) -> Mapping[str, str]:
        return self._endings


@pytest.mark.parametrize(
    ("tail", "endings", "said"),
    [
        ("", {}, "2.0 died under load; it printed nothing"),
        (
            "MemoryError",
            {"app": "was killed by signal 9"},
            "2.0 died under load: app was killed by signal 9; its last lines:\nMemoryError",
        ),
    ],
)
def test_how_a_release_ended_is_said(tail: str, endings: Mapping[str, str], said: str) -> None:
    """When it ended, how, and the last that it printed."""
    assert how_it_died(cast("Deployment", Dead(tail, endings)), "under load") == said


def test_a_release_that_died_under_load_is_not_proved() -> None:
    """Whatever a load had measured by then, a release that did not outlive it does not pass."""
    journal: list[ev.Event] = []
    dead: Any = Dead("", {"app": "was killed by signal 9"})
    work: Any = SimpleNamespace(
        plan=SimpleNamespace(secrets=()),
        journal=SimpleNamespace(write=journal.append),
        watch=lambda _: None,
    )
    work.trouble = partial(Work.trouble, work)
    Loading(work, "load", dead)._say_if_dead()

    (trouble,) = journal
    assert isinstance(trouble, ev.Trouble)
    assert (trouble.stage, trouble.verdict) == ("load", "inconclusive")
    assert trouble.sentence.startswith("2.0 died under load: app was killed by signal 9")
