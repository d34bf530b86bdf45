"""The geometry of the report's drawings."""

from hypothesis import given
from hypothesis import strategies as st

from harness.exhibits import LoadSecond, Span
from harness.report.charts import HEIGHT, POINTS_MAX, WIDTH, bars, load_charts

NUMBERS = st.floats(0, 1e6)
SECONDS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=600)


@given(SECONDS)
def test_every_point_is_inside_its_box(values: list[tuple[float, float, float]]) -> None:
    """Whatever the load was, its lines stay inside the drawing and have few points."""
    for chart in load_charts([LoadSecond(n, *each) for n, each in enumerate(values)]):
        for line in chart.lines:
            points = [tuple(map(float, p.split(","))) for p in line.points.split()]
            assert len(points) <= POINTS_MAX
            assert all(0 <= x <= WIDTH and -0.1 <= y <= HEIGHT for x, y in points)
            assert line.highest <= chart.top


def test_the_worst_second_is_kept() -> None:
    """Thinning a long load keeps its slowest second."""
    load = [LoadSecond(n, 500, 20, 900 if n == 1234 else 60) for n in range(3000)]

    assert load_charts(load)[1].lines[1].highest == 900


def test_no_load_has_no_chart() -> None:
    """Where nothing was measured there is nothing drawn."""
    assert load_charts([]) == ()


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), max_size=8))
def test_every_stage_can_be_seen(times: list[tuple[float, float]]) -> None:
    """A stage of no time at all has a bar too, and none leaves the drawing by more than that."""
    spans = [Span("stage", low, low + long) for low, long in times]

    assert all(bar.width > 0 and 0 <= bar.x <= WIDTH for bar in bars(spans))
