"""What is found, in one sentence each, for whoever has to decide at the end of a long day."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model import Anomaly, Finding
from harness.promise import FAULTS_LOAD, LOAD
from harness.verdict import CONFIDENCE, Bound

_SENT = "sent and acknowledged, but not what storage holds"
_ONE_IN_TWO = 0.5


def say(finding: Finding) -> str:
    """A finding as one sentence: anomaly, fields, when, layer."""
    before = " (the baseline shows it as well)" if finding.preexisting else ""
    if finding.anomaly is Anomaly.JOURNEY_BROKEN:
        return f"journey broken {finding.trigger.text}{before}"
    what = f"{finding.form}: {listed(finding.fields)}"
    if finding.breach:
        what = f"confidentiality breach, what belongs to one record stands in another's: {what}"
    if finding.anomaly is Anomaly.COLLATERAL:
        records = f"in {plural(finding.records_n, 'record')} where nobody edited it"
        return f"{what} changed or gone {records}, {finding.trigger.text}{before}"
    if finding.saves_n == 0:
        return f"{what} {finding.anomaly} in {plural(finding.records_n, 'record')}{before}"
    if finding.check in (LOAD, FAULTS_LOAD):
        # Its trigger counts.
        return f"{what} {finding.anomaly}, {finding.trigger.text}; {_SENT}{before}"
    count = f"in {plural(finding.saves_n, 'save')}"
    layer = finding.layer.words
    return f"{what} {finding.anomaly} {count}, {finding.trigger.text}; {layer}{before}"


def prove(bound: Bound, verified_n: int) -> str:
    """What it proves that none of verified_n saves was lost, and where it proves least."""
    whole = (
        f"0 of {plural(verified_n, 'save')} lost: of saves like these "
        f"fewer than {_rate(max_loss_rate(verified_n))} at {CONFIDENCE * 100:.0f} %"
    )
    if bound.saves_n == verified_n:
        return whole
    few = bound.max_loss_rate > _ONE_IN_TWO
    proves = "too few to prove much" if few else f"fewer than {_rate(bound.max_loss_rate)}"
    return f"{whole}; measured least {bound.level}: 0 of {bound.saves_n}, {proves}"


def max_loss_rate(saves_n: int) -> float:
    """The highest loss rate that none lost of saves_n still fits, at CONFIDENCE: exact binomial."""
    return float(1 - (1 - CONFIDENCE) ** (1 / saves_n))


def _rate(rate: float) -> str:
    return f"1 in {int(1 / rate)}" if rate <= _ONE_IN_TWO else f"{rate * 100:.0f} in 100"


def headline(reason: str) -> str:
    """A reason on one line: how it begins and how it ends, which is where a process says why."""
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return f"{lines[0]} {lines[-1]}" if len(lines) > 1 else "".join(lines)


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    if len(names) <= 1:
        return "".join(names) or "a field"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
