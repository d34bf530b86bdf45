"""What the page's template is given: everything counted, cut and put in order beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from harness.exhibits import Exhibit, Grid, GridRow, Journey, Mark, Station
from harness.model import ABSENT, Anomaly, FileValue, Severity, Value
from harness.report.difference import Window, windows
from harness.report.pictures import Picture


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything a page shows; what is left out is counted and said."""

    exhibits: int
    journeys: int
    window_chars: int
    grids: int
    rows: int
    columns: int
    sentences: int


# The first that keeps the page within its size; the last always does.
LADDER = (
    Limits(8, 3, 240, 30, 24, 16, 40),
    Limits(5, 2, 200, 8, 16, 12, 20),
    Limits(3, 1, 120, 3, 8, 6, 8),
)

PATH_CHARS_MAX = 300
WHOLE_WAY = ("typed", "sent", "stored", "shown")
STATION_WORDS = {
    "typed": "what the page held",
    "sent": "what the browser sent",
    "stored": "what storage holds",
    "shown": "what a fresh reader sees",
    "before": "before the release",
    "now": "after it",
}


@dataclass(frozen=True, slots=True)
class StationView:
    """A station as it is drawn: state is "right", "wrong", "reference" or "unknown"."""

    name: str
    word: str
    state: str
    size: str = ""
    note: str = ""
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class JourneyView:
    """A field's way with its stations side by side."""

    form: str
    field: str
    note: str
    stations: tuple[StationView, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """The stations of a finding's first field in a row, and the one where it went wrong."""

    stations: tuple[StationView, ...]
    breaks_at: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ExhibitView:
    """A finding and its representative; href and file are of the trace, percent-encoded and raw."""

    exhibit: Exhibit
    title: str
    layer: str
    way: Way | None
    journeys: tuple[JourneyView, ...]
    more_fields: tuple[str, ...]
    pictures: tuple[Picture, ...]
    trace_href: str | None
    trace: str | None


@dataclass(frozen=True, slots=True)
class GridView:
    """A scenario's grid, the cases that matter first; the rest is counted."""

    grid: Grid
    fields: tuple[str, ...]
    rows: tuple[GridRow, ...]
    factors: tuple[str, ...]
    totals: tuple[str, ...]
    forms_n: int
    more_rows: str
    more_fields_n: int


def exhibit_view(exhibit: Exhibit, limits: Limits, pictures: Sequence[Picture] = ()) -> ExhibitView:
    """One finding, cut to what a person takes in."""
    finding = exhibit.finding
    shown = exhibit.journeys[: limits.journeys]
    views = tuple(_journey(journey, limits.window_chars) for journey in shown)
    trace = next((path for path in exhibit.traces if len(path) <= PATH_CHARS_MAX), None)
    broken = finding.anomaly is Anomaly.JOURNEY_BROKEN
    return ExhibitView(
        exhibit=exhibit,
        title="journey broken" if broken else f"{finding.form}: {_and(finding.fields)}",
        layer="" if broken else finding.layer.words,
        way=_way(views),
        journeys=views,
        more_fields=tuple(j.field for j in exhibit.journeys[limits.journeys :]),
        pictures=tuple(pictures),
        trace_href=quote(trace, errors="replace") if trace else None,
        trace=trace,
    )


def _way(journeys: Sequence[JourneyView]) -> Way | None:
    """None where nothing was recorded that tells a right station from a wrong one."""
    stations = journeys[0].stations if journeys else ()
    wrong = [at for at, station in enumerate(stations) if station.state == "wrong"]
    if len(stations) != len(WHOLE_WAY) or not wrong:
        return None
    words = {"reference": "right", "right": "right", "wrong": "wrong", "unknown": "not known"}
    sentence = ", ".join(f"{station.name} {words[station.state]}" for station in stations)
    return Way(stations, wrong[0], sentence)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _journey(journey: Journey, chars: int) -> JourneyView:
    first, *others = journey.stations
    wanted, _ = as_text(first)
    texts = [as_text(station) for station in others]
    cut = windows(wanted or "", [text for text, _ in texts if text is not None], chars)
    views = [_station(first, wanted, cut.pop(0), "reference")]
    for station, (text, _) in zip(others, texts, strict=True):
        if text is None:
            views.append(_station(station, None, None, _state_of_nothing(station)))
        else:
            window = cut.pop(0)
            views.append(
                _station(station, text, window, "right" if _alike(text, wanted) else "wrong")
            )
    return JourneyView(journey.form, journey.field, journey.note, tuple(views))


def _alike(text: str, wanted: str | None) -> bool:
    """Whether nobody would call the text another one: line ends are the transport's business."""
    return wanted is not None and text.replace("\r\n", "\n") == wanted.replace("\r\n", "\n")


def _station(station: Station, text: str | None, window: Window | None, state: str) -> StationView:
    note = as_text(station)[1]
    size = "" if text is None or isinstance(station.value, FileValue) else _count(text)
    word = STATION_WORDS.get(station.name, "")
    return StationView(station.name, word, state, size, note, window if text else None)


def _state_of_nothing(station: Station) -> str:
    """Nothing stored or sent is wrong; that nobody looked says nothing."""
    return "unknown" if station.note not in (None, "not sent") else "wrong"


def _count(text: str) -> str:
    return f"{len(text):,} character{'' if len(text) == 1 else 's'}"


def as_text(station: Station) -> tuple[str | None, str]:
    """The station's value as a text to compare, and what to say where there is none."""
    if station.note is not None:
        return None, station.note
    value: Value = station.value
    if value is None:
        return None, "NULL"
    if value is ABSENT:
        return None, "nothing: no such row or column"
    if isinstance(value, FileValue):
        return f"{value.size_bytes:,} bytes, SHA-256 {value.sha256}", ""
    if isinstance(value, tuple):
        rows = "\n".join("NULL" if item is None else item for item in value)
        return rows, "" if value else "an empty list"
    return str(value), "" if value else "an empty text"


def grid_view(grid: Grid, limits: Limits) -> GridView:
    """The grid with failing and owed cases first, and no more rows than a person reads."""
    order = sorted(range(len(grid.rows)), key=lambda at: (_rank(grid.rows[at]), at))
    columns = _columns(grid, limits.columns)
    rows: list[GridRow] = []
    said = None
    for row in (grid.rows[at] for at in order[: limits.rows]):
        why = row.owed.removeprefix(f"{row.case}{OWED}") if row.owed else None
        squares = tuple(row.squares[at] for at in columns)
        rows.append(GridRow(row.case, row.levels, squares, why if why != said else None))
        said = why
    hidden = [grid.rows[at] for at in order[limits.rows :]]
    factors = dict.fromkeys(factor for row in grid.rows for factor in row.levels)
    return GridView(
        grid=grid,
        fields=tuple(grid.fields[at] for at in columns),
        rows=tuple(rows),
        factors=tuple(factors),
        totals=tuple(_total(grid, at) for at in columns),
        forms_n=len({field.partition(".")[0] for field in grid.fields}),
        more_rows=_more(hidden),
        more_fields_n=len(grid.fields) - len(columns),
    )


def _columns(grid: Grid, most: int) -> list[int]:
    """The columns that are shown: those with something wrong before the others, in their order."""
    wrong = [at for at in range(len(grid.fields)) if _total(grid, at)]
    whole = [at for at in range(len(grid.fields)) if at not in wrong]
    return sorted([*wrong, *whole][:most])


# The rank of a case in which nothing is wrong and nothing is owed.
_WHOLE = 3


def _rank(row: GridRow) -> int:
    ranks = (Mark.WRONG, Mark.UNSURE, Mark.OWED)
    if row.owed is not None and Mark.WRONG not in row.marks:
        return 2
    return next((rank for rank, mark in enumerate(ranks) if mark in row.marks), _WHOLE)


def _total(grid: Grid, at: int) -> str:
    touched = [r for r in grid.rows if r.squares[at].mark is not Mark.UNTOUCHED]
    wrong_n = sum(r.squares[at].mark in (Mark.WRONG, Mark.UNSURE) for r in touched)
    owed_n = sum(r.squares[at].mark is Mark.OWED for r in touched)
    parts = [f"{wrong_n} of {len(touched)}"] if wrong_n else []
    return ", ".join([*parts, *([f"{owed_n} owed"] if owed_n else [])])


def _more(rows: Sequence[GridRow]) -> str:
    if not rows:
        return ""
    ranks = [_rank(row) for row in rows]
    words = ("with something wrong", "unconfirmed", "owed", "whole")
    parts = [f"{ranks.count(rank)} {word}" for rank, word in enumerate(words) if rank in ranks]
    return f"{len(rows)} more cases: {', '.join(parts)}"


def gathered(sentences: Iterable[str]) -> list[str]:
    """Sentences that say the same of several cases, said once, with how many there are."""
    groups: dict[str, list[str]] = {}
    for sentence in sentences:
        case, owed, why = sentence.partition(OWED)
        key = why.removesuffix(_COMPLETES) if owed else sentence
        groups.setdefault(key, []).append(case if owed else "")
    return [
        key
        if not cases[0]
        else f"{cases[0]}{OWED}{key}"
        if len(cases) == 1
        else f"{len(cases)} cases are owed: {key} (the first is {cases[0]})"
        for key, cases in groups.items()
    ]


OWED = " is owed: "
_COMPLETES = " (the baseline completes it)"


def worst_first(grids: Sequence[Grid]) -> tuple[list[Grid], list[Grid]]:
    """Scenarios with something wrong or owed, the worst first; and those whole in every case."""
    ranks = {id(grid): min(map(_rank, grid.rows), default=_WHOLE) for grid in grids}
    in_order = sorted(grids, key=lambda grid: ranks[id(grid)])
    troubled = [grid for grid in in_order if ranks[id(grid)] < _WHOLE]
    return troubled, [grid for grid in in_order if ranks[id(grid)] == _WHOLE]


def in_order(exhibits: Sequence[Exhibit]) -> tuple[list[Exhibit], list[Exhibit]]:
    """What blocks, and what does not."""
    blocking = [e for e in exhibits if e.finding.severity is Severity.BLOCK]
    return blocking, [e for e in exhibits if e.finding.severity is not Severity.BLOCK]
