"""From what was promised, journaled and observed to the verdict: pure, so an old run judges alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.checks.collateral import CollateralCheck
from harness.checks.controls import Controls, plant_controls
from harness.checks.coverage import uncovered
from harness.checks.findings import gather, with_known
from harness.checks.history import History, read_history
from harness.checks.journeys import Journeys, judge_journeys, why_no_evidence
from harness.checks.oracle import Oracle
from harness.checks.rows import Rows
from harness.checks.shown import ShownCheck
from harness.checks.trigger import find_trigger
from harness.journal.events import Event
from harness.model import (
    Anomaly,
    Finding,
    Judgement,
    Layer,
    Role,
    Severity,
    Symptom,
    Trigger,
)
from harness.observations import Observation
from harness.promise import Known, Promise
from harness.verdict import CONFIDENCE, Answer, Bound, Evidence, Stage, Verdict


@dataclass(frozen=True, slots=True)
class Grounds:
    """Everything a verdict is made of."""

    promise: Promise
    history: History
    observations: tuple[Observation, ...]
    storage: Judgement
    symptoms: tuple[Symptom, ...]
    findings: tuple[Finding, ...]
    journeys: Journeys
    controls: Controls
    fields_read: int


def judge(
    promise: Promise, events: Sequence[Event], observations: Sequence[Observation]
) -> Verdict:
    """The verdict of a run; the same record gives the same verdict, at any time and place."""
    return conclude(weigh(promise, events, observations))


def weigh(
    promise: Promise, events: Sequence[Event], observations: Sequence[Observation]
) -> Grounds:
    """Run every check; what the gate asks between rounds, and what the verdict is made of."""
    history = read_history(events)
    forms = promise.forms["candidate"]
    candidate, judgements = _judge_role(promise, "candidate", history, observations)
    _, of_baseline = _judge_role(promise, "baseline", history, observations)
    symptoms = [s for judgement in judgements for s in judgement.symptoms]
    baseline = [s for judgement in of_baseline for s in judgement.symptoms]
    findings = list(gather(symptoms, history, promise.cases, forms, baseline))
    journeys = judge_journeys(history, promise.cases, promise.quarantine)
    findings += _broken(promise, history, journeys)
    return Grounds(
        promise,
        history,
        tuple(observations),
        judgements[0],
        tuple(symptoms),
        tuple(_known(finding, promise.known) for finding in findings),
        journeys,
        plant_controls(candidate, history, observations),
        sum(judgement.fields_read for judgement in judgements),
    )


def _judge_role(
    promise: Promise, role: Role, history: History, observations: Sequence[Observation]
) -> tuple[Oracle, list[Judgement]]:
    forms = promise.forms.get(role, {})
    oracle = Oracle(role, promise.tag, forms)
    storage = oracle.judge(history, observations)
    wrong = {(s.record, s.field) for s in storage.symptoms}
    shown = ShownCheck(role, promise.tag, forms, wrong).judge(history, observations)
    collateral = CollateralCheck(role, forms).judge(history, observations)
    return oracle, [storage, shown, collateral]


def _broken(promise: Promise, history: History, journeys: Journeys) -> list[Finding]:
    """Journeys that only the candidate breaks, one finding a scenario."""
    found = []
    by_scenario: dict[str, list[int]] = {}
    for number in journeys.broken:
        case = next(case for case in promise.cases if case.number == number)
        by_scenario.setdefault(case.scenario, []).append(number)
    for numbers in by_scenario.values():
        failing = [case for case in promise.cases if case.number in numbers]
        passing = [case for case in promise.cases if case.number in journeys.measured]
        trigger = find_trigger(failing, passing)
        trials = [
            t for t in history.of_role("candidate") if t.began.number in numbers and t.ended
        ]
        paths = [path for t in trials if t.ended for path in t.ended.evidence]
        first = journeys.broken[numbers[0]]
        found.append(
            Finding(
                check="journeys",
                anomaly=Anomaly.JOURNEY_BROKEN,
                form="",
                fields=(),
                saves_n=0,
                records_n=len(numbers),
                severity=Severity.BLOCK,
                layer=Layer.UNKNOWN,
                trigger=Trigger(f"{trigger.text}: {first}", trigger.conditions, confirmed=True),
                evidence=tuple(dict.fromkeys(paths))[:20],
            )
        )
    return found


def _known(finding: Finding, known: Sequence[Known]) -> Finding:
    """A blocking finding that an entry of the plan covers whole; a wider trigger never matches."""
    for entry in known:
        covered = (
            finding.severity is Severity.BLOCK
            and (finding.form, str(finding.anomaly)) == (entry.form, entry.anomaly)
            and set(finding.fields) <= set(entry.fields)
            and all(
                factor in finding.trigger.conditions
                and set(finding.trigger.conditions[factor]) <= set(levels)
                for factor, levels in entry.trigger.items()
            )
        )
        if covered:
            return with_known(finding, f"{entry.reason} (until {entry.expires})")
    return finding


# --- the answer ------------------------------------------------------------------------------


def conclude(grounds: Grounds) -> Verdict:
    """The answer: block where a loss is confirmed, pass where all that was promised is there."""
    promise, history = grounds.promise, grounds.history
    blocking = [f for f in grounds.findings if f.severity is Severity.BLOCK]
    refused = [t.sentence for t in history.troubles if t.verdict == "block"]
    owed = _owed(grounds)
    bound = None if blocking else _bound(grounds)
    if blocking or refused:
        answer, reasons = Answer.BLOCK, [*refused, *(say(f) for f in blocking), *owed]
    elif owed or bound is None:
        answer, reasons = Answer.INCONCLUSIVE, owed or ["no acknowledged save was measured"]
    else:
        answer, reasons = Answer.PASS, [_proved(bound)]
    return Verdict(
        run=promise.run,
        verdict=answer,
        sentence=_sentence(promise, answer, reasons),
        app=promise.app,
        plan_digest=promise.plan_digest,
        release=promise.release,
        baseline=promise.baseline,
        profile=promise.profile,
        deployer=promise.deployer,
        duration_s=round(history.ended_s - history.began_s, 3),
        stages=_stages(grounds),
        reasons=tuple(reasons),
        warnings=_warnings(grounds),
        findings=grounds.findings,
        evidence=_evidence(grounds, bound),
    )


def _sentence(promise: Promise, answer: Answer, reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    word = {
        Answer.PASS: "passes",
        Answer.BLOCK: "is blocked",
        Answer.INCONCLUSIVE: "is not proved",
    }[answer]
    return f"{promise.app} {promise.release.name} {word}: {reasons[0]}{more}"


def say(finding: Finding) -> str:
    """A finding as one sentence: anomaly, fields, when, layer."""
    before = " (the baseline shows it as well)" if finding.preexisting else ""
    if finding.anomaly is Anomaly.JOURNEY_BROKEN:
        return f"journey broken {finding.trigger.text}{before}"
    what = f"{finding.form}: {_and(finding.fields)} {finding.anomaly}"
    count = f"{finding.saves_n} save{'s' if finding.saves_n != 1 else ''}"
    return f"{what} in {count}, {finding.trigger.text}; {_LAYERS[finding.layer]}{before}"


_LAYERS = {
    Layer.PAGE: "typed, but the page never sent it",
    Layer.SERVER: "sent, but not what storage holds",
    Layer.READ: "stored, but not what a fresh reader is shown",
    Layer.UNKNOWN: "where it got lost is not known",
}


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _proved(bound: Bound) -> str:
    one_in = int(1 / bound.max_loss_rate)
    return (
        f"0 of {bound.saves_n} saves {bound.level} lost: "
        f"of saves like these fewer than 1 in {one_in} at {bound.confidence:.0%}"
    )


def _owed(grounds: Grounds) -> list[str]:
    """Every piece of promised evidence that is missing, as a sentence."""
    promise, history = grounds.promise, grounds.history
    owed = [t.sentence for t in history.troubles if t.verdict == "inconclusive"]
    owed += promise.missing
    owed += grounds.journeys.owed.values()
    owed += [
        f"{say(finding)}; no second read has confirmed it"
        if finding.anomaly is not Anomaly.UNVERIFIED
        else f"{finding.form}: no read that counts began after {finding.saves_n} saves"
        for finding in grounds.findings
        if finding.severity is Severity.INCONCLUSIVE
    ]
    owed += _unproved_reading(grounds)
    keys, _ = uncovered(history, grounds.observations, promise.forms)
    owed += keys
    if not history.closed:
        owed.append("the run was cut short before its end")
    return owed


def _unproved_reading(grounds: Grounds) -> list[str]:
    """What shows that the oracle looked, at the right storage, and can see a loss."""
    promise, controls = grounds.promise, grounds.controls
    if not promise.cases:
        return ["no case was promised, so nothing could be measured"]
    trials = grounds.history.of_role("candidate")
    acknowledged = {
        record.form
        for trial in trials
        for record in trial.records
        if any(save.state == "acknowledged" for save in record.saves)
    }
    owed = [
        f"no save of form {form} was acknowledged"
        for form in promise.forms["candidate"]
        if form not in acknowledged and promise.partial is None
    ]
    reads = [o for o in grounds.observations if o.role == "candidate" and o.purpose != "before"]
    if not reads:
        return [*owed, "storage was never read after the scenarios"]
    if acknowledged and not Rows(reads[-1], promise.tag).tokens_n:
        owed.append("storage holds none of this run's own values: is it the right storage?")
    if controls.missed:
        owed += [f"the oracle missed a control: {missed}" for missed in controls.missed]
    elif not controls.planted and acknowledged and grounds.storage.saves_verified:
        owed.append("no record was whole enough to plant a control in")
    return owed


def _bound(grounds: Grounds) -> Bound | None:
    """The bound for the factor level with the fewest verified saves; None without any."""
    counts: dict[str, int] = {}
    total = 0
    for trial in grounds.history.of_role("candidate"):
        verified_n = sum(save.id in grounds.storage.saves_verified for save in trial.saves)
        total += verified_n
        for factor, level in trial.began.levels.items():
            name = f"with {factor.replace('_', ' ')} {level}"
            counts[name] = counts.get(name, 0) + verified_n
    measured = {level: n for level, n in counts.items() if n}
    if not total:
        return None
    level = min(measured, key=lambda name: measured[name], default="of any kind")
    saves_n = measured.get(level, total)
    return Bound(CONFIDENCE, level, saves_n, 1 - (1 - CONFIDENCE) ** (1 / saves_n))


def _stages(grounds: Grounds) -> tuple[Stage, ...]:
    promise, history = grounds.promise, grounds.history
    measured = {
        "deploy": len({o.role for o in grounds.observations if o.purpose == "before"}),
        "scenarios": len(grounds.journeys.measured),
        "baseline": len(_sample_measured(promise, history)),
        "observe": len(
            {r.form for t in history.of_role("candidate") for r in t.records}
            if grounds.storage.fields_read
            else ()
        ),
    }
    stages = []
    for name, promised in promise.stages.items():
        began_s, ended_s, skipped = history.stages.get(name, (0.0, 0.0, "never reached"))
        duration_s = (ended_s if ended_s is not None else history.ended_s) - began_s
        stages.append(
            Stage(name, round(duration_s, 3), skipped, promised, measured.get(name, 0))
        )
    return tuple(stages)


def _sample_measured(promise: Promise, history: History) -> set[int]:
    return {
        trial.began.number
        for trial in history.of_role("baseline")
        if trial.began.number in promise.sample and why_no_evidence(trial) is None
    }


def _warnings(grounds: Grounds) -> tuple[str, ...]:
    promise = grounds.promise
    warnings = [t.sentence for t in grounds.history.troubles if t.verdict == "warn"]
    warnings += promise.warnings
    if promise.partial is not None:
        warnings.append(f"only cases matching {promise.partial!r} were run")
    warnings += [f"not promised for this release: {s}: {r}" for s, r in promise.absent.items()]
    warnings += [
        f"{say(f)}; known: {f.known}" if f.known else say(f)
        for f in grounds.findings
        if f.severity is Severity.WARN
    ]
    warnings += grounds.journeys.flaky
    warnings += grounds.journeys.quarantined
    _, columns = uncovered(grounds.history, grounds.observations, promise.forms)
    return tuple(warnings + columns)


def _evidence(grounds: Grounds, bound: Bound | None) -> Evidence:
    saves: Mapping[str, int] = {"acknowledged": 0, "refused": 0, "unknown": 0}
    counts = dict(saves)
    for trial in grounds.history.of_role("candidate"):
        for save in trial.saves:
            counts[save.state] += 1
    return Evidence(
        cases=len(grounds.journeys.measured),
        saves=counts,
        fields_read=grounds.fields_read,
        controls={"planted": grounds.controls.planted, "caught": grounds.controls.caught},
        load=None,
        bound=bound,
    )
