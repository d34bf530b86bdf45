"""How many seconds of a gate nothing of the release was started, driven or shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.calling import call
from harness.errors import DriveFailed
from harness.journal import events as ev
from harness.journal.reader import read_journal

TIMEOUT_S_MAX = 900.0
ROOT = Path(__file__).parent.parent


def seconds(gates_n: int) -> Iterator[float]:
    """One figure a gate: all of its time, less deploying the candidate, its cases and its load."""
    for _ in range(gates_n):
        with TemporaryDirectory(prefix="bench-") as runs:
            took_s = _gate(Path(runs))
            (run,) = Path(runs).glob("*/journal")
            yield took_s - busy_s(read_journal(run))


def busy_s(events: Sequence[ev.Event]) -> float:
    """Seconds in which a case or a load ran, or the candidate was deployed; none counts twice."""
    began: dict[str, float] = {}
    spans: list[tuple[float, float]] = []
    for event in events:
        if isinstance(event, ev.StageEntered) and event.stage == "deploy":
            began["deploy"] = event.at_s
        elif isinstance(event, ev.StageLeft) and event.stage == "deploy":
            spans.append((began["deploy"], event.at_s))
        elif isinstance(event, ev.TrialBegan):
            began[event.trial] = event.at_s
        elif isinstance(event, ev.TrialEnded):
            spans.append((began[event.trial], event.at_s))
        elif isinstance(event, ev.LoadBegan):
            began[event.load] = event.at_s
        elif isinstance(event, ev.LoadEnded):
            spans.append((began[event.load], event.at_s))
    total_s = until_s = 0.0
    for from_s, to_s in sorted(spans):
        total_s += max(0.0, to_s - max(from_s, until_s))
        until_s = max(until_s, to_s)
    return total_s


def _gate(runs: Path) -> float:
    command = [
        sys.executable, "-m", "harness", "gate", "1.1.0", "--baseline", "1.0.0",
        "--deployer", "process", "--runs", str(runs),
    ]  # fmt: skip
    began_s = time.monotonic()
    done = call(command, ROOT, TIMEOUT_S_MAX)
    if done.returncode != 0:
        raise DriveFailed(
            f"a good release did not pass:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return time.monotonic() - began_s
