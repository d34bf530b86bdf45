"""Geometry of the report's drawings: numbers in, places out; a template draws them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.exhibits import LoadSecond, Span
from harness.verdict import Stage

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
    """One series: its points as SVG spells them."""

    name: str
    points: str
    highest: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over one another on one scale from 0 to top, from the first second to the last."""

    title: str
    unit: str
    top: float
    first_s: int
    last_s: int
    lines: tuple[Line, ...]


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


def load_charts(load: Sequence[LoadSecond]) -> tuple[Chart, ...]:
    """Saves a second, and below it how long they took; none without load."""
    if not load:
        return ()
    seconds = thinned(load)
    saves = [point.saves_per_s for point in seconds]
    p50, p95 = [point.p50_ms for point in seconds], [point.p95_ms for point in seconds]
    return (
        _chart("Acknowledged saves", "saves/s", seconds, {"saves": saves}),
        _chart("Time to acknowledge", "ms", seconds, {"p50": p50, "p95": p95}),
    )


def thinned(load: Sequence[LoadSecond], most: int = POINTS_MAX) -> list[LoadSecond]:
    """At most so many points, the worst latency of each stretch kept."""
    if len(load) <= most:
        return list(load)
    cuts = [len(load) * at // most for at in range(most + 1)]
    stretches = (load[low:high] for low, high in pairwise(cuts))
    return [max(stretch, key=lambda point: point.p95_ms) for stretch in stretches]


def _chart(
    title: str, unit: str, points: Sequence[LoadSecond], series: dict[str, list[float]]
) -> Chart:
    top = _round_up(max(max(values) for values in series.values()))
    first_s, last_s = points[0].second, points[-1].second
    wide_s = max(last_s - first_s, 1)
    lines = tuple(
        Line(
            name,
            " ".join(
                f"{(point.second - first_s) / wide_s * WIDTH:.1f},"
                f"{HEIGHT - value / top * HEIGHT:.1f}"
                for point, value in zip(points, values, strict=True)
            ),
            max(values),
        )
        for name, values in series.items()
    )
    return Chart(title, unit, top, first_s, last_s, lines)


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
