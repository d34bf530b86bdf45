"""Whether the baseline alone loses what was lost between the releases: then no upgrade is to blame.

A page of it that is open, or a process of it that still runs, goes on losing whatever comes next;
a release that mends this must not be blocked for it.
"""

from __future__ import annotations

from harness.errors import EvidenceError, ReleaseDown
from harness.gate.work import Work
from harness.judge import Grounds
from harness.model import Role, Severity

ORIGIN: Role = "origin"
CASES_PER_FINDING_MAX = 2


def ask_origin(work: Work) -> str | None:
    """Drive what went wrong on the baseline alone, on a storage of its own."""
    baseline = work.promise.baseline
    numbers = _to_ask(work.weigh())
    if baseline is None or not numbers:
        return "nothing was lost between the releases"
    try:
        work.deploy(ORIGIN, baseline)
    except ReleaseDown as error:
        raise EvidenceError(f"the baseline is not there to be asked alone: {error}") from error
    work.drive(ORIGIN, numbers, ORIGIN, 1)
    work.final(ORIGIN)
    work.observer.confirm(work.up[ORIGIN])
    return None


def _to_ask(grounds: Grounds) -> list[int]:
    """Promised cases in which something was lost, a few for each finding."""
    promised = {case.id: case.number for case in grounds.promise.cases}
    found: dict[tuple[object, ...], dict[int, None]] = {}
    for symptoms in grounds.across.symptoms.values():
        for symptom in symptoms:
            trial = grounds.history.trials.get(symptom.trial)
            if symptom.severity is Severity.WARN or trial is None:
                continue
            if trial.began.case not in promised:
                continue
            asked = found.setdefault((symptom.anomaly, symptom.form, trial.began.round), {})
            if len(asked) < CASES_PER_FINDING_MAX:
                asked[promised[trial.began.case]] = None
    return list(dict.fromkeys(number for asked in found.values() for number in asked))
