"""Restarts under work: what was told stored a moment ago has to survive whatever happens next."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import TypeAlias

from harness.checks.injected import ASKED_TO_END, CUT, DELAYED, ENDED, KILLED, PAUSED
from harness.deploy.seams import Deployment
from harness.errors import EvidenceError, ReleaseDown
from harness.front import Front
from harness.gate.across.choosing import Chosen
from harness.gate.across.fleet import NEW, Fleet
from harness.gate.switchboard import Moment
from harness.journal import events as ev
from harness.journal.writer import JournalWriter
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
    storages = [name for name, table in work.plan.storages.items() if table.url is None]
    faults = list(faults_of(new, fleet.old, storages))
    due = deque(faults)
    once_more = cycle(faults)
    acting = threading.Lock()

    def at(moment: Moment, front: Front) -> None:
        if moment.kind == "began":
            front.to(NEW)
        elif moment.kind == "acknowledged":
            with acting:
                fault = due.popleft() if due else next(once_more)
                # The way to the application is each worker's own.
                touched = moment.trial if fault[0] in (CUT, DELAYED) else None
                befall(fault, new, front, work.journal, trial=touched, after=moment.trial)

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


def befall(
    fault: Fault,
    up: Deployment,
    front: Front,
    journal: JournalWriter,
    *,
    trial: str | None = None,
    after: str | None = None,
) -> None:
    """Have one fault come and end, journaled, whatever comes of it; raises ReleaseDown.

    trial is the only one that it touches, None where it touches every one; after is the one whose
    acknowledgement it came at.
    """
    name, act = fault
    journal.write(ev.FaultBegan(fault=name, trial=trial, after=after))
    try:
        act(front)
        if not up.alive():
            # Whoever runs it would start again what did not live through it.
            up.restart()
    finally:
        journal.write(ev.FaultEnded(fault=name, trial=trial))


def faults_of(up: Deployment, owner: Deployment, storages: Iterable[str]) -> Iterator[Fault]:
    """Everything that is done to a release, to storages of its owner's and the way to it."""
    app, *workers = up.parts
    yield f"{app}{KILLED}", _restarted(up, app)
    yield f"{app}{ASKED_TO_END}", _restarted(up, app, graceful=True)
    for worker in workers:
        yield f"{worker}{KILLED}", _restarted(up, worker)
        yield f"{worker}{ASKED_TO_END}", _restarted(up, worker, graceful=True)
    for name in storages:
        yield f"storage {name}{ENDED}", _ended(owner, name)
    yield CUT, _cut
    yield DELAYED, _delayed


def paused(up: Deployment) -> Fault:
    """The application stands still, and goes on."""

    def act(_: Front) -> None:
        up.pause()
        try:
            time.sleep(LASTS_S)
        finally:
            up.resume()

    return f"{up.parts[0]}{PAUSED}", act


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
