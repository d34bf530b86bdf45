"""The rollback: the candidate ends, the baseline comes back on what it has written."""

from __future__ import annotations

from harness.errors import EvidenceError, ReleaseDown
from harness.front import Front
from harness.gate.across.barrier import Barrier
from harness.gate.across.fleet import NEW, OLD, Fleet, Phases
from harness.gate.observing import Place
from harness.gate.switchboard import Moment
from harness.model import Role

BACK: Role = "rolled-back"


def roll_back(fleet: Fleet, phases: Phases) -> None:
    """Have people write on the candidate and go on where the baseline is back."""
    work = fleet.work
    old, new = fleet.old, work.up[NEW]
    work.observer.before(Place(BACK, old.storages), work.promise.forms[NEW])
    waiting: list[Moment] = []

    def act() -> None:
        _come_back(fleet)
        fleet.await_network()
        for moment in waiting:
            fleet.switch(moment, OLD)
        for front in fleet.fronts:
            front.to(OLD)

    barrier = Barrier(len(phases), act)

    def at(moment: Moment, front: Front) -> None:
        if moment.kind == "began" and not barrier.done:
            front.to(NEW)
        elif moment.kind == "ended":
            barrier.leave()
        elif moment.kind == "acknowledged":
            waiting.append(moment)
            barrier.wait()

    try:
        fleet.drive(BACK, phases, fleet.counted(at), "rollback", workers_n=len(phases))
        if not barrier.done:
            act()
    except ReleaseDown as error:
        back = f"{new.release.name} cannot be rolled back to {old.release.name}"
        work.trouble("rollback", EvidenceError(f"{error}\n{back}"), "block")
        raise EvidenceError(back) from error
    fleet.look(BACK, old)


def _come_back(fleet: Fleet) -> None:
    """End the candidate, undo its migrations where the plan says how, start the baseline."""
    new = fleet.work.up[NEW]
    new.end()
    # It may be up since it was driven beside the candidate: what it still has to write is its own.
    fleet.old.end()
    if fleet.work.plan.release.rollback:
        new.roll_back()
    fleet.old.restart()
