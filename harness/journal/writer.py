"""The journal of what acts: events as JSON, a line each."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from pathlib import Path
from typing import Protocol

from harness.journal.append_only import AppendOnly
from harness.journal.clocks import boot_name
from harness.journal.events import Event, Opened, to_json


class Writer(Protocol):
    """What a handle journals into."""

    def write(self, event: Event) -> float:
        """Append the event, stamped now; returns its at_s."""
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
        self.write(Opened(writer=writer, pid=os.getpid(), wall_s=wall_s, boot=boot_name()))

    def write(self, event: Event) -> float:
        """Append the event, stamped now; returns its at_s."""
        with self._stamping:
            at_s = time.monotonic()
            stamped = dataclasses.replace(event, at_s=at_s)
            self.append(json.dumps(to_json(stamped), separators=(",", ":")))
        return at_s
