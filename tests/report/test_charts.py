"""The geometry of the report's drawings."""

from hypothesis import given
from hypothesis import strategies as st

from harness.exhibits import LoadCourse, LoadSecond, Span
from harness.report.charts import (
    FAULTS_NAMED_MAX,
    HEIGHT,
    POINTS_MAX,
    SHADES_MAX,
    THIN,
    WIDTH,
    bars,
    load_charts,
)
from harness.verdict import Stage

NUMBERS = st.floats(0, 1e6)
SECONDS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=600)


@given(SECONDS)
def test_every_point_is_inside_its_box(values: list[tuple[float, float, float]]) -> None:
    """Whatever the load was, its lines stay inside the drawing and have few points."""
    faults = (Span("cut", 0.5, 2.0), Span("cut", 3.0, 1e9), Span("late", 1e8, 1e9))
    course = LoadCourse(
        "load", tuple(LoadSecond(n, *each) for n, each in enumerate(values)), faults
    )
    for chart in load_charts(course):
        places = [(shade.x, shade.width) for shade in chart.shades]
        assert all(0 <= x <= WIDTH and x + width <= WIDTH * (1 + THIN) + 0.2 for x, width in places)
        for line in chart.lines:
            points = [tuple(map(float, p.split(","))) for p in " ".join(line.parts).split()]
            assert len(points) <= POINTS_MAX
            assert all(0 <= x <= WIDTH and -0.1 <= y <= HEIGHT for x, y in points)
            assert line.highest <= chart.top


def test_the_worst_second_is_kept() -> None:
    """Thinning a long load keeps its slowest second."""
    load = [LoadSecond(n, 500, 20, 900 if n == 1234 else 60) for n in range(3000)]

    assert load_charts(LoadCourse("load", tuple(load)))[1].lines[1].highest == 900


def test_what_went_wrong_in_a_long_load_is_not_thinned_away() -> None:
    """Each lost save of a stretch is counted where it is drawn, and its worst second is shown."""
    load = [
        LoadSecond(n, 500, 20, 60, 90, n % 40, unsure_n=7 * (n == 999), lost_n=n in (998, 999))
        for n in range(3000)
    ]
    saves, _, under_way = load_charts(LoadCourse("load", tuple(load)))

    assert 2 == sum(tick.lost_n for tick in saves.ticks)
    assert ("refused or unknown", 7) == (saves.lines[1].name, saves.lines[1].highest)
    assert 39 == under_way.lines[0].highest


def test_no_time_is_drawn_where_nothing_was_acknowledged() -> None:
    """The line of the times is broken where there are none, and does not fall to nothing."""
    load = [LoadSecond(n, 0 if n in (3, 4) else 9, 20, 60, 90) for n in range(8)]
    saves, took, _ = load_charts(LoadCourse("load", tuple(load)))

    assert [1, 2] == [len(saves.lines[0].parts), len(took.lines[0].parts)]
    assert all("200.0" not in part for part in took.lines[0].parts)


def test_faults_shade_the_load_they_fell_into() -> None:
    """A fault is as wide as it lasted, on every drawing of the load."""
    load = tuple(LoadSecond(n, 9, 20, 60) for n in range(100))
    charts = load_charts(LoadCourse("load-faults", load, (Span("cut", 50.0, 60.0),)))

    assert [[(500, 100)]] * 3 == [[(s.x, s.width) for s in chart.shades] for chart in charts]


def test_no_load_has_no_chart() -> None:
    """Where nothing was measured there is nothing drawn."""
    assert load_charts(LoadCourse("load", ())) == ()


TIMES = st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), max_size=8)


def ran(began_s: float, duration_s: float) -> Stage:
    return Stage("stage", duration_s, None, 0, 0, began_s)


@given(TIMES, TIMES)
def test_every_stage_and_fault_can_be_seen(
    times: list[tuple[float, float]], broken: list[tuple[float, float]]
) -> None:
    """What took no time at all is drawn too, and nothing leaves the drawing by more than that."""
    faults = [Span("cut", low, low + long) for low, long in broken]
    drawn = bars([ran(low, long) for low, long in times], faults)

    places = [(bar.x, bar.width) for bar in drawn]
    places += [(shade.x, shade.width) for bar in drawn for shade in bar.shades]
    assert all(width > 0 and 0 <= x <= WIDTH for x, width in places)
    assert all(x + width <= WIDTH * (1 + THIN) + 0.2 for x, width in places)


def test_a_fault_is_drawn_within_its_stage() -> None:
    """A fault shades the stages it fell into and no other, each for its own part of it."""
    before, during, after = bars(
        [ran(0, 2), ran(2.5, 5), ran(8, 2)], [Span("cut", 6, 9), Span("kill", 3, 3)]
    )

    assert () == before.shades
    assert [("cut", 600, 150), ("kill", 300, 5)] == [
        (shade.fault.name, shade.x, shade.width) for shade in during.shades
    ]
    assert [(800, 100)] == [(shade.x, shade.width) for shade in after.shades]


def test_faults_are_named_once() -> None:
    """Many faults of one name are one name with their number, and too many names are counted."""
    often = [Span("kill", n, n) for n in range(200)]
    many = [Span(f"cut {n}", 1, 2) for n in range(FAULTS_NAMED_MAX + 2)]
    bar = bars([ran(0, 300)], [*often, *many])[0]

    assert SHADES_MAX == len(bar.shades)
    assert ("kill (200 times)", "cut 0") == bar.faults[:2]
    assert "3 more" == bar.faults[-1]


def test_what_did_not_run_has_no_fault() -> None:
    """A stage that was skipped, or never reached, was touched by nothing."""
    never = Stage("load", 0.0, "never reached", 1, 0)
    skipped = Stage("mixed", 5.0, "no baseline", 0, 0, 0.0)

    assert [((), ()), ((), ())] == [
        (bar.shades, bar.faults) for bar in bars([skipped, never], [Span("cut", 0, 9)])
    ]
