"""Shortens an order that loses something, and tries the shortest until it is sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.checks.findings import TRIES_TO_CONFIRM
from harness.checks.orders import shorter, shortest
from harness.gate.choosing import representatives
from harness.gate.drawing import in_order_of
from harness.judge import Grounds
from harness.model import Case, Finding, Severity
from harness.orders import ORDER, THEN, Model, Names, names_of
from harness.promise import Promise


class Driver(Protocol):
    """Who promises and drives cases, and judges them."""

    @property
    def promise(self) -> Promise:
        """What was promised by now."""
        ...

    def drive(self, cases: Sequence[Case], *, trace: bool = False) -> Grounds:
        """Drive these cases, the new ones promised first; all there is by then, judged."""
        ...


@dataclass(slots=True)
class Reducing:
    """One finding's order made as short as it gets; models are those of the scenarios."""

    driver: Driver
    models: Mapping[str, Model]

    def work(self, grounds: Grounds) -> None:
        """Reduce the most severe finding that orders show, and try what shows it three times."""
        finding = next(f for f in grounds.findings if f.severity is not Severity.WARN)
        failing = failing_cases(finding, grounds)
        ordered = [case for case in failing if case.scenario in self.models]
        if ordered:
            least = min(ordered, key=lambda case: len(names_of(case.levels[ORDER])))
            case = self._reduced(least, finding, grounds)
        else:
            by_number = {case.number: case for case in grounds.promise.cases}
            case = by_number[representatives(grounds)[0]]
        for tried_n in range(1, TRIES_TO_CONFIRM):
            self.driver.drive([case], trace=tried_n == 1)

    def _reduced(self, case: Case, finding: Finding, grounds: Grounds) -> Case:
        """The case with the shortest order that shows the same."""
        model, best = self.models[case.scenario], case
        while True:
            tried = self._tried(best, finding, grounds)
            order = names_of(best.levels[ORDER])
            found = shortest(order, tried)
            if found != order:
                best = self._known(best, found)
                continue
            first = len(self.driver.promise.cases)
            made = [
                in_order_of(best, THEN.join(names), first + at)
                for at, names in enumerate(shorter(model, order, tried))
            ]
            batch = [one for one in made if one is not None]
            if not batch:
                return best
            grounds = self.driver.drive(batch)

    def _tried(self, case: Case, finding: Finding, grounds: Grounds) -> dict[Names, bool]:
        """The orders of that scenario that were driven, and whether they failed alike."""
        others = {name: level for name, level in case.levels.items() if name != ORDER}
        failing = {one.id for one in failing_cases(finding, grounds)}
        attempted = {trial.began.case for trial in grounds.history.of_role("candidate")}
        return {
            names_of(one.levels[ORDER]): one.id in failing
            for one in grounds.promise.cases
            if one.scenario == case.scenario
            and {n: level for n, level in one.levels.items() if n != ORDER} == others
            and one.id in attempted
        }

    def _known(self, case: Case, order: Names) -> Case:
        levels = {**case.levels, ORDER: THEN.join(order)}
        return next(
            one
            for one in self.driver.promise.cases
            if one.scenario == case.scenario and dict(one.levels) == levels
        )


def failing_cases(finding: Finding, grounds: Grounds) -> list[Case]:
    """The promised cases whose trials show what the finding says."""
    by_id = {case.id: case for case in grounds.promise.cases}
    trials = grounds.history.trials
    ids = dict.fromkeys(
        trials[symptom.trial].began.case
        for symptom in grounds.symptoms
        if (symptom.check, symptom.anomaly, symptom.form)
        == (finding.check, finding.anomaly, finding.form)
        and symptom.severity is not Severity.WARN
        and symptom.trial in trials
    )
    return [by_id[name] for name in ids if name in by_id]
