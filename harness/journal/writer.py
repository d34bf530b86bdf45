"""The journal of what acts: events as JSON, a line each."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.journal import events as ev
from harness.journal.append_only import AppendOnly
from harness.journal.clocks import boot_name
from harness.model import Value

if TYPE_CHECKING:
    from harness.journal.handles import Entered, Record, Save


class Writer(Protocol):
    """What a handle journals into, stamped now; each act returns its at_s.

    Those acts of which a load has thousands a second are told by their handles, others as events.
    """

    def write(self, event: ev.Event) -> float:
        """Append an event."""
        ...

    def opened(self, record: Record) -> float:
        """A record handle was made."""
        ...

    def intended(self, save: Save, entered: Entered, spelled: str, due_s: float | None) -> float:
        """A save of what it holds begins; due_s is when it was to.

        spelled is what was prepared of this line, "" where nothing was.
        """
        ...

    def typed(self, save: Save, name: str, value: Value, how: str) -> float:
        """What a field held after input by an input method."""
        ...

    def acknowledged(self, save: Save, evidence: str, level: ev.AckLevel) -> float:
        """The user was told that the save is stored."""
        ...


class JournalWriter(AppendOnly):
    """Appends events to ``FOLDER/WRITER-PID.jsonl``; safe to share between threads.

    An event's at_s is set here, at the moment it is written, and lines stand in its order.
    Raises EnvironmentBroken where the file cannot be written.
    """

    def __init__(self, folder: Path, writer: str) -> None:
        super().__init__(folder / f"{writer}-{os.getpid()}.jsonl")
        self._stamping = threading.Lock()
        wall_s = round(time.time(), 3)
        self.write(ev.Opened(writer=writer, pid=os.getpid(), wall_s=wall_s, boot=boot_name()))

    def write(self, event: ev.Event) -> float:
        """Append the event, stamped now; returns its at_s."""
        with self._stamping:
            at_s = time.monotonic()
            stamped = dataclasses.replace(event, at_s=at_s)
            self.append(json.dumps(ev.to_json(stamped), separators=(",", ":")))
        return at_s

    def opened(self, record: Record) -> float:
        """A record handle was made."""
        return self.write(
            ev.RecordOpened(
                trial=record.trial.id,
                record=record.id,
                form=record.form.name,
                ordinal=record.ordinal,
                key=record.key,
                initial=record.initial,
            )
        )

    def intended(self, save: Save, entered: Entered, spelled: str, due_s: float | None) -> float:
        """A save of what it holds begins; due_s is when it was to."""
        return self.write(
            ev.SaveIntended(
                save=save.id,
                record=save.record.id,
                revision=save.revision,
                operation=save.operation,
                values=save.held,
                classes=entered.classes,
                due_s=due_s,
            )
        )

    def typed(self, save: Save, name: str, value: Value, how: str) -> float:
        """What a field held after input by an input method."""
        return self.write(ev.FieldTyped(save=save.id, field=name, value=value, how=how))

    def acknowledged(self, save: Save, evidence: str, level: ev.AckLevel) -> float:
        """The user was told that the save is stored."""
        return self.write(ev.SaveAcknowledged(save=save.id, evidence=evidence, level=level))
