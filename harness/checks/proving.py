"""What the probes of a run say of a finding's trigger: confirmed, not confirmed, or by chance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.checks.experiment import AGAIN, BETWEEN, RUNS_N, WITH, WITHOUT, Ran
from harness.checks.history import History, Trial
from harness.checks.journeys import why_no_evidence
from harness.checks.trigger import spell
from harness.journal.events import TriggerTried
from harness.model import Anomaly, Severity, Symptom, Trigger


def ran(trial: Trial, failing: Collection[str]) -> Ran:
    """What became of a trial, failing being the ids of those that show the finding."""
    levels = trial.began.levels
    if trial.id in failing:
        return Ran(levels, failed=True)
    return Ran(levels, failed=None if why_no_evidence(trial) else False)


def failing_trials(symptoms: Sequence[Symptom], form: str, fields: Collection[str]) -> set[str]:
    """The trials in which one of these fields is wrong, however it went wrong."""
    return {
        symptom.trial
        for symptom in symptoms
        if symptom.form == form
        and symptom.field in fields
        and symptom.severity is not Severity.WARN
        and symptom.anomaly is not Anomaly.UNVERIFIED
    }


def proved(
    trigger: Trigger,
    named: tuple[Anomaly, str, Sequence[str]],
    history: History,
    symptoms: Sequence[Symptom],
    *,
    every: bool,
) -> Trigger:
    """The trigger with what the probes of the finding say of it; named is (anomaly, form, fields).

    every says whether each promised case that could fail did. The last attempt that came out
    counts, else the last of all. A condition that the probes refute is not told as one.
    """
    anomaly, form, fields = named
    mine = [
        tried
        for tried in history.tried
        if (tried.anomaly, tried.form) == (anomaly, form) and not {*fields}.isdisjoint(tried.fields)
    ]
    if not mine:
        return trigger
    failing = failing_trials(symptoms, form, fields)
    outcomes = [_Outcome(tried, history, failing, trigger, every) for tried in mine]
    told = [outcome for outcome in outcomes if outcome.runs]
    came_out = [outcome for outcome in told if outcome.confirmed]
    if came_out:
        return came_out[-1].trigger
    refuted = [why for outcome in told if (why := outcome.refuted)]
    if refuted:
        looked_like = spell(trigger.conditions)
        text = f"under a condition that is not known: {looked_like} was supposed, but {refuted[0]}"
        return replace(told[-1].trigger, text=text, conditions={})
    return told[-1].trigger if told else trigger


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One attempt at a trigger."""

    tried: TriggerTried
    history: History
    failing: Collection[str]
    supposed: Trigger
    every: bool

    @property
    def runs(self) -> Mapping[str, list[Ran]]:
        """What was driven, by what it was for; the halving on the way there is no proof."""
        found: dict[str, list[Ran]] = {}
        for trial in self.history.trials.values():
            name, _, part = trial.began.probe.partition("/")
            if part and name == self.tried.tried and part != BETWEEN:
                found.setdefault(part, []).append(ran(trial, self.failing))
        if AGAIN in found:
            first = [t for t in self.history.promised("candidate") if self._is_same(t)]
            found[AGAIN] = [*(ran(trial, self.failing) for trial in first), *found[AGAIN]]
        return found

    def _is_same(self, trial: Trial) -> bool:
        return trial.began.case == self.tried.case

    @property
    def confirmed(self) -> bool:
        """Whether all fail with it, and all pass without each factor."""
        runs = self.runs
        if AGAIN in runs:
            return self.every and _all(runs[AGAIN], failed=True)
        return _all(runs.get(WITH, ()), failed=True) and all(
            _all(runs.get(f"{WITHOUT}{factor}", ()), failed=False)
            for factor in self.tried.conditions
        )

    @property
    def refuted(self) -> str:
        """Why what the promised cases made one suppose is not the condition; "" where it may be."""
        if dict(self.tried.conditions) != dict(self.supposed.conditions) or self.confirmed:
            return ""
        runs = self.runs
        if _all(runs.get(WITH, ()), failed=False):
            return "with that alone nothing fails"
        for factor in self.tried.conditions:
            if _all(runs.get(f"{WITHOUT}{factor}", ()), failed=True):
                return f"it fails without {factor.replace('_', ' ')} as well"
        return ""

    @property
    def trigger(self) -> Trigger:
        """The trigger as this attempt leaves it: a condition that came out is the one."""
        counts = {part: _count(runs) for part, runs in self.runs.items()}
        told = replace(self.supposed, proof=self._say(counts), runs=counts)
        if not self.confirmed:
            return told
        told = replace(told, confirmed=True)
        if dict(self.tried.conditions) == dict(self.supposed.conditions):
            return told
        scenario = self.tried.case.partition("[")[0]
        text = f"when {spell(self.tried.conditions)} (of {scenario})"
        return replace(told, text=text, conditions=self.tried.conditions)

    def _say(self, counts: Mapping[str, Mapping[str, int]]) -> str:
        if AGAIN in counts:
            failed_n, of_n = counts[AGAIN]["failed"], counts[AGAIN]["of"]
            flaky = "flaky: " if failed_n < of_n else ""
            return f"{flaky}in {failed_n} of {of_n} attempts of the same case"
        parts = [f"{_of(counts.get(WITH, {}), 'failed')} fail with it"]
        for factor in self.tried.conditions:
            runs = counts.get(f"{WITHOUT}{factor}", {})
            parts.append(f"{_of(runs, 'passed')} pass without {factor.replace('_', ' ')}")
        return ", ".join(parts)


def _all(runs: Sequence[Ran], *, failed: bool) -> bool:
    return len(runs) >= RUNS_N and all(run.failed is failed for run in runs)


def _count(runs: Sequence[Ran]) -> dict[str, int]:
    failed_n = sum(run.failed is True for run in runs)
    passed_n = sum(run.failed is False for run in runs)
    return {"failed": failed_n, "passed": passed_n, "of": len(runs)}


def _of(counts: Mapping[str, int], what: str) -> str:
    return f"{counts.get(what, 0)} of {counts.get('of', 0)}"
