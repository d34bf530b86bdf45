"""``report.html``: one file that loads nothing, to be understood in five seconds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.exhibits import Account, Exhibit
from harness.report.charts import bars, scale_s
from harness.report.clean import clean, one_line
from harness.report.html_views import (
    LADDER,
    Limits,
    exhibit_view,
    gathered,
    grid_view,
    in_order,
    worst_first,
)
from harness.report.load_views import load_view
from harness.report.pictures import PICTURES_MAX, Picture, pictures
from harness.verdict import Answer

# Without its screenshots.
BYTES_MAX = 300_000
_TEMPLATES = Path(__file__).parent / "templates"
_HEADS = {
    Answer.PASS: ("Deploy", "every promised check was measured and nothing was lost"),
    Answer.BLOCK: ("Do not deploy", "data would be lost or damaged, or a journey breaks"),
    Answer.INCONCLUSIVE: ("Not proved", "promised evidence is missing"),
}


def html(account: Account, run: Path) -> str:
    """The page; run is the run's folder, from which pictures are taken."""
    taken = _pictures(account, run)
    page = ""
    for limits in LADDER:
        page = _page(account, limits, taken)
        uris = sum(len(p.uri) for some in taken.values() for p in some if p.uri in page)
        if len(page.encode()) - uris <= BYTES_MAX:
            break
    return page


def _pictures(account: Account, run: Path) -> dict[int, list[Picture]]:
    """Pictures by the finding's place, for the first findings that have any."""
    found: dict[int, list[Picture]] = {}
    left_n = PICTURES_MAX
    for at, exhibit in enumerate(account.exhibits):
        different = {picture.uri: picture for picture in pictures(exhibit, run)}
        found[at] = list(islice(different.values(), min(left_n, 2)))
        left_n -= len(found[at])
    return found


def _page(account: Account, limits: Limits, taken: dict[int, list[Picture]]) -> str:
    verdict = account.verdict
    blocking, others = in_order(account.exhibits)
    places = {id(exhibit): at for at, exhibit in enumerate(account.exhibits)}
    troubled, whole = worst_first(account.grids)
    shown = troubled[: limits.grids]
    also = whole[: limits.grids - len(shown)]

    def views(exhibits: list[Exhibit]) -> list[Any]:
        return [exhibit_view(e, limits, taken[places[id(e)]]) for e in exhibits[: limits.exhibits]]

    head, meaning = _HEADS[verdict.verdict]
    return (
        _environment()
        .get_template("report.html")
        .render(
            account=account,
            verdict=verdict,
            head=head,
            meaning=meaning,
            blocking=views(blocking),
            blocking_n=len(blocking),
            others=views(others),
            others_n=len(others),
            grids=[grid_view(grid, limits) for grid in shown],
            whole_grids=[grid_view(grid, limits) for grid in also],
            hidden_grids_n=len(account.grids) - len(shown) - len(also),
            bars=bars(verdict.stages, account.faults),
            whole_s=scale_s(verdict.stages),
            stages={stage.name: stage for stage in verdict.stages},
            loads=[load_view(course, verdict.evidence) for course in account.loads],
            limits=limits,
            reasons=gathered(_reasons(account)),
            gaps=_gaps(account),
        )
    )


def _reasons(account: Account) -> Iterator[str]:
    """Reasons that no finding of the page says already."""
    told = {exhibit.sentence for exhibit in account.exhibits}
    yield from (reason for reason in account.verdict.reasons if reason not in told)


def _gaps(account: Account) -> list[tuple[str, str]]:
    """Kind and sentence of what was not measured, the kinds in their order."""
    kinds = dict.fromkeys(gap.kind for gap in account.gaps)
    return [
        (kind, sentence)
        for kind in kinds
        for sentence in gathered(gap.sentence for gap in account.gaps if gap.kind == kind)
    ]


@cache
def _environment() -> Environment:
    """Escapes everything, and makes controls and bidirectional marks of every value visible."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["one_line"] = one_line
    environment.globals["css"] = Markup(  # noqa: S704 - the product's own file
        (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    )
    return environment


def _visible(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean(value)
    return value
