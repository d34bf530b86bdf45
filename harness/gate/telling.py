"""The beginning and the end of each stage, in the journal and to whoever watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.gate.asked import Progress, Watcher
from harness.journal import events as ev
from harness.journal.writer import JournalWriter


class Stopped(Exception):
    """The stage ended the run: its answer is already in the journal."""


@dataclass(slots=True)
class State:
    """How a stage went."""

    skipped: str | None = None
    failed: bool = False


@contextmanager
def stage(name: str, journal: JournalWriter, watch: Watcher) -> Iterator[State]:
    """A stage from its beginning to its end; one that raises Stopped has failed."""
    state = State()
    began_s = time.monotonic()
    journal.write(ev.StageEntered(stage=name))
    watch(Progress(name, "began"))
    try:
        yield state
    except Stopped:
        state.failed = True
    journal.write(ev.StageLeft(stage=name, skipped=state.skipped))
    word = f"skipped: {state.skipped}" if state.skipped else "ended"
    watch(Progress(name, f"{word} after {time.monotonic() - began_s:.1f} s"))
