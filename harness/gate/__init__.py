"""One release against its plan, once: deploy, drive, observe, judge, report."""

from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.exploring import Exploring, explore
from harness.gate.run import Outcome, gate

__all__ = ["Asked", "Exploring", "Outcome", "Progress", "Watcher", "explore", "gate"]
