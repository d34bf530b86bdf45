"""Which of our own faults the lost saves saw, as far as those that stayed whole let it be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from harness.checks.history import FOREVER_S, Fault, History, Save, Trial
from harness.model import Trigger
from harness.promise import FAULTS_LOAD

FAULT = "fault"
# What is done to a part of the application or to a storage, behind its name, and to the way there.
KILLED, ASKED_TO_END, ENDED, PAUSED = " killed", " asked to end", " ended", " paused"
CUT, DELAYED = "connections cut", "answers delayed"


def is_fault(name: str) -> bool:
    """Whether something that the harness does under work has that name."""
    hows = (KILLED, ASKED_TO_END, ENDED, PAUSED)
    part = next((name[: -len(how)] for how in hows if name.endswith(how)), "")
    return bool(part) or name in (CUT, DELAYED)


def with_faults(trigger: Trigger, names: Sequence[str]) -> Trigger:
    """The trigger with the faults as a condition of their own; as it is where there are none."""
    if not names:
        return trigger
    words = f"{trigger.text}, with {' or '.join(names)} right after the acknowledgement"
    return replace(trigger, text=words, conditions={**trigger.conditions, FAULT: tuple(names)})


def faults_seen(lost: Iterable[Save], whole: Iterable[Save], history: History) -> tuple[str, ...]:
    """The names of the faults that came first after the lost saves were acknowledged, in order.

    One that came first after a whole save as well is left out, where all that it could have lost
    saw another of them too: that one explains more.
    """
    seen = {save.id: _seen(save, history) for save in lost}
    spared = {fault.name for save in whole for fault in _seen(save, history)[:1]}
    firsts = sorted((faults[0] for faults in seen.values() if faults), key=lambda f: f.began_s)
    names = list(dict.fromkeys(fault.name for fault in firsts))
    for name in [name for name in names if name in spared]:
        others = {other for other in names if other != name}
        if _explained(name, others, seen):
            names.remove(name)
    return tuple(names)


def _explained(name: str, others: Collection[str], seen: Mapping[str, Sequence[Fault]]) -> bool:
    """Whether each save for which the fault came first also saw one of the others."""
    mine = [faults for faults in seen.values() if faults and faults[0].name == name]
    return all(any(fault.name in others for fault in faults) for faults in mine)


def _seen(save: Save, history: History) -> list[Fault]:
    """Faults that went on as it was acknowledged, or began later; the first of them first."""
    trial = history.trials.get(save.trial)
    touching = (*_of_scenarios(history), *(trial.faults if trial else ()))
    seen = [f for f in touching if f.ended_s >= save.over_s or _told_late(save, f, trial)]
    return sorted(seen, key=lambda fault: fault.began_s)


def _of_scenarios(history: History) -> Iterator[Fault]:
    """Faults that every trial saw; those under a load come when no scenario is driven any more."""
    began_s, ended_s, _ = history.stages.get(FAULTS_LOAD, (FOREVER_S, None, None))
    over_s = FOREVER_S if ended_s is None else ended_s
    return (fault for fault in history.faults if not began_s <= fault.began_s <= over_s)


def _told_late(save: Save, fault: Fault, trial: Trial | None) -> bool:
    """Whether it was made before the fault that its own trial brought, and told of behind it.

    Two records that one act saves are told of one after the other: nothing is sent in between.
    """
    if trial is None or fault.after != trial.id:
        return False
    return not any(fault.ended_s < request.at_s <= save.over_s for request in trial.requests)
