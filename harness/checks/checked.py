"""What each stage has looked at, as one clause for whoever asks what a run stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from harness.checks.across import ROLES
from harness.checks.grounds import Grounds
from harness.checks.history import History, Trial
from harness.checks.journeys import why_no_evidence
from harness.checks.load import LoadGrounds
from harness.checks.sentences import plural
from harness.observations import Observation
from harness.promise import ACROSS, FAULTS_LOAD, LOAD

Say: TypeAlias = Callable[[Grounds], str]


def checked(grounds: Grounds, stage: str) -> str:
    """What was checked in a stage; "" where it did nothing or nothing here knows what it does."""
    began_s, _, skipped = grounds.history.stages.get(stage, (None, None, None))
    if stage not in _CLAUSES or began_s is None or skipped:
        return ""
    return _CLAUSES[stage](grounds)


def trials_in(history: History, stage: str) -> list[Trial]:
    """The trials that began while a stage lasted, on whichever deployment."""
    return [t for t in history.trials.values() if _within(history, stage, t.began.at_s)]


def compared(grounds: Grounds, trials: Sequence[Trial]) -> str:
    """The acknowledged saves of trials, the baseline's left out, and what storage holds of them."""
    told = {s.id for trial in trials for s in trial.saves if s.state == "acknowledged"}
    storage, across = grounds.storage, grounds.across
    parts = {
        "found whole": len(told & (storage.saves_verified | across.verified)),
        "not found whole": len(told & (storage.saves_failed | across.failed)),
        "with nothing left to compare": len(told & (storage.saves_hidden | across.hidden)),
    }
    found = ", ".join(f"{n:,} {word}" for word, n in parts.items() if n) or "none compared"
    return f"{plural(len(told), 'acknowledged save')}: {found}"


def _within(history: History, stage: str, at_s: float) -> bool:
    began_s, ended_s, _ = history.stages[stage]
    return began_s <= at_s <= (history.ended_s if ended_s is None else ended_s)


def _cases_n(trials: Sequence[Trial]) -> int:
    return len({trial.began.number for trial in trials})


def _read(grounds: Grounds, reads: Sequence[Observation]) -> str:
    """What the last of these reads returned; "" where none returned anything."""
    whole = [o for o in reads if o.role == "candidate" and not o.trouble]
    if not whole:
        return ""
    forms = grounds.promise.forms["candidate"]
    rows_n = sum(len(rows) for form, rows in whole[-1].rows.items() if form in forms)
    return f"{plural(rows_n, 'record')} of {plural(len(forms), 'form')}"


# --- a clause per stage --------------------------------------------------------------------------


def _deploy(grounds: Grounds) -> str:
    read = _read(grounds, [o for o in grounds.observations if o.purpose == "before"])
    name = grounds.promise.release.name
    return f"{name} answered; {read} stood there before the first save" if read else ""


def _scenarios(grounds: Grounds) -> str:
    trials = trials_in(grounds.history, "scenarios")
    return f"{plural(_cases_n(trials), 'case')}; {compared(grounds, trials)}" if trials else ""


def _rerun(grounds: Grounds) -> str:
    trials = trials_in(grounds.history, "rerun")
    if not trials:
        return ""
    return f"{plural(_cases_n(trials), 'case')} run again; {compared(grounds, trials)}"


def _trigger(grounds: Grounds) -> str:
    trials = trials_in(grounds.history, "trigger")
    losses = {(tried.anomaly, tried.form, tried.fields) for tried in grounds.history.tried}
    if not trials:
        return ""
    return f"{plural(len(trials), 'further run')}, to learn when {_losses(len(losses))}"


def _losses(count: int) -> str:
    return "1 loss happens" if count == 1 else f"{count} losses happen"


def _reduce(grounds: Grounds) -> str:
    trials = trials_in(grounds.history, "reduce")
    runs = plural(len(trials), "further run")
    return f"{runs}, to find the smallest case that fails" if trials else ""


def _baseline(grounds: Grounds) -> str:
    trials = trials_in(grounds.history, "baseline")
    baseline = grounds.promise.baseline
    done = [trial for trial in trials if why_no_evidence(trial) is None]
    if baseline is None or not trials:
        return ""
    return f"{plural(_cases_n(trials), 'case')} on {baseline.name}, {_cases_n(done)} completed"


def _observe(grounds: Grounds) -> str:
    history, controls = grounds.history, grounds.controls
    read = _read(
        grounds,
        [
            o
            for o in grounds.observations
            if o.purpose == "confirm" and _within(history, "observe", o.began_s)
        ],
    )
    if not read:
        return ""
    return (
        f"{read} read once more; {plural(grounds.fields_read, 'field')} compared, "
        f"{controls.caught} of {plural(controls.planted, 'control')} caught"
    )


def _across(stage: str) -> Say:
    def say(grounds: Grounds) -> str:
        promise = grounds.promise
        cases_n = grounds.across.measured.get(stage, 0)
        old = promise.baseline.name if promise.baseline else "the baseline"
        lived = _LIVED[stage].format(old=old, new=promise.release.name)
        trials = [
            trial
            for trial in grounds.history.trials.values()
            if trial.began.round == stage and trial.began.role in ROLES
        ]
        return f"{plural(cases_n, 'case')} {lived}; {compared(grounds, trials)}"

    return say


_LIVED = {
    "upgrade": "begun on {old} and gone on with on {new}, which had taken over",
    "stale-page": "typed into a page of {old} and saved to {new}",
    "mixed": "on {old} and {new} at once",
    "restart": "while {new}, its storages and the way to it failed and came back",
    "rollback": "begun on {new} and gone on with on {old}, which had come back",
}


def _load(grounds: Grounds) -> str:
    load = grounds.load(LOAD)
    if load is None:
        return ""
    return f"{_told(load)}; {load.figures.reached_saves_per_s:.1f} saves/s"


def _load_faults(grounds: Grounds) -> str:
    load = grounds.load(FAULTS_LOAD)
    if load is None:
        return ""
    return f"{_told(load)}, with {plural(len(load.faults), 'fault')} among them"


def _told(load: LoadGrounds) -> str:
    told_n = load.figures.saves_acknowledged
    return f"{told_n:,} acknowledged saves: {load.saves_verified:,} found whole"


_CLAUSES: Mapping[str, Say] = {
    "deploy": _deploy,
    "scenarios": _scenarios,
    "rerun": _rerun,
    "trigger": _trigger,
    "reduce": _reduce,
    "baseline": _baseline,
    "observe": _observe,
    **{stage: _across(stage) for stage in ACROSS},
    LOAD: _load,
    FAULTS_LOAD: _load_faults,
}
