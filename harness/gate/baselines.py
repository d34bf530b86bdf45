"""Which release to compare with, and what its own gate had promised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.checks.retelling import LOAD
from harness.errors import RecordUnreadable
from harness.model import Form
from harness.promise import read_promise
from harness.runs import RunFolder, list_runs
from harness.verdict import EXPLORE


def last_passed(runs: Path, app: str) -> str | None:
    """The release of the newest whole run that passed; None where none has."""
    for _, verdict in _passed(runs, app):
        return str(verdict["release"]["name"])
    return None


@dataclass(frozen=True, slots=True)
class Before:
    """What a release's newest passing run had promised; nothing where there is none."""

    scenarios: frozenset[str] = frozenset()
    fields: frozenset[tuple[str, str]] = frozenset()
    load: bool = False
    forms: Mapping[str, Form] = field(default_factory=dict)


def promised_before(runs: Path, app: str, release: str) -> Before:
    """Its scenarios, those declared absent included, its forms and fields, and whether a load."""
    for run, verdict in _passed(runs, app):
        if verdict["release"]["name"] == release:
            try:
                promise = read_promise(run.path / "plan.json")
            except RecordUnreadable:
                continue
            forms = promise.forms["candidate"]
            return Before(
                frozenset([*(case.scenario for case in promise.cases), *promise.absent]),
                frozenset(
                    (form.name, spec.name) for form in forms.values() for spec in form.fields
                ),
                bool(promise.stages.get(LOAD)),
                forms,
            )
    return Before()


def _passed(runs: Path, app: str) -> Iterator[tuple[RunFolder, Mapping[str, Any]]]:
    for run in list_runs(runs):
        if not (run.path / "verdict.json").exists():
            continue
        try:
            verdict: Mapping[str, Any] = run.read_json("verdict.json")
        except RecordUnreadable:
            continue
        if verdict["verdict"] == "pass" and verdict["app"] == app and not _is_partial(verdict):
            yield run, verdict


def _is_partial(verdict: Mapping[str, Any]) -> bool:
    """Whether the run left out what a gate holds, so that no other may stand on it."""
    if all(stage["name"] != "scenarios" for stage in verdict["stages"]):
        return True
    said = [str(warning) for warning in verdict["warnings"]]
    return verdict.get("profile") == EXPLORE or any(map(_LEFT_OUT.match, said))


# How a verdict begins to say that its caller chose some cases, or some stages.
_LEFT_OUT = re.compile(r"only cases matching|nothing is said of [^:]+: --stages")
