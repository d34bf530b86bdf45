"""What is found, in one sentence each, for whoever has to decide at the end of a long day."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model import Anomaly, Finding, Layer
from harness.verdict import CONFIDENCE, Bound

_LAYERS = {
    Layer.PAGE: "typed, but never sent by the page",
    Layer.SERVER: "sent by the page, but not what storage holds",
    Layer.READ: "stored, but a fresh reader is shown something else",
    Layer.UNKNOWN: "where it went wrong is not known",
}
_ONE_IN_TWO = 0.5


def say(finding: Finding) -> str:
    """A finding as one sentence: anomaly, fields, when, layer."""
    before = " (the baseline shows it as well)" if finding.preexisting else ""
    if finding.anomaly is Anomaly.JOURNEY_BROKEN:
        return f"journey broken {finding.trigger.text}{before}"
    what = f"{finding.form}: {listed(finding.fields)}"
    if finding.anomaly is Anomaly.COLLATERAL:
        records = f"in {plural(finding.records_n, 'record')} where nobody edited it"
        return f"{what} changed or gone {records}, {finding.trigger.text}{before}"
    if finding.saves_n == 0:
        return f"{what} {finding.anomaly} in {plural(finding.records_n, 'record')}{before}"
    count = f"in {plural(finding.saves_n, 'save')}"
    layer = _LAYERS[finding.layer]
    return f"{what} {finding.anomaly} {count}, {finding.trigger.text}; {layer}{before}"


def prove(bound: Bound, verified_n: int) -> str:
    """What it proves that none of verified_n saves was lost, and where it proves least."""
    least = f"{plural(bound.saves_n, 'save')} {bound.level}"
    whole = f"0 of {plural(verified_n, 'save')} lost: {_fewer(max_loss_rate(verified_n))}"
    if bound.saves_n == verified_n:
        return whole
    return f"{whole}; measured least, {least}: {_fewer(bound.max_loss_rate)}"


def max_loss_rate(saves_n: int) -> float:
    """The highest loss rate that none lost of saves_n still fits, at CONFIDENCE: exact binomial."""
    return float(1 - (1 - CONFIDENCE) ** (1 / saves_n))


def _fewer(rate: float) -> str:
    fewer = f"1 in {int(1 / rate)}" if rate <= _ONE_IN_TWO else f"{rate * 100:.0f} in 100"
    return f"of saves like these fewer than {fewer} at {CONFIDENCE * 100:.0f} %"


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
