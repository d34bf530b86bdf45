"""The status page: fields by releases, the last good time, the last probes, and their proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.canary.book import Book, Line, Seen
from harness.canary.metrics import Result
from harness.report.clean import clean, one_line
from harness.runs.identity import is_run_id

RELEASES_SHOWN_MAX = 4
STALE_INTERVALS = 3
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one release: bad holds the anomaly, else good_s is how long ago it was good."""

    bad: str
    good_s: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One field, with a cell for each release."""

    form: str
    field: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One target."""

    app: str
    state: str
    sentence: str
    release: str
    good_s: float | None
    residue_n: int
    releases: tuple[str, ...]
    rows: tuple[Row, ...]


def page(book: Book, at_s: float) -> str:
    """The page as it is at at_s (Unix time)."""
    with book.lock:
        cards = [_card(book, app, at_s) for app in book.forms]
        lines = list(book.last)
    template = _environment().get_template("status.html")
    order = ["loss", "trouble", "waiting", "good"]
    worst = min((card.state for card in cards), key=order.index, default="waiting")
    return template.render(
        cards=cards,
        lines=[(line, at_s - line.at_s, is_run_id(line.run)) for line in lines],
        state=worst,
        interval_s=book.interval_s,
        now=datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def _card(book: Book, app: str, at_s: float) -> Card:
    seen = sorted(book.seen[app].values(), key=lambda one: one.last_s, reverse=True)
    shown = seen[:RELEASES_SHOWN_MAX]
    newest = next((line for line in book.last if line.target == app), None)
    good_at_s = book.last_pass_at_s.get(app)
    good_s = None if good_at_s is None else at_s - good_at_s
    state = _state(seen, newest, good_s, book.interval_s)
    return Card(
        app=app,
        state=state,
        sentence=newest.sentence if newest and state != "good" else "",
        release=book.current.get(app, ""),
        good_s=good_s,
        residue_n=book.residue.get(app, 0),
        releases=tuple(one.release for one in shown),
        rows=tuple(_rows(book, app, shown, at_s)),
    )


def _state(seen: list[Seen], newest: Line | None, good_s: float | None, interval_s: float) -> str:
    """In a word; only a good probe that is young enough says that all is well."""
    if any(one.wrong for one in seen if not one.gone):
        return "loss"
    if newest is None:
        return "waiting"
    fresh = good_s is not None and good_s < STALE_INTERVALS * interval_s
    return "good" if newest.result is Result.PASS and fresh else "trouble"


def _rows(book: Book, app: str, shown: list[Seen], at_s: float) -> Iterator[Row]:
    watched = [(form, name) for form, names in book.forms[app].items() for name in names]
    wrong = [one.wrong for one in shown]
    # A form that is not probed, or a column that is no field, has a row while it is wrong.
    for spot in dict.fromkeys([*watched, *(spot for bad in wrong for spot in bad)]):
        form, name = spot
        cells = [
            Cell(
                bad.get(spot, ""),
                at_s - one.good_at_s[spot] if spot in one.good_at_s else None,
            )
            for one, bad in zip(shown, wrong, strict=True)
        ]
        yield Row(form, name, tuple(cells))


def ago(seconds: float | None) -> str:
    """How long ago, in one unit; a clock that was set back shows nothing of the future."""
    if seconds is None:
        return "never"
    seconds = max(0.0, seconds)
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ago": ago, "one_line": one_line}
    return environment


def _visible(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value)
    return value
