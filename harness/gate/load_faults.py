"""Faults at the peak: what was told stored stays stored, whatever happens right then."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.deploy.seams import Deployment
from harness.drive.load import LoadProgress
from harness.errors import EvidenceError, HarnessError, ReleaseDown
from harness.front import Front, open_front
from harness.gate.across.faults import Fault, befall, faults_of, paused
from harness.gate.load_promised import rounds_n
from harness.gate.loading import Loading
from harness.gate.work import Work
from harness.journal.writer import JournalWriter
from harness.model import Leg
from harness.promise import FAULTS_LOAD

RISE_S = 2.0
# After each fault, while saves are acknowledged again: what comes next meets work, not its rest.
REST_S = 2.0
RECOVER_S_MAX = 30.0
# The longest that one fault may take with its recovery; the load ends as soon as all have come.
FAULT_S_MAX = 60.0
# Whatever a fault has left under way has ended by then.
QUIET_S = 2.0
POLL_S = 0.1
TARGET = "candidate"


def load_under_faults(work: Work) -> None:
    """The peak with each fault in its turn, and every acknowledged save compared with storage.

    Raises EvidenceError where a fault did not come, or the release did not come back from one.
    """
    up = work.up["candidate"]
    own = [name for name, table in work.plan.storages.items() if table.url is None]
    each = [*faults_of(up, up, own), paused(up)]
    faults = each * rounds_n(work.asked, work.profile)
    until = work.run.path / "files" / "load-faults-over"
    with open_front(work.run, {TARGET: up.url}) as front:
        harm = Harm(faults, up, front, work.journal, until)
        legs = (Leg(1.0, RISE_S), Leg(1.0, FAULT_S_MAX * len(faults)))
        loading = Loading(work, FAULTS_LOAD, up, front.url, legs, until, harm.at)
        try:
            loading.compare(QUIET_S, over=harm.end)
        finally:
            harm.end()
            if harm.broken:
                work.trouble(FAULTS_LOAD, EvidenceError(harm.broken), "block")
    if harm.left and not harm.broken:
        missed = ", ".join(dict.fromkeys(name for name, _ in harm.left))
        raise EvidenceError(f"the load was over before each fault had come: {missed}")


@dataclass(slots=True)
class Harm:
    """Has faults come under a load, one after the other, each when what was before it is over.

    until is written when all have come. broken says that the release did not come back, "" where
    it did; left are faults that never came.
    """

    faults: Sequence[Fault]
    up: Deployment
    front: Front
    journal: JournalWriter
    until: Path
    broken: str = ""
    left: deque[Fault] = field(init=False)
    _progress: LoadProgress = field(default_factory=lambda: LoadProgress(0.0, 0, 0))
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _failed: HarnessError | None = None

    def __post_init__(self) -> None:
        self.left = deque(self.faults)

    def at(self, progress: LoadProgress) -> None:
        """Be told how far the load is: faults begin once it is at its peak."""
        self._progress = progress
        if self._thread is None and progress.seconds >= RISE_S and progress.acknowledged_n:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def end(self) -> None:
        """The load is over: wait until what lasts is healed; raises what went wrong meanwhile."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    def _work(self) -> None:
        try:
            while self.left and not self._over.is_set() and not self.broken:
                fault = self.left.popleft()
                befall(fault, self.up, self.front, self.journal)
                self._await_recovery(fault[0])
        except ReleaseDown as error:
            self.broken = f"{error}\n{self.up.release.name} does not come back from what happens"
        except HarnessError as error:
            self._failed = error
        finally:
            self.until.touch()

    def _await_recovery(self, fault: str) -> None:
        """Rest until saves are acknowledged that were begun after the fault."""
        self._over.wait(REST_S)
        since, end_s = self._progress, time.monotonic() + RECOVER_S_MAX
        while self._progress.acknowledged_n == since.acknowledged_n:
            if self._over.wait(POLL_S):
                return
            if time.monotonic() > end_s:
                tried_n = self._progress.saves_n - since.saves_n
                name = self.up.release.name
                told = f"{name} acknowledged none of {tried_n} saves in {RECOVER_S_MAX:g} s"
                if not tried_n:
                    raise EvidenceError(f"after {fault!r} the load saved nothing any more")
                self.broken = f"under load, after {fault!r} was over, {told}"
                return
