"""From the grounds to the answer: pass, block or inconclusive, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.checks.grounds import Grounds
from harness.checks.load import LoadGrounds
from harness.checks.owed import hidden_saves, owed, stages
from harness.checks.pace import Figures
from harness.checks.sentences import headline, max_loss_rate, prove, say
from harness.model import Severity
from harness.orders import ORDER
from harness.promise import FAULTS_LOAD, LOAD, Promise
from harness.verdict import CONFIDENCE, Answer, Bound, Evidence, Verdict


def conclude(grounds: Grounds) -> Verdict:
    """The answer: block where a loss is confirmed, pass where all that was promised is there."""
    promise, history = grounds.promise, grounds.history
    blocking = [f for f in grounds.findings if f.severity is Severity.BLOCK]
    refused = [t.sentence for t in history.troubles if t.verdict == "block"]
    for load in grounds.loads:
        refused += load.broken
    missing = owed(grounds)
    bound = None if blocking else _bound(grounds)
    if blocking or refused:
        answer, reasons = Answer.BLOCK, [*refused, *(say(f) for f in blocking), *missing]
    elif missing or bound is None:
        answer, reasons = Answer.INCONCLUSIVE, missing or ["no acknowledged save was measured"]
    else:
        answer, reasons = Answer.PASS, [prove(bound, _verified(grounds))]
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
        stages=stages(grounds),
        reasons=tuple(reasons),
        warnings=_warnings(grounds),
        findings=grounds.findings,
        evidence=_evidence(grounds, bound),
    )


def _sentence(promise: Promise, answer: Answer, reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    word = {
        Answer.PASS: "passes" if promise.seed is None else "shows no loss",
        Answer.BLOCK: "is blocked",
        Answer.INCONCLUSIVE: "is not proved",
    }[answer]
    return f"{promise.app} {promise.release.name} {word}: {headline(reasons[0])}{more}"


def _bound(grounds: Grounds) -> Bound | None:
    """The bound for the factor level with the fewest verified saves; None without any."""
    total = _verified(grounds)
    measured = {level: n for level, n in _by_level(grounds).items() if n}
    if grounds.promise.seed is not None:
        # Rows by chance cover no level on purpose.
        measured = {}
    if not total:
        return None
    level = min(measured, key=lambda name: measured[name], default="of any kind")
    saves_n = measured.get(level, total)
    return Bound(CONFIDENCE, level, saves_n, max_loss_rate(saves_n))


def _verified(grounds: Grounds) -> int:
    """How many saves of promised cases were verified: probes are no part of what is proved."""
    if grounds.promise.load_alone:
        return sum(load.saves_verified for load in grounds.loads)
    promised = {save.id for t in grounds.history.promised("candidate") for save in t.saves}
    return len(grounds.storage.saves_verified & promised)


def _by_level(grounds: Grounds) -> dict[str, int]:
    """How many saves were verified with each level of each factor."""
    counts: dict[str, int] = {}
    for trial in grounds.history.promised("candidate"):
        verified_n = sum(save.id in grounds.storage.saves_verified for save in trial.saves)
        for factor, level in trial.began.levels.items():
            if factor == ORDER:
                # Each is one case: none of them could prove anything by itself.
                continue
            name = f"with {factor.replace('_', ' ')} {level}"
            counts[name] = counts.get(name, 0) + verified_n
    return counts


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
    warnings += grounds.unwatched
    warnings += hidden_saves(grounds)
    warnings += grounds.across.warnings
    for load in grounds.loads:
        warnings += load.warnings
    warnings += [
        f"no save {level} was verified"
        for level, n in _by_level(grounds).items()
        if not n and promise.seed is None
    ]
    return tuple(dict.fromkeys(warnings))


def _evidence(grounds: Grounds, bound: Bound | None) -> Evidence:
    saves: Mapping[str, int] = {"acknowledged": 0, "refused": 0, "unknown": 0}
    counts = dict(saves)
    for trial in grounds.history.promised("candidate"):
        for save in trial.saves:
            counts[save.state] += 1
    load, controls, loads = grounds.load(LOAD), grounds.controls, grounds.loads
    faulty = grounds.load(FAULTS_LOAD)
    return Evidence(
        cases=len(grounds.journeys.measured),
        saves=counts,
        fields_read=grounds.fields_read
        + grounds.across.fields_read
        + sum(load.fields_read for load in loads),
        controls={
            "planted": controls.planted + sum(load.controls.planted for load in loads),
            "caught": controls.caught + sum(load.controls.caught for load in loads),
        },
        load=_load(load) if load else None,
        load_faults=_load_faults(faulty) if faulty else None,
        load_baseline=_times(load.baseline.figures) if load and load.baseline else None,
        bound=bound,
        controls_by_anomaly={
            str(anomaly): {"planted": planted, "caught": caught}
            for anomaly, (planted, caught) in controls.by_anomaly.items()
        },
        controls_unplanted={str(a): why for a, why in controls.unplanted.items()},
    )


def _load(load: LoadGrounds) -> Mapping[str, float]:
    """What a load did, as verdict.json holds it."""
    figures = load.figures
    return {
        "target_saves_per_s": figures.target_saves_per_s,
        "reached_saves_per_s": figures.reached_saves_per_s,
        "saves_acknowledged": figures.saves_acknowledged,
        "saves_verified": load.saves_verified,
        **_times(figures),
    }


def _times(figures: Figures) -> Mapping[str, float]:
    """How long saves took, of those due at the peak."""
    return {"p50_ms": figures.p50_ms, "p95_ms": figures.p95_ms, "p99_ms": figures.p99_ms}


def _load_faults(load: LoadGrounds) -> Mapping[str, float]:
    """What a load did whose way was full of faults of ours."""
    return {
        "faults": len(load.faults),
        "saves_acknowledged": load.figures.saves_acknowledged,
        "saves_verified": load.saves_verified,
        "saves_unknown": load.figures.unknown_n,
    }
