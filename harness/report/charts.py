"""Geometry of the report's drawings: numbers in, places out; a template draws them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TypeAlias

from harness.exhibits import LoadCourse, LoadSecond, Span
from harness.verdict import Stage

# A value per second and series; None where there is none.
Series: TypeAlias = dict[str, list[float | None]]
# A box of these units is stretched over whatever width the page has.
WIDTH = 1000
HEIGHT = 200
POINTS_MAX = 250
SHADES_MAX = 60
FAULTS_NAMED_MAX = 6
# Nothing that happened is too thin to be seen.
THIN = 0.005


@dataclass(frozen=True, slots=True)
class Shade:
    """A fault within a stage: where it begins and how long it is, of WIDTH."""

    fault: Span
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage on the run's clock: where its bar begins and how long it is, of WIDTH.

    faults are the names of those within it, each with how often where that is more than once.
    """

    stage: Stage
    x: float
    width: float
    shades: tuple[Shade, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its points as SVG spells them, in parts where nothing was there to draw."""

    name: str
    parts: tuple[str, ...]
    highest: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Saves of one second that were lost: where they are, of WIDTH."""

    x: float
    second: int
    lost_n: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over one another on one scale from 0 to top, from the first second to the last.

    shades are faults of ours, ticks where losses fall.
    """

    title: str
    unit: str
    top: float
    first_s: int
    last_s: int
    lines: tuple[Line, ...]
    shades: tuple[Shade, ...] = ()
    ticks: tuple[Tick, ...] = ()


def bars(stages: Sequence[Stage], faults: Sequence[Span] = ()) -> list[Bar]:
    """A bar for each stage, with the faults that fell into it."""
    whole_s = scale_s(stages)
    return [_bar(stage, faults, whole_s) for stage in stages]


def scale_s(stages: Sequence[Stage]) -> float:
    """The seconds that all bars together stand for."""
    return max((stage.ended_s for stage in stages), default=0.0) or 1.0


def _bar(stage: Stage, faults: Sequence[Span], whole_s: float) -> Bar:
    began_s, ended_s = stage.began_s or 0.0, stage.ended_s
    within = [f for f in faults if f.began_s <= ended_s and f.ended_s >= began_s]
    if stage.began_s is None or stage.skipped is not None:
        within = []
    shades = (
        Shade(f, *_place(max(f.began_s, began_s), min(f.ended_s, ended_s), whole_s))
        for f in within[:SHADES_MAX]
    )
    return Bar(stage, *_place(began_s, ended_s, whole_s), tuple(shades), tuple(_named(within)))


def _place(began_s: float, ended_s: float, whole_s: float) -> tuple[float, float]:
    x = min(began_s / whole_s, 1 - THIN)
    return round(x * WIDTH, 1), round(max((ended_s - began_s) / whole_s, THIN) * WIDTH, 1)


def _named(faults: Sequence[Span]) -> list[str]:
    counts = Counter(fault.name for fault in faults)
    named = [name if n == 1 else f"{name} ({n} times)" for name, n in counts.items()]
    more_n = len(named) - FAULTS_NAMED_MAX
    return [*named[:FAULTS_NAMED_MAX], *([f"{more_n} more"] if more_n > 0 else [])]


def load_charts(course: LoadCourse) -> tuple[Chart, ...]:
    """Saves a second, how long they took, and how many were under way; none without load."""
    points = thinned(course.seconds)
    if not points:
        return ()
    # Of nothing there is no time that half of it took.
    took: Series = {
        "p50": [point.p50_ms if point.saves_per_s else None for point in points],
        "p95": [point.p95_ms if point.saves_per_s else None for point in points],
        "p99": [point.p99_ms if point.saves_per_s else None for point in points],
    }
    saves: Series = {"acknowledged": [point.saves_per_s for point in points]}
    if any(point.unsure_n for point in points):
        saves["refused or unknown"] = [float(point.unsure_n) for point in points]
    under_way: Series = {"saves": [float(point.under_way_n) for point in points]}
    return tuple(
        _chart(title, unit, points, series, course.faults)
        for title, unit, series in (
            ("Saves", "saves/s", saves),
            ("Time to acknowledge", "ms", took),
            ("Under way", "saves", under_way),
        )
    )


def thinned(load: Sequence[LoadSecond], most: int = POINTS_MAX) -> list[LoadSecond]:
    """At most so many points, the worst latency of each stretch kept and what went wrong in all."""
    if len(load) <= most:
        return list(load)
    cuts = [len(load) * at // most for at in range(most + 1)]
    return [_worst(load[low:high]) for low, high in pairwise(cuts)]


def _worst(stretch: Sequence[LoadSecond]) -> LoadSecond:
    return replace(
        max(stretch, key=lambda point: point.p95_ms),
        under_way_n=max(point.under_way_n for point in stretch),
        unsure_n=max(point.unsure_n for point in stretch),
        lost_n=sum(point.lost_n for point in stretch),
    )


def _chart(
    title: str, unit: str, points: Sequence[LoadSecond], series: Series, faults: Sequence[Span]
) -> Chart:
    highest = {
        name: max((v for v in vs if v is not None), default=0) for name, vs in series.items()
    }
    top = _round_up(max(highest.values()))
    first_s, last_s = points[0].second, points[-1].second + 1
    wide_s = last_s - first_s
    # A second is drawn where its middle is.
    xs = [(point.second + 0.5 - first_s) / wide_s * WIDTH for point in points]
    lines = tuple(
        Line(name, tuple(_parts(xs, values, top)), highest[name]) for name, values in series.items()
    )
    shades = tuple(
        Shade(fault, *_place(max(0.0, fault.began_s), min(fault.ended_s, wide_s), wide_s))
        for fault in faults[:SHADES_MAX]
        if fault.began_s <= wide_s
    )
    ticks = tuple(
        Tick(round(x, 1), point.second, point.lost_n)
        for x, point in zip(xs, points, strict=True)
        if point.lost_n
    )
    return Chart(title, unit, top, first_s, last_s, lines, shades, ticks)


def _parts(xs: Sequence[float], values: Sequence[float | None], top: float) -> Iterator[str]:
    """The points of one series, in parts between what was not there."""
    points = zip(xs, values, strict=True)
    for there, part in groupby(points, key=lambda point: point[1] is not None):
        if there:
            yield " ".join(f"{x:.1f},{HEIGHT - (y or 0.0) / top * HEIGHT:.1f}" for x, y in part)


def _round_up(value: float) -> float:
    """The next number that reads well: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    step = 1.0
    while step < value:
        step *= 10
    while step / 10 >= value:
        step /= 10
    return next(part for part in (step / 5, step / 2, step) if part >= value)
