"""What a load did and how the stages went, as every report says it."""

from __future__ import annotations

from collections.abc import Mapping

from harness.verdict import Verdict

# A rate that is this near was reached.
_REACHED = 0.995


def load_line(load: Mapping[str, float]) -> str:
    """Target, reached, acknowledged, verified and the time that 95 % took, in one line."""
    told_n, found_n = int(load["saves_acknowledged"]), int(load["saves_verified"])
    target, reached = load["target_saves_per_s"], load["reached_saves_per_s"]
    short = f", reached {reached:.1f}" if reached < target * _REACHED else ""
    head = f"load {target:g} saves/s{short}"
    if not told_n:
        return f"{head}: no save acknowledged"
    found = "all found in storage" if found_n == told_n else f"{found_n:,} found in storage"
    return f"{head}: {told_n:,} acknowledged, {found}; p95 {load['p95_ms']:.0f} ms"


def faults_line(load: Mapping[str, float]) -> str:
    """How many faults came at the peak, and what was stored of what was acknowledged."""
    told_n, found_n = int(load["saves_acknowledged"]), int(load["saves_verified"])
    faults_n = int(load["faults"])
    head = f"load with {faults_n} fault{'' if faults_n == 1 else 's'}"
    if not told_n:
        return f"{head}: no save acknowledged"
    found = "all found in storage" if found_n == told_n else f"{found_n:,} found in storage"
    unknown = f"; {int(load['saves_unknown']):,} of unknown outcome"
    return f"{head}: {told_n:,} acknowledged, {found}{unknown}"


def stages_line(verdict: Verdict) -> str:
    """How long each stage took, and those that did nothing by their reason, in one line."""
    ran = [f"{s.name} {s.duration_s:.1f} s" for s in verdict.stages if s.skipped is None]
    skipped: dict[str, list[str]] = {}
    for stage in verdict.stages:
        if stage.skipped is not None:
            skipped.setdefault(stage.skipped, []).append(stage.name)
    left = [f"{', '.join(names)} skipped ({why})" for why, names in skipped.items()]
    return " · ".join([*ran, *left, f"whole run {verdict.duration_s:.1f} s"])
