"""What a run promised before it started anything: ``plan.json``, the first file of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from harness.errors import RecordUnreadable
from harness.forms import form_from_json, form_to_json
from harness.model import Case, Form, Release

SCHEMA = "harness.plan/1"

# A gate always has these stages; whoever calls it may do without the further ones.
STAGES = ("deploy", "scenarios", "rerun", "trigger", "baseline", "observe")
# Each takes what the baseline has stored over into the candidate, in this order.
ACROSS = ("upgrade", "stale-page", "mixed", "restart", "rollback")
FURTHER = (*ACROSS, "load", "load-faults")
# A run's loads: the peak, the baseline's own for comparison, and the one under faults of ours.
LOAD, BASELINE_LOAD, FAULTS_LOAD = "load", "load-baseline", "load-faults"


@dataclass(frozen=True, slots=True)
class Known:
    """A loss the plan knows of and lets pass until it expires (ISO date).

    trigger are levels per factor; where there are none, where is a pattern for the names of the
    scenarios in which it happens, or the words of the finding's own trigger.
    """

    form: str
    fields: tuple[str, ...]
    anomaly: str
    trigger: Mapping[str, tuple[str, ...]]
    reason: str
    expires: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A run's promise: all that judging needs beside its journal and observations.

    forms maps a role to its release's forms in the plan's order; stages maps a stage to what it
    promises to measure; sample are numbers of cases the baseline runs as well; absent are
    scenarios the release is declared not to have, with the reason; replicas are the storages that
    have one to be read; readers are the names of those that look at a form's records; obligations
    maps a scenario to what has to happen in it at least once; quarantine maps a scenario to a
    reason; partial are the ``--only`` patterns where some were given; seed is that of an
    exploration, None for a gate; today is the ISO date on
    which expiries were looked at; save_pNN_ms_max and save_p95_ratio_max are the plan's limits
    under load; plan is the whole plan without its secrets; storage_proved says that an earlier run
    has read its own records in this very storage.
    """

    run: str
    tag: str
    app: str
    release: Release
    baseline: Release | None
    profile: str
    deployer: str
    plan_digest: str
    started: str
    today: str
    forms: Mapping[str, Mapping[str, Form]]
    cases: tuple[Case, ...]
    stages: Mapping[str, int]
    sample: tuple[int, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    replicas: tuple[str, ...] = ()
    obligations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()
    quarantine: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    partial: str | None = None
    seed: int | None = None
    save_p95_ms_max: float | None = None
    save_p95_ratio_max: float | None = None
    save_p50_ms_max: float | None = None
    save_p99_ms_max: float | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    storage_proved: bool = False

    @property
    def load_alone(self) -> bool:
        """Whether a load was promised, and no scenario at all."""
        return not self.cases and bool(self.stages.get(LOAD)) and "scenarios" not in self.stages

    @property
    def whole(self) -> bool:
        """Whether it is all that a gate of this plan promises."""
        return self.partial is None and self.seed is None


def promise_to_json(promise: Promise) -> dict[str, object]:
    """The promise as ``plan.json`` holds it."""
    data: dict[str, Any] = {"schema": SCHEMA}
    for spec in fields(Promise):
        data[spec.name] = getattr(promise, spec.name)
    data["release"] = asdict(promise.release)
    data["baseline"] = asdict(promise.baseline) if promise.baseline else None
    data["cases"] = [asdict(case) for case in promise.cases]
    data["known"] = [asdict(known) for known in promise.known]
    data["forms"] = {
        role: [form_to_json(form) for form in forms.values()]
        for role, forms in promise.forms.items()
    }
    for name in ("absent", "readers", "obligations", "quarantine", "plan", "stages"):
        data[name] = dict(getattr(promise, name))
    return data


def read_promise(path: Path) -> Promise:
    """The promise of a run folder; raises RecordUnreadable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("schema") != SCHEMA:
            raise ValueError(f"this harness reads {SCHEMA!r}")
        return _promise(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordUnreadable(f"the promise {path} cannot be read: {error!r}") from error


def _promise(data: dict[str, Any]) -> Promise:
    return Promise(
        **{
            **data,
            "release": Release(**data["release"]),
            "baseline": Release(**data["baseline"]) if data["baseline"] else None,
            "cases": tuple(Case(**case) for case in data["cases"]),
            "known": tuple(_known(known) for known in data["known"]),
            "forms": {role: _forms(forms) for role, forms in data["forms"].items()},
            "sample": tuple(data["sample"]),
            "readers": {form: tuple(names) for form, names in data.get("readers", {}).items()},
            "replicas": tuple(data.get("replicas", ())),
            "obligations": {name: tuple(t) for name, t in data.get("obligations", {}).items()},
            "missing": tuple(data["missing"]),
            "warnings": tuple(data["warnings"]),
        }
    )


def _forms(data: Sequence[Mapping[str, Any]]) -> dict[str, Form]:
    forms = [form_from_json(form) for form in data]
    return {form.name: form for form in forms}


def _known(data: Mapping[str, Any]) -> Known:
    trigger = {factor: tuple(levels) for factor, levels in data["trigger"].items()}
    return Known(**{**data, "fields": tuple(data["fields"]), "trigger": trigger})
