"""What is told while scenarios run: how far they are, and the first loss as soon as it shows."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.drive.scenarios import DriveProgress
from harness.gate.asked import Progress, Watcher

# Often enough to say a loss within twenty seconds, seldom enough to cost the run nothing.
LOOK_EVERY_S = 4.0
_STAGES = {"drive": "scenarios", "trigger": "trigger"}


class Live:
    """Passes counts on while scenarios run, and looks at storage every few seconds."""

    def __init__(
        self, watch: Watcher, notice_first_loss: Callable[[float], bool], role: str, round_: str
    ) -> None:
        self._watch = watch
        self._notice_first_loss = notice_first_loss
        self._looking = role == "candidate" and round_ == "drive"
        self._stage = "baseline" if role == "baseline" else _STAGES.get(round_, "rerun")
        if role not in ("candidate", "baseline"):
            self._stage = round_
        self._began_s = self._looked_s = time.monotonic()

    def __call__(self, counts: DriveProgress) -> None:
        text = f"{counts.done_n} of {counts.total_n} cases, {counts.saves_n} saves acknowledged"
        self._watch(
            Progress(self._stage, text, counts.done_n, counts.total_n, counts.saves_n, moving=True)
        )
        if self._looking and time.monotonic() - self._looked_s >= LOOK_EVERY_S:
            self._looking = not self._notice_first_loss(self._began_s)
            self._looked_s = time.monotonic()
