"""Which cases run again, where, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from harness.checks.experiment import holds
from harness.checks.history import Trial
from harness.checks.journeys import ATTEMPTS_TO_BLOCK, why_no_evidence
from harness.judge import Grounds
from harness.model import Case, Finding, Role, Severity

REPRESENTATIVES_MAX = 6


def sample(cases: Sequence[Case], possible: frozenset[int], sample_n: int) -> tuple[int, ...]:
    """Numbers of cases for the baseline to run as well, spread over the whole promise."""
    able = [case.number for case in cases if case.number in possible]
    if len(able) <= sample_n:
        return tuple(able)
    return tuple(able[at * len(able) // sample_n] for at in range(sample_n))


def possible_on(cases: Sequence[Case], baseline: Sequence[Case]) -> frozenset[int]:
    """The cases whose every level the baseline's own promise holds for the same scenario."""
    levels: dict[str, dict[str, set[str]]] = {}
    for case in baseline:
        known = levels.setdefault(case.scenario, {})
        for factor, level in case.levels.items():
            known.setdefault(factor, set()).add(level)
    return frozenset(
        case.number
        for case in cases
        if case.scenario in levels
        and all(
            level in levels[case.scenario].get(factor, ()) for factor, level in case.levels.items()
        )
    )


def representatives(grounds: Grounds) -> tuple[int, ...]:
    """One failing case per anomaly and set of fields, the one with most of its fields wrong."""
    found = [
        representative(finding, grounds)
        for finding in grounds.findings
        if finding.severity is not Severity.WARN
    ]
    return tuple(dict.fromkeys(n for n in found if n is not None))[:REPRESENTATIVES_MAX]


def representative(finding: Finding, grounds: Grounds) -> int | None:
    """The promised case of a finding in which most fields are wrong; None where it shows in none.

    One that the finding's own condition holds for comes first.
    """
    trials = {trial.id: trial.began for trial in grounds.history.promised("candidate")}
    by_trial = Counter(
        s.trial for s in grounds.symptoms if s.severity is not Severity.WARN and s.trial in trials
    )
    able = [
        s.trial
        for s in grounds.symptoms
        if (s.anomaly, s.form) == (finding.anomaly, finding.form) and s.trial in by_trial
    ]

    def worth(trial: str) -> tuple[bool, int]:
        return holds(finding.trigger.conditions, trials[trial].levels), by_trial[trial]

    return trials[max(able, key=worth)].number if able else None


def unproved(grounds: Grounds) -> tuple[int, ...]:
    """Cases of the promise without evidence that another attempt may bring."""
    attempts = attempts_made(grounds, "candidate")
    hopeless = {
        trial.began.number
        for trial in grounds.history.promised("candidate")
        if _is_final(trial, grounds)
    }
    return tuple(
        number
        for number in sorted(grounds.journeys.owed)
        if number not in hopeless and attempts.get(number, 0) < ATTEMPTS_TO_BLOCK
    )


def _is_final(trial: Trial, grounds: Grounds) -> bool:
    """Whether another attempt can be no other: by its outcome, or as it shows nothing of a save."""
    if trial.ended is None:
        return False
    hidden = all(save.id in grounds.storage.saves_hidden for save in trial.saves)
    shows_nothing = trial.ended.outcome == "completed" and hidden
    return shows_nothing or trial.ended.outcome in ("told", "misused", "skipped")


def broken(grounds: Grounds) -> tuple[int, ...]:
    """Cases that no attempt completed, which the baseline has to be asked about."""
    outcomes: dict[int, list[bool]] = {}
    for trial in grounds.history.promised("candidate"):
        outcomes.setdefault(trial.began.number, []).append(why_no_evidence(trial) is None)
    owed = [number for number in grounds.journeys.owed if not any(outcomes.get(number, []))]
    return tuple(number for number in sorted(owed) if len(outcomes.get(number, [])) > 1)


def cut_short(grounds: Grounds, role: Role) -> tuple[int, ...]:
    """Cases of which that deployment shows nothing, because our own side broke each attempt."""
    outcomes: dict[int, set[str]] = {}
    for trial in grounds.history.of_role(role):
        outcome = trial.ended.outcome if trial.ended else "environment"
        outcomes.setdefault(trial.began.number, set()).add(outcome)
    return tuple(number for number in sorted(outcomes) if outcomes[number] == {"environment"})


def attempts_made(grounds: Grounds, role: str) -> Mapping[int, int]:
    """The highest attempt of each case so far on that deployment."""
    made: dict[int, int] = {}
    for trial in grounds.history.promised(role):
        made[trial.began.number] = max(made.get(trial.began.number, 0), trial.began.attempt)
    return made
