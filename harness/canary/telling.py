"""A probe as JSON: what a child process tells the canary that started it, and whoever else asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.canary.cleaning import Cleaned
from harness.canary.judging import Told
from harness.canary.metrics import Result, Unread
from harness.canary.probing import Probe
from harness.errors import RecordUnreadable
from harness.model import Anomaly
from harness.verdict import Answer

SCHEMA = "harness.probe/1"
FILE = "probe.json"


def probe_to_json(probe: Probe) -> dict[str, Any]:
    """The probe as ``probe.json`` holds it."""
    return {
        "schema": SCHEMA,
        "run": probe.run,
        "path": str(probe.path),
        "target": probe.target,
        "tick": probe.tick,
        "seconds": round(probe.seconds, 3),
        "ended_at_s": round(probe.ended_at_s, 3),
        "result": str(result_of(probe)),
        "sentence": probe.sentence,
        "verdict": str(probe.answer),
        "releases": probe.releases,
        "unread": None if probe.unread is None else str(probe.unread),
        "told": {app: [_told_to_json(one) for one in told] for app, told in probe.told.items()},
        "cleaned": asdict(probe.cleaned),
        "swept_n": probe.swept_n,
    }


def _told_to_json(told: Told) -> dict[str, Any]:
    return {
        "form": told.form,
        "release": told.release,
        "result": str(told.result),
        "sentence": told.sentence,
        "checked": told.checked,
        "bad": [[name, str(anomaly), count] for (name, anomaly), count in told.bad.items()],
        "saves_s": [round(seconds, 3) for seconds in told.saves_s],
        "preexisting": told.preexisting,
    }


def probe_from_json(data: Mapping[str, Any]) -> Probe:
    """The probe that :func:`probe_to_json` wrote; raises RecordUnreadable."""
    try:
        if data["schema"] != SCHEMA:
            raise ValueError(f"this harness reads {SCHEMA!r}")
        cleaned = data["cleaned"]
        return Probe(
            run=data["run"],
            path=Path(data["path"]),
            target=data["target"],
            tick=int(data["tick"]),
            seconds=float(data["seconds"]),
            ended_at_s=float(data["ended_at_s"]),
            sentence=data["sentence"],
            answer=Answer(data["verdict"]),
            releases=dict(data["releases"]),
            told={app: [_told(one) for one in told] for app, told in data["told"].items()},
            unread=None if data["unread"] is None else Unread(data["unread"]),
            cleaned=Cleaned(**{**cleaned, "left": tuple(cleaned["left"])}),
            swept_n=int(data.get("swept_n", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordUnreadable(f"what a probe told cannot be read: {error!r}") from error


def _told(data: Mapping[str, Any]) -> Told:
    return Told(
        form=data["form"],
        release=data["release"],
        result=Result(data["result"]),
        sentence=data["sentence"],
        checked={name: int(count) for name, count in data["checked"].items()},
        bad={(name, Anomaly(anomaly)): int(count) for name, anomaly, count in data["bad"]},
        saves_s=[float(seconds) for seconds in data["saves_s"]],
        preexisting=bool(data["preexisting"]),
    )


_WORST = (Result.LOSS, Result.ERROR, Result.TIMEOUT, Result.SKIPPED, Result.PASS)


def result_of(probe: Probe) -> Result:
    """The worst result of any form; an error where no form has any."""
    found = {told.result for of_app in probe.told.values() for told in of_app}
    return next((result for result in _WORST if result in found), Result.ERROR)


def exit_code(probes: list[Probe]) -> int:
    """0 where everything passed, 1 where something is lost, 3 for everything else."""
    found = {result_of(probe) for probe in probes}
    if Result.LOSS in found:
        return 1
    return 0 if found == {Result.PASS} else 3
