"""What a report shows beside the verdict: plain values, so that no report has to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.model import Finding, Layer, Value
from harness.verdict import Cell, Verdict

# What a trial kept of its steps, and the script that does them again, in its folder of evidence.
STEPS = "steps.json"
SCRIPT = "reproduce.py"


class Mark(StrEnum):
    """What one case says of one field."""

    WHOLE = "whole"
    WRONG = "wrong"
    UNSURE = "unsure"  # seen wrong once, and no second read has confirmed it
    OWED = "owed"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class Square:
    """One case and one field; word names the anomaly, or says what is missing."""

    mark: Mark
    word: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """One case: its factor levels, a square per column, and why it is owed where it is."""

    case: str
    levels: Mapping[str, str]
    squares: tuple[Square, ...]
    owed: str | None = None

    @property
    def marks(self) -> frozenset[Mark]:
        """Every mark of the row."""
        return frozenset(square.mark for square in self.squares)


@dataclass(frozen=True, slots=True)
class Grid:
    """One scenario: fields (as ``form.field``) across, cases down."""

    scenario: str
    fields: tuple[str, ...]
    rows: tuple[GridRow, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """One place a value passes on its way: typed, sent, stored, shown.

    note says what no value can: that nothing was sent, that nobody looked; value is then None.
    """

    name: str
    value: Value = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """One field of one record, from what was typed to what somebody else is shown."""

    form: str
    field: str
    stations: tuple[Station, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A finding's representative: where it was seen, field by field, and what was kept of it.

    paths are within the run's folder.
    """

    finding: Finding
    sentence: str
    case: str = ""
    record: str = ""
    layer: Layer = Layer.UNKNOWN
    journeys: tuple[Journey, ...] = ()
    screenshots: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A fault of ours on the run's clock, in seconds from its beginning."""

    name: str
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class LoadSecond:
    """One second of load: acknowledged saves, and how long half and nearly all of them took.

    under_way_n saves had begun and not ended in its middle; unsure_n were refused or are unknown
    since; lost_n were acknowledged in it and are not what storage holds.
    """

    second: int
    saves_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float = 0.0
    under_way_n: int = 0
    unsure_n: int = 0
    lost_n: int = 0


@dataclass(frozen=True, slots=True)
class LoadCourse:
    """How one load of a run went, by its name; faults are in seconds from when it began."""

    name: str
    seconds: tuple[LoadSecond, ...]
    faults: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that this run does not prove, and why."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Account:
    """A verdict with everything a report may show of its run; order as it is read."""

    verdict: Verdict
    started: str
    exhibits: tuple[Exhibit, ...] = ()
    cells: tuple[Cell, ...] = ()
    grids: tuple[Grid, ...] = ()
    faults: tuple[Span, ...] = ()
    loads: tuple[LoadCourse, ...] = ()
    gaps: tuple[Gap, ...] = ()
