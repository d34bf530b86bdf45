"""What a scenario promised to bring about has to have happened, or its cases prove too little."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.history import History, Trial
from harness.checks.journeys import why_no_evidence
from harness.orders import ORDER, holds, in_order, names_of
from harness.promise import Promise


def never_happened(promise: Promise, history: History) -> list[str]:
    """A sentence on each promised obligation that no trial with evidence has met.

    Where only some cases were chosen nothing is obliged, and where a scenario is in quarantine.
    """
    if not promise.whole:
        return []
    by_scenario: dict[str, list[Trial]] = {name: [] for name in promise.obligations}
    scenarios = {case.id: case.scenario for case in promise.cases}
    for trial in history.of_role("candidate"):
        trials = by_scenario.get(scenarios.get(trial.began.case, ""))
        if trials is not None and why_no_evidence(trial) is None:
            trials.append(trial)
    return [
        f"{name}: {obligation!r} was promised to happen, and did not in any of its cases"
        for name, obligations in promise.obligations.items()
        if name not in promise.quarantine
        for obligation in obligations
        if not _met(obligation, by_scenario[name])
    ]


def _met(obligation: str, trials: Iterable[Trial]) -> bool:
    pair = in_order(obligation)
    return any(
        obligation in trial.happened
        or (pair is not None and holds(names_of(trial.began.levels.get(ORDER, "")), pair))
        for trial in trials
    )
