"""One release against its plan, once: deploy, drive, observe, judge, report."""

from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.run import Outcome, gate

__all__ = ["Asked", "Outcome", "Progress", "Watcher", "gate"]
