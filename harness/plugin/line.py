"""The line to the gate: a trial says which moment it has come to, and waits until it may go on."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import EnvironmentBroken
from harness.model import Phase

# A barrier waits for the slowest of its trials, and a release may take a minute to start.
WAIT_S_MAX = 240.0


@dataclass(slots=True)
class Line:
    """One trial's way to tell the gate.

    worker is the number of the address that the trial's pytest worker has, which the gate switches.
    """

    path: Path
    worker: int
    trial: str
    phase: Phase
    acknowledged_n: int = 0
    _told: set[str] = field(default_factory=set)

    def typing(self) -> None:
        """Something is about to be put into a page for the first time."""
        if self.phase.moment == "typing":
            self.tell("typing")

    def acknowledged(self) -> None:
        """A save was told stored."""
        self.acknowledged_n += 1
        if self.phase.moment == "acknowledged" and self.acknowledged_n == self.phase.nth:
            self.tell("acknowledged")

    def tell(self, moment: str) -> None:
        """Tell of a moment, once, and wait for the gate; raises EnvironmentBroken."""
        if moment in self._told:
            return
        self._told.add(moment)
        told = {"worker": self.worker, "trial": self.trial, "moment": moment}
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(WAIT_S_MAX)
                line.connect(str(self.path))
                line.sendall(json.dumps(told).encode() + b"\n")
                answer = line.recv(16)
        except OSError as error:
            raise EnvironmentBroken(
                f"the gate did not answer {self.trial} at the moment {moment!r}: {error}"
            ) from error
        if not answer:
            raise EnvironmentBroken(f"the gate hung up on {self.trial} at the moment {moment!r}")
