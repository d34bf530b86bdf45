"""A verdict to change one thing of."""

from dataclasses import replace
from typing import Any

from harness.model import Anomaly, Finding, Layer, Release, Severity, Trigger
from harness.verdict import Answer, Bound, Evidence, Stage, Verdict

LOST = Finding(
    check="storage",
    anomaly=Anomaly.LOST,
    form="note",
    fields=("reason", "history"),
    saves_n=3,
    records_n=2,
    severity=Severity.BLOCK,
    layer=Layer.PAGE,
    trigger=Trigger("when shares is 1 or 2", {"shares": ("1", "2")}),
    evidence=("observations/04.jsonl", "evidence/trace 1.zip"),
)


def verdict(answer: Answer = Answer.PASS, **changes: Any) -> Verdict:
    """A verdict with that answer and otherwise ordinary content."""
    whole = Verdict(
        run="20260101-000000-abcd",
        verdict=answer,
        sentence="shop 2.0 passes: 0 of 10 saves lost",
        app="shop",
        plan_digest="d" * 64,
        release=Release("2.0"),
        baseline=Release("1.0"),
        profile="commit",
        deployer="process",
        duration_s=12.5,
        stages=(
            Stage("scenarios", 8.25, None, 12, 12, 1.0, "12 cases; 10 acknowledged saves"),
            Stage("rerun", 0.0, "nothing failed", 0, 0, 9.25),
        ),
        reasons=("0 of 10 saves lost",),
        warnings=(),
        findings=(),
        evidence=Evidence(
            cases=12,
            saves={"acknowledged": 10, "refused": 1, "unknown": 0},
            fields_read=40,
            controls={"planted": 5, "caught": 5},
            load=None,
            bound=Bound(0.95, "of any kind", 10, 0.26),
        ),
    )
    return replace(whole, **changes)
