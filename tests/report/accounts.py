"""An account of a run to change one thing of, and one whose every text is hostile or huge."""

from dataclasses import replace
from typing import Any

from harness.exhibits import (
    Account,
    Exhibit,
    Gap,
    Grid,
    GridRow,
    Journey,
    LoadCourse,
    LoadSecond,
    Mark,
    Span,
    Square,
    Station,
)
from harness.model import Layer, Value
from harness.verdict import Answer, Cell, Stage
from tests.report.verdicts import LOST, verdict

CASE = "test_share.py::test_share[shares=1,text=plain]"


def journey(
    typed: Value, stored: Value, *, sent: Value | None = None, field: str = "reason"
) -> Journey:
    """A field that was typed, sent as typed unless told otherwise, stored, and shown as stored."""
    return Journey(
        "note",
        field,
        (
            Station("typed", typed),
            Station("sent", typed if sent is None else sent),
            Station("stored", stored),
            Station("shown", stored),
        ),
    )


def exhibit(*journeys: Journey, **changes: Any) -> Exhibit:
    """A finding's representative with these journeys."""
    whole = Exhibit(
        LOST,
        "note: reason and history lost in 3 saves",
        case=CASE,
        record="candidate/1/1/r1",
        layer=Layer.PAGE,
        journeys=journeys or (journey("TA <140/90, rien d'autre", "TA "),),
    )
    return replace(whole, **changes)


def grid(rows_n: int = 3, fields_n: int = 2) -> Grid:
    """A scenario whose first case lost its first field and whose second is owed."""
    marks = [Square(Mark.WRONG, "lost"), *[Square(Mark.WHOLE)] * (fields_n - 1)]
    owed = tuple(Square(Mark.OWED, "owed") for _ in range(fields_n))
    whole = tuple(Square(Mark.WHOLE) for _ in range(fields_n))
    rows = [
        GridRow(CASE, {"shares": "1", "text": "plain"}, tuple(marks)),
        GridRow("case 1", {"shares": "2", "text": "plain"}, owed, "case 1 is owed: it broke"),
        *[GridRow(f"case {n}", {"shares": "0", "text": str(n)}, whole) for n in range(2, rows_n)],
    ]
    return Grid(
        "test_share.py::test_share", tuple(f"note.f{n}" for n in range(fields_n)), tuple(rows)
    )


def second(n: int, **changes: int) -> LoadSecond:
    """A second of a load like all others."""
    return replace(
        LoadSecond(n, 400.0 + n % 7 * 9, 20.0 + n % 5, 60.0 + n % 11, 90.0, n % 30), **changes
    )


def account(answer: Answer = Answer.BLOCK, **changes: Any) -> Account:
    """An account with something of everything."""
    findings = (LOST,) if answer is Answer.BLOCK else ()
    whole = Account(
        verdict=verdict(answer, findings=findings),
        started="2026-01-01T00:00:00+00:00",
        exhibits=(exhibit(),) if findings else (),
        cells=(
            Cell(
                "test_share", "s/test_share.py", 7, "note", "reason", 3, 1, "lost", "lost in 1 of 3"
            ),
            Cell("test_share", "s/test_share.py", 7, "note", "history", 3, 0),
        ),
        grids=(grid(),),
        faults=(Span("database restarted", 2.0, 2.5), Span("database restarted", 7.0, 9.9)),
        loads=(
            LoadCourse("load", tuple(second(n) for n in range(60))),
            LoadCourse(
                "load-faults",
                tuple(second(n, lost_n=n % 9 == 4, unsure_n=n % 5) for n in range(90)),
                (Span("app killed", 4.0, 6.5), Span("connections cut", 30.0, 31.0)),
            ),
        ),
        gaps=(Gap("absent", "test_old: since 2.0"), Gap("owed", "case 1 is owed: it broke")),
    )
    return replace(whole, **changes)


def filled(text: str, answer: Answer = Answer.BLOCK) -> Account:
    """An account in which every text that an application or a plan can choose is this one."""
    finding = replace(
        LOST,
        form=text,
        fields=(text, text + "2"),
        trigger=replace(LOST.trigger, text=text, conditions={text: (text,)}),
        known=text,
        evidence=(text,),
    )
    shown = exhibit(
        replace(journey(text, text[1:], sent=text * 2, field=text), form=text, note=text),
        finding=finding,
        sentence=text,
        case=text,
        traces=(text,),
        screenshots=(text,),
    )
    whole = verdict(
        answer,
        sentence=text,
        app=text,
        reasons=(text, text + "2"),
        warnings=(text,),
        findings=(finding,),
        profile=text,
        deployer=text,
        stages=(
            Stage(text, 1.0, text, 0, 0, 0.0, text),
            Stage(text + "2", 1.0, None, 1, 1, 1.0, text),
        ),
    )
    release = replace(whole.release, name=text)
    row = GridRow(text, {text: text}, (Square(Mark.WRONG, text),), text)
    return Account(
        verdict=replace(whole, release=release, baseline=release),
        started=text,
        exhibits=(shown,),
        cells=(Cell(text, text, 7, text, text, 3, 1, text, text),),
        grids=(Grid(text, (text,), (row, replace(row, levels={}))),),
        faults=(Span(text, 0.5, 1.0), Span(text + "2", 1.0, 2.0)),
        loads=(
            LoadCourse("load", tuple(second(n) for n in range(900))),
            LoadCourse(
                "load-faults",
                tuple(second(n, lost_n=n % 2, unsure_n=n % 5) for n in range(900)),
                tuple(Span(f"{text}{n % 30}", 9.0 * n, 9.0 * n + 4) for n in range(100)),
            ),
        ),
        gaps=(Gap(text, text),),
    )
