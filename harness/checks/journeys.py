"""Journeys: each promised case was completed, or it is said why not and what that means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.checks.history import History, Trial
from harness.model import Case

# The first attempt and two more: what breaks this often is not chance.
ATTEMPTS_TO_BLOCK = 3


@dataclass(slots=True)
class Journeys:
    """The promised cases by how they ended; owed and flaky are sentences.

    measured: cases with evidence; broken: cases that only the candidate breaks, every time and
    without a word to the user, with what was seen; flaky: completed only when run again.
    """

    measured: set[int] = field(default_factory=set)
    broken: dict[int, str] = field(default_factory=dict)
    flaky: list[str] = field(default_factory=list)
    owed: dict[int, str] = field(default_factory=dict)
    quarantined: list[str] = field(default_factory=list)
    hidden: frozenset[str] = frozenset()


def judge_journeys(
    history: History,
    cases: Sequence[Case],
    quarantine: Mapping[str, str],
    hidden: Collection[str] = (),
) -> Journeys:
    """How each promised case ended; quarantine maps a scenario to the reason it may be broken.

    hidden are acknowledged saves that storage cannot tell from saves that never were.
    """
    journeys = Journeys(hidden=frozenset(hidden))
    candidate = _by_case(history.of_role("candidate"))
    baseline = _by_case(history.promised("baseline"))
    for case in cases:
        trials = candidate.get(case.id, [])
        _judge_case(journeys, case, trials, baseline.get(case.id, []), quarantine)
    return journeys


def why_no_evidence(trial: Trial, hidden: Collection[str] = ()) -> str | None:
    """Why a trial proves nothing, as a clause; None where it is evidence."""
    if trial.ended is None:
        return "it was cut before its end"
    message = trial.ended.message.strip().splitlines()
    first = message[0] if message else "no reason given"
    if trial.ended.outcome == "told":
        return f"the page told the user: {trial.ended.told or first}"
    if trial.ended.outcome != "completed":
        return f"{_WORDS[trial.ended.outcome]}: {first}"
    failed = [v.error for record in trial.records for v in record.last_views if v.error]
    if failed:
        return f"a fresh reader could not be shown the record: {failed[0]}"
    unknown = [s for s in trial.saves if s.state == "unknown" and s.fault is None]
    if unknown:
        return f"a save ended unknown without a fault of ours: {unknown[0].evidence}"
    told = [save.id for save in trial.saves if save.state in ("acknowledged", "refused")]
    if not told:
        return "it acknowledged nothing, so it proves nothing"
    if all(save in hidden for save in told):
        return f"nothing is left of its saves to compare: {HIDDEN}; give each case its own record"
    return None


HIDDEN = "a later save or deletion took its place, or it changed nothing"
_WORDS = {
    "broken": "the journey broke",
    "misused": "the scenario is at fault",
    "skipped": "it was skipped",
    "environment": "the browser or its surroundings failed",
}


def _by_case(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    by_case: dict[str, list[Trial]] = {}
    for trial in trials:
        by_case.setdefault(trial.began.case, []).append(trial)
    return by_case


def _judge_case(
    journeys: Journeys,
    case: Case,
    trials: list[Trial],
    baseline: list[Trial],
    quarantine: Mapping[str, str],
) -> None:
    reasons = [why_no_evidence(trial, journeys.hidden) for trial in trials]
    if None in reasons:
        journeys.measured.add(case.number)
        failed = [reason for reason in map(why_no_evidence, trials) if reason]
        if failed:
            journeys.flaky.append(f"{case.id} completed only when run again: {failed[0]}")
        return
    last = reasons[-1] if reasons else None
    if last is None:
        journeys.owed[case.number] = f"{case.id} was promised and never ran"
    elif _only_the_candidate_breaks(trials, baseline):
        journeys.broken[case.number] = why_no_evidence(_counted(trials)[-1]) or last
    elif case.scenario in quarantine and not _completes(baseline):
        reason = quarantine[case.scenario]
        journeys.quarantined.append(f"{case.id} is broken and in quarantine: {reason}")
    else:
        where = _where(baseline)
        journeys.owed[case.number] = f"{case.id} is owed: {last}{where}"


def _only_the_candidate_breaks(trials: list[Trial], baseline: list[Trial]) -> bool:
    counted = _counted(trials)
    every_time = len(counted) >= ATTEMPTS_TO_BLOCK and all(map(_broke_silently, counted))
    return every_time and _completes(baseline)


def _completes(trials: list[Trial]) -> bool:
    return any(why_no_evidence(trial) is None for trial in trials)


def _counted(trials: list[Trial]) -> list[Trial]:
    """The attempts that say something of the application: not those our own side broke."""
    return [t for t in trials if t.ended is not None and t.ended.outcome != "environment"]


def _broke_silently(trial: Trial) -> bool:
    """It broke and nobody was told; what our own side broke is not the application's."""
    if trial.ended is None:
        return False
    unread = any(view.error for record in trial.records for view in record.last_views)
    return trial.ended.outcome == "broken" or (trial.ended.outcome == "completed" and unread)


def _where(baseline: list[Trial]) -> str:
    if not baseline:
        return ""
    if _completes(baseline):
        return " (the baseline completes it)"
    return " (broken on the baseline as well)"
