"""Metrics as text, the way a canary or a gate exposes them."""

from __future__ import annotations

from collections.abc import Iterable

Sample = tuple[str, dict[str, str], float]


def line(name: str, labels: dict[str, str], value: float) -> str:
    """One sample of the text format."""
    said = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{said}}} {value!r}"


def exposition(samples: Iterable[Sample]) -> str:
    """Samples as the text of /metrics."""
    return "".join(f"{line(*sample)}\n" for sample in samples)


def field_bad(bad: int, field: str = "reason", release: str = "1.2.0") -> list[Sample]:
    """A field of the newest probe: the gauge, and the counter that was born with it."""
    labels = {
        "app": "clinic",
        "form": "consultation",
        "release": release,
        "field": field,
        "anomaly": "lost",
    }
    return [
        ("harness_last_probe_fields_bad", labels, bad),
        ("harness_fields_bad_total", labels, bad),
    ]
