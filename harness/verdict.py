"""The verdict and its JSON: pass, block or inconclusive, with the evidence it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from harness.model import Finding, Release

SCHEMA = "harness.verdict/1"
CONFIDENCE = 0.95
# The profile of a run that looked for new losses: it stands for no gate.
EXPLORE = "explore"


class Answer(StrEnum):
    """The three answers; there is no fourth, and none is a default."""

    PASS = "pass"  # noqa: S105 - an answer, not a password
    BLOCK = "block"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 block, 3 inconclusive."""
        return {Answer.PASS: 0, Answer.BLOCK: 1, Answer.INCONCLUSIVE: 3}[self]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the run: what it promised to measure and what it did; skipped is a reason.

    began_s counts from the run's beginning, None where the stage was never reached; checked says
    in one clause what was looked at, "" where there is nothing to say.
    """

    name: str
    duration_s: float
    skipped: str | None
    promised: int
    measured: int
    began_s: float | None = None
    checked: str = ""

    @property
    def ended_s(self) -> float:
        """When it was over, in seconds from the run's beginning."""
        return (self.began_s or 0.0) + self.duration_s


@dataclass(frozen=True, slots=True)
class Bound:
    """What zero losses in saves_n saves prove: the highest loss rate that would still fit.

    The exact binomial bound 1 - (1 - confidence) ** (1 / saves_n), for the level that was
    measured least.
    """

    confidence: float
    level: str
    saves_n: int
    max_loss_rate: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the verdict rests on; load is None until a stage of load ran.

    load_faults is of the load under faults of ours, load_baseline how long saves took on the
    baseline under its own load; both None where there was none.

    controls_by_anomaly are planted and caught of each; controls_unplanted says of the others why
    nothing of the run could show them.
    """

    cases: int
    saves: Mapping[str, int]
    fields_read: int
    controls: Mapping[str, int]
    load: Mapping[str, float] | None
    bound: Bound | None
    controls_by_anomaly: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    controls_unplanted: Mapping[str, str] = field(default_factory=dict)
    load_faults: Mapping[str, float] | None = None
    load_baseline: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer and its grounds; see docs/verdict.md for each key of the JSON."""

    run: str
    verdict: Answer
    sentence: str
    app: str
    plan_digest: str
    release: Release
    baseline: Release | None
    profile: str
    deployer: str
    duration_s: float
    stages: tuple[Stage, ...]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    findings: tuple[Finding, ...]
    evidence: Evidence
    schema: str = field(default=SCHEMA)

    @property
    def load_alone(self) -> bool:
        """Whether only a load was driven, and no scenario: it stands for no gate."""
        return bool(self.stages) and all(stage.name != "scenarios" for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Cell:
    """One scenario and one field: what all its cases together say of it.

    failure is a sentence where data was lost, with its anomaly; missing says why there is no
    evidence; a cell with neither was measured and is whole. file and line are the scenario's.
    """

    scenario: str
    file: str
    line: int
    form: str
    field: str
    cases_n: int
    failed_n: int
    anomaly: str | None = None
    failure: str | None = None
    missing: str | None = None


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as ``verdict.json`` holds it, schema first."""
    data = asdict(verdict)
    return {"schema": data.pop("schema"), **data}
