"""Restarts under work: what was told stored a moment ago has to survive whatever happens next."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import TypeAlias

from harness.checks.injected import ASKED_TO_END, CUT, DELAYED, ENDED, KILLED
from harness.deploy.seams import Deployment
from harness.errors import EvidenceError, ReleaseDown
from harness.front import Front
from harness.gate.across.choosing import Chosen
from harness.gate.across.fleet import NEW, Fleet
from harness.gate.switchboard import Moment
from harness.journal import events as ev
from harness.model import Phase

STAGE = "restart"
# Long enough that a page which waits for an answer notices, short enough that nobody gives up.
LASTS_S = 1.0
# A trial that one fault ends never comes to the next one.
FURTHER_ROUNDS_N = 2
Act: TypeAlias = Callable[[Front], None]
Fault: TypeAlias = tuple[str, Act]


def under_faults(fleet: Fleet, chosen: Sequence[Chosen], levels: Mapping[str, str]) -> None:
    """Have each fault come at least once, each right after an acknowledgement.

    With fewer cases than faults the cases are driven again, at other acknowledgements; with more
    of them faults come once more, in turn. The baseline rests meanwhile: its workers would do what
    is left undone. Raises EvidenceError where a fault never came, because no save was told stored.
    """
    work, new = fleet.work, fleet.work.up[NEW]
    fleet.old.end()
    faults = list(_faults(fleet))
    due = deque(faults)
    once_more = cycle(faults)
    acting = threading.Lock()

    def at(moment: Moment, front: Front) -> None:
        if moment.kind == "began":
            front.to(NEW)
        elif moment.kind == "acknowledged":
            with acting:
                name, act = due.popleft() if due else next(once_more)
                # The way to the application is each worker's own.
                touched = moment.trial if name in (CUT, DELAYED) else None
                work.journal.write(ev.FaultBegan(fault=name, trial=touched, after=moment.trial))
                try:
                    act(front)
                    if not new.alive():
                        # Whoever runs it would start again what did not live through it.
                        new.restart()
                finally:
                    work.journal.write(ev.FaultEnded(fault=name, trial=touched))

    rounds_n = -(-len(faults) // len(chosen))
    for number in range(rounds_n + FURTHER_ROUNDS_N):
        if number and not due:
            break
        phases = [
            (
                one.case,
                Phase(STAGE, "acknowledged", one.places[-1 - number % len(one.places)], levels),
            )
            for one in chosen
        ]
        try:
            fleet.drive(NEW, phases, fleet.counted(at), STAGE, under_faults=True)
        except ReleaseDown as error:
            back = f"{new.release.name} does not come back from what happens to it"
            work.trouble(STAGE, EvidenceError(f"{error}\n{back}"), "block")
            raise EvidenceError(back) from error
    fleet.look(NEW, new)
    if due:
        missed = ", ".join(name for name, _ in due)
        raise EvidenceError(f"no save was told stored at which there could be: {missed}")


def _faults(fleet: Fleet) -> Iterator[Fault]:
    """Everything that is done to the candidate, its storages and the way to it."""
    new, old = fleet.work.up[NEW], fleet.old
    app, *workers = new.parts
    yield f"{app}{KILLED}", _restarted(new, app)
    yield f"{app}{ASKED_TO_END}", _restarted(new, app, graceful=True)
    for worker in workers:
        yield f"{worker}{KILLED}", _restarted(new, worker)
        yield f"{worker}{ASKED_TO_END}", _restarted(new, worker, graceful=True)
    for name, table in fleet.work.plan.storages.items():
        if table.url is None:
            yield f"storage {name}{ENDED}", _ended(old, name)
    yield CUT, _cut
    yield DELAYED, _delayed


def _restarted(up: Deployment, part: str, *, graceful: bool = False) -> Act:
    def act(_: Front) -> None:
        up.restart(part, graceful=graceful)

    return act


def _ended(up: Deployment, storage: str) -> Act:
    def act(_: Front) -> None:
        up.restart_storage(storage)

    return act


def _cut(front: Front) -> None:
    with front.cut():
        time.sleep(LASTS_S)


def _delayed(front: Front) -> None:
    with front.delayed(LASTS_S, side="answer"):
        time.sleep(LASTS_S)
