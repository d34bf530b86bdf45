"""Reads a run's journal back: whole lines only, all files merged in time order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import RecordUnreadable
from harness.journal.events import SCHEMA, Event, Opened, from_json


def read_journal(folder: Path) -> tuple[Event, ...]:
    """Every event of the run, in the order of its time.

    A last line without its end is a process that was cut while it wrote, and is left out; any
    other line that does not parse raises RecordUnreadable with file and line.
    """
    events = [event for path in sorted(folder.glob("*.jsonl")) for event in _read_file(path)]
    return tuple(sorted(events, key=lambda event: event.at_s))


def _read_file(path: Path) -> Iterator[Event]:
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecordUnreadable(f"the journal {path} cannot be read: {error}") from error
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline was cut
        try:
            event = from_json(_object(json.loads(line)))
        except ValueError as error:
            raise RecordUnreadable(f"{path}, line {number}: {error}") from error
        if isinstance(event, Opened) and event.schema != SCHEMA:
            raise RecordUnreadable(
                f"{path} is written as {event.schema!r}; this harness reads {SCHEMA!r}"
            )
        yield event


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"an event is an object, not {data!r:.80}")
    return data
