"""What a load did, as every report says it."""

from __future__ import annotations

from collections.abc import Mapping

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
