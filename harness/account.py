"""From what a verdict was made of to what reports show of it: plain values, judged already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.checks.across import RESTART
from harness.checks.coverage import uncovered
from harness.checks.exhibits import exhibit
from harness.checks.grid import grids
from harness.checks.history import History
from harness.checks.load import LoadGrounds
from harness.exhibits import Account, Gap, LoadCourse, Span
from harness.judge import Grounds, cells, conclude, say
from harness.model import Finding, Symptom
from harness.promise import LOAD


def account(grounds: Grounds) -> Account:
    """The verdict and all that its reports show."""
    promise = grounds.promise
    forms = promise.forms["candidate"]
    return Account(
        verdict=conclude(grounds),
        started=promise.started,
        exhibits=tuple(
            exhibit(f, say(f), *_shown_by(f, grounds), forms.get(f.form)) for f in grounds.findings
        ),
        cells=cells(grounds),
        grids=grids(promise.cases, grounds.history, grounds.symptoms, grounds.journeys, forms),
        faults=tuple(_faults(grounds.history)),
        loads=tuple(_course(load, grounds.history) for load in grounds.loads),
        gaps=tuple(_gaps(grounds)),
    )


def _shown_by(finding: Finding, grounds: Grounds) -> tuple[Sequence[Symptom], History]:
    """Where the records are that show a finding: those of a load are told apart."""
    load = grounds.load(finding.check)
    if load is not None:
        return load.symptoms, load.history
    return grounds.symptoms, grounds.history


def _faults(history: History) -> Iterator[Span]:
    """Faults under work, in order; one that nobody saw end lasts as long as the run."""
    restarted = [trial for trial in history.trials.values() if trial.began.round == RESTART]
    of_trials = [fault for trial in restarted for fault in trial.faults]
    for fault in sorted((*history.faults, *of_trials), key=lambda fault: fault.began_s):
        ended_s = min(fault.ended_s, history.ended_s)
        yield Span(fault.name, fault.began_s - history.began_s, ended_s - history.began_s)


def _course(load: LoadGrounds, history: History) -> LoadCourse:
    """A load on its own clock."""
    faults = (
        Span(f.name, f.began_s - load.began_s, min(f.ended_s, history.ended_s) - load.began_s)
        for f in load.faults
    )
    return LoadCourse(load.name, load.seconds, tuple(faults))


def _gaps(grounds: Grounds) -> Iterator[Gap]:
    """Everything the run does not prove, the promised evidence that is missing first."""
    promise, journeys = grounds.promise, grounds.journeys
    yield from (Gap("owed", sentence) for sentence in (*promise.missing, *journeys.owed.values()))
    yield from (Gap("quarantine", sentence) for sentence in journeys.quarantined)
    yield from (
        Gap("absent", f"{scenario}: {reason}") for scenario, reason in promise.absent.items()
    )
    if promise.partial is not None:
        yield Gap("partial", f"only cases matching {promise.partial!r} were run")
    keys, columns = uncovered(grounds.history, grounds.observations, promise.forms)
    yield from (Gap("uncovered", sentence) for sentence in (*keys, *columns))
    yield _of_baseline(grounds)
    if not grounds.loads and not promise.stages.get(LOAD):
        yield Gap("load", "no load was driven, so nothing is said of losses under load")


def _of_baseline(grounds: Grounds) -> Gap:
    promise = grounds.promise
    if promise.baseline is None:
        return Gap("baseline", "there was no baseline to compare with")
    return Gap(
        "sample",
        f"the baseline {promise.baseline.name} was promised {len(promise.sample)} of the "
        f"{len(promise.cases)} cases, and beside them what failed",
    )
