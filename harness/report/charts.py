"""Geometry of the report's drawings: numbers in, places out; a template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.exhibits import LoadSecond, Span

# A box of these units is stretched over whatever width the page has.
WIDTH = 1000
HEIGHT = 200
POINTS_MAX = 250


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage on the run's clock: where its bar begins and how long it is, of WIDTH."""

    span: Span
    x: float
    width: float


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


def bars(spans: Sequence[Span]) -> list[Bar]:
    """A bar for each stage, never too thin to be seen."""
    whole_s = max((span.ended_s for span in spans), default=0.0) or 1.0
    return [
        Bar(
            span,
            round(min(span.began_s / whole_s, 0.995) * WIDTH, 1),
            round(max((span.ended_s - span.began_s) / whole_s, 0.005) * WIDTH, 1),
        )
        for span in spans
    ]


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
