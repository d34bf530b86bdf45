"""The stage that learns when losses happen: probes, driven in rounds that all findings share."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.checks.experiment import Experiment, Ran, Step, Supposed, Wish, experiment
from harness.checks.findings import sides
from harness.checks.proving import failing_trials, ran
from harness.errors import EvidenceError
from harness.gate.choosing import representative
from harness.gate.work import Work
from harness.journal import events as ev
from harness.judge import Grounds
from harness.model import Anomaly, Case, Finding, Probe, Severity
from harness.orders import ORDER

STAGE = "trigger"
TRIGGERS_MAX = 3
# Less time than a round needs to start is left to no round.
ROUND_S_MIN = 5.0


@dataclass(slots=True)
class _Study:
    """One experiment: the findings that it speaks of, the step it waits for, its probes."""

    findings: list[Finding]
    case: Case
    steps: Experiment
    step: Step
    tried: str = ""
    numbers: list[int] = field(default_factory=list)

    @property
    def fields(self) -> set[str]:
        """Every field of every finding."""
        return {name for finding in self.findings for name in finding.fields}


@dataclass(slots=True)
class Triggering:
    """The experiments of one run, while they are made."""

    work_: Work
    began_s: float = field(default_factory=time.monotonic)
    rounds_n: int = 0
    tried_n: int = 0
    probes_n: int = 0

    def work(self) -> str | None:
        """Every experiment to its end, or until the time is over; why nothing was done."""
        work = self.work_
        limit_s = work.profile.trigger_s_max
        if limit_s == 0:
            return f"profile {work.profile.name} gives it no time"
        studies = _studies(work.weigh())
        if not studies:
            return "nothing was lost in a case that can be varied"
        while studies:
            left_s = self.began_s + limit_s - time.monotonic()
            if left_s < ROUND_S_MIN:
                self._give_up(f"the {limit_s:g} s of the profile are over")
                break
            try:
                self._round(studies, left_s)
                studies = self._next(studies)
            except EvidenceError as error:
                self._give_up(str(error))
                break
        return None

    def _give_up(self, why: str) -> None:
        sentence = f"not every trigger could be confirmed by experiment: {why}"
        self.work_.trouble(STAGE, EvidenceError(sentence), "warn")

    def _round(self, studies: Sequence[_Study], left_s: float) -> None:
        """Drive what every experiment asks for next; raises EvidenceError."""
        work = self.work_
        self.rounds_n += 1
        probes: list[Probe] = []
        for study in studies:
            self.tried_n += 1
            study.tried = str(self.tried_n)
            self._announce(study)
            mine = [self._probe(study, wish) for wish in study.step.wishes]
            study.numbers = [probe.number for probe in mine]
            probes += mine
        spec = replace(
            work.spec("candidate", STAGE), attempt=self.rounds_n, cases={}, probes=tuple(probes)
        )
        try:
            work.drive_spec(spec, left_s)
        finally:
            work.final("candidate")

    def _announce(self, study: _Study) -> None:
        for finding in study.findings:
            self.work_.journal.write(
                ev.TriggerTried(
                    tried=study.tried,
                    anomaly=str(finding.anomaly),
                    form=finding.form,
                    fields=finding.fields,
                    case=study.case.id,
                    conditions=study.step.conditions,
                )
            )

    def _probe(self, study: _Study, wish: Wish) -> Probe:
        self.probes_n += 1
        return Probe(
            # After the highest number: of a partial promise it is not how many there are.
            number=max(case.number for case in self.work_.promise.cases) + self.probes_n,
            scenario=study.case.scenario,
            name=f"{study.tried}/{wish.part}",
            preferred=wish.preferred,
            wanted=wish.wanted,
            unwanted=wish.unwanted,
            nth=wish.nth,
        )

    def _next(self, studies: Sequence[_Study]) -> list[_Study]:
        """The experiments that ask for more, each told what became of its probes."""
        grounds = self.work_.weigh()
        going: list[_Study] = []
        for study in studies:
            form = study.findings[0].form
            failing = failing_trials(grounds.symptoms, form, study.fields)
            by_number = {
                trial.began.number: ran(trial, failing)
                for trial in grounds.history.trials.values()
                if trial.began.probe
            }
            try:
                study.step = study.steps.send(_answers(study, by_number))
            except StopIteration:
                continue
            going.append(study)
        return going


def _answers(study: _Study, by_number: Mapping[int, Ran]) -> list[Ran]:
    return [by_number.get(number, Ran(None, None)) for number in study.numbers]


def _studies(grounds: Grounds) -> list[_Study]:
    """What to find out of the worst findings; those with one cause are one experiment."""
    found: dict[tuple[str, str, str], _Study] = {}
    by_number = {case.number: case for case in grounds.promise.cases}
    for finding in grounds.findings:
        if finding.severity is not Severity.BLOCK or finding.anomaly is Anomaly.JOURNEY_BROKEN:
            continue
        number = representative(finding, grounds) if finding.check != "load" else None
        if number is None or not _is_plain(by_number[number]):
            continue
        case = by_number[number]
        key = (finding.form, case.id, repr(finding.trigger.conditions))
        if key in found:
            found[key].findings.append(finding)
        elif len(found) < TRIGGERS_MAX:
            steps = experiment(_supposed(finding, case, grounds))
            found[key] = _Study([finding], case, steps, next(steps))
    return list(found.values())


def _is_plain(case: Case) -> bool:
    """Whether factors alone make the case: what else pytest varies, nobody here can ask for.

    Nor does an order of actions have levels that could be flipped.
    """
    if ORDER in case.levels:
        return False
    row = ",".join(f"{factor}={level}" for factor, level in case.levels.items())
    return case.id == (f"{case.scenario}[{row}]" if row else case.scenario)


def _supposed(finding: Finding, case: Case, grounds: Grounds) -> Supposed:
    _, passing = sides(finding, grounds.symptoms, grounds.history, grounds.promise.cases)
    failing = failing_trials(grounds.symptoms, finding.form, finding.fields)
    attempts = [
        ran(trial, failing)
        for trial in grounds.history.promised("candidate")
        if trial.began.case == case.id
    ]
    return Supposed(
        case,
        tuple(other for other in passing if other.scenario == case.scenario),
        finding.trigger.conditions,
        flaky=any(attempt.failed is False for attempt in attempts),
    )
