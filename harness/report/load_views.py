"""What the page shows of each load: its figures, its course, and the same in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.exhibits import LoadCourse, LoadSecond
from harness.promise import FAULTS_LOAD, LOAD
from harness.report.charts import Chart, load_charts, thinned
from harness.verdict import Evidence

ROWS_MAX = 12
_TITLES = {LOAD: "Load", FAULTS_LOAD: "Load under faults of ours"}


@dataclass(frozen=True, slots=True)
class LoadView:
    """One load: figures are words and values, charts its course, seconds some of it as numbers."""

    title: str
    figures: tuple[tuple[str, str, str], ...]
    charts: tuple[Chart, ...]
    seconds: tuple[LoadSecond, ...]


def load_view(course: LoadCourse, evidence: Evidence) -> LoadView:
    """One load as the page has it; a figure is its word, its value and its unit."""
    figures: list[tuple[str, str, str]] = []
    if course.name == LOAD and evidence.load is not None:
        figures = _of_peak(evidence.load, evidence.load_baseline)
    elif course.name == FAULTS_LOAD and evidence.load_faults is not None:
        figures = _under_faults(evidence.load_faults)
    return LoadView(
        _TITLES.get(course.name, course.name),
        tuple(figures),
        load_charts(course),
        tuple(thinned(course.seconds, ROWS_MAX)),
    )


def _of_peak(
    load: Mapping[str, float], baseline: Mapping[str, float] | None
) -> list[tuple[str, str, str]]:
    figures = [
        ("saves a second, target", f"{load['target_saves_per_s']:g}", ""),
        ("reached", f"{load['reached_saves_per_s']:.1f}", ""),
        ("saves acknowledged", f"{load['saves_acknowledged']:.0f}", ""),
        ("found in storage", f"{load['saves_verified']:.0f}", ""),
        ("p50, p95, p99", _times(load), "ms"),
    ]
    if baseline is not None:
        figures.append(("of the baseline", _times(baseline), "ms"))
    return figures


def _under_faults(load: Mapping[str, float]) -> list[tuple[str, str, str]]:
    return [
        ("faults of ours", f"{load['faults']:.0f}", ""),
        ("saves acknowledged", f"{load['saves_acknowledged']:.0f}", ""),
        ("found in storage", f"{load['saves_verified']:.0f}", ""),
        ("of unknown outcome", f"{load['saves_unknown']:.0f}", ""),
    ]


def _times(load: Mapping[str, float]) -> str:
    return ", ".join(f"{load[name]:.0f}" for name in ("p50_ms", "p95_ms", "p99_ms"))
