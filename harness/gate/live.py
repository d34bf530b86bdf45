"""What is told while scenarios run: how far they are, and the first loss as soon as it shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.drive.scenarios import DriveProgress
from harness.gate.asked import Progress, Watcher

_STAGES = {"drive": "scenarios", "trigger": "trigger"}


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at meanwhile, every so many seconds.

    see is told when the round began, and says whether it has seen enough.
    """

    see: Callable[[float], bool]
    every_s: float


class Live:
    """Passes counts on while scenarios run, and looks at storage where there is a look to take."""

    def __init__(self, watch: Watcher, look: Look | None, role: str, round_: str) -> None:
        self._watch = watch
        self._look = look
        self._stage = "baseline" if role == "baseline" else _STAGES.get(round_, "rerun")
        if role not in ("candidate", "baseline"):
            self._stage = round_
        self._began_s = self._looked_s = time.monotonic()

    def __call__(self, counts: DriveProgress) -> None:
        text = f"{counts.done_n} of {counts.total_n} cases, {counts.saves_n} saves acknowledged"
        self._watch(
            Progress(self._stage, text, counts.done_n, counts.total_n, counts.saves_n, moving=True)
        )
        if self._look and time.monotonic() - self._looked_s >= self._look.every_s:
            enough = self._look.see(self._began_s)
            self._look = None if enough else self._look
            self._looked_s = time.monotonic()
