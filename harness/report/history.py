"""Past runs: when, what, and what they proved; runs that were cut short are told as such."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from harness.errors import RecordUnreadable
from harness.report.clean import one_line
from harness.runs import RunFolder
from harness.verdict import Answer

SCHEMA = "harness.history/1"
_BARS = "▁▂▃▄▅▆▇█"
_SIGNS = {Answer.PASS: "✓", Answer.BLOCK: "✕", Answer.INCONCLUSIVE: "?"}
_HEADS = ("run", "verdict", "release", "baseline", "took", "cases", "saves", "proved")
_ONE_IN_TWO = 0.5
_COLOURS = {"pass": "32", "block": "31", "inconclusive": "33"}


@dataclass(frozen=True, slots=True)
class Past:
    """One run; where there is no answer, verdict is "running", "interrupted" or "unreadable".

    max_loss_rate: of the saves that were measured least, the share that may be lost unnoticed.
    """

    run: str
    started: str
    verdict: str
    app: str = ""
    release: str = ""
    baseline: str | None = None
    profile: str = ""
    duration_s: float | None = None
    cases: int | None = None
    saves: int | None = None
    max_loss_rate: float | None = None
    sentence: str = ""


def past(run: RunFolder) -> Past:
    """What the folder says of its run, from as much of it as can be read."""
    started = datetime.strptime(run.id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).isoformat()
    promise = _read(run, "plan.json")
    verdict = _read(run, "verdict.json")
    if verdict is None or verdict.get("verdict") not in list(Answer):
        state = "running" if run.alive() else "interrupted"
        if (run.path / "verdict.json").exists():
            state = "unreadable"
        return Past(run.id, started, state, **_names(promise or {}))
    evidence = _object(verdict, "evidence")
    bound = _object(evidence, "bound")
    return Past(
        run.id,
        started,
        str(verdict["verdict"]),
        **_names(verdict),
        duration_s=_number(verdict.get("duration_s")),
        cases=_whole(evidence.get("cases")),
        saves=_whole(_object(evidence, "saves").get("acknowledged")),
        max_loss_rate=_number(bound.get("max_loss_rate")),
        sentence=str(verdict.get("sentence", "")),
    )


def history_json(runs: Iterable[Past]) -> str:
    """The runs as JSON, newest first."""
    return json.dumps({"schema": SCHEMA, "runs": [asdict(each) for each in runs]}, indent=2)


def history_text(runs: Sequence[Past], *, colour: bool) -> str:
    """A line per run, newest first, and below them how they went, oldest first."""
    if not runs:
        return "no runs yet; harness gate RELEASE makes one\n"
    rows: list[tuple[str, ...]] = [_HEADS]
    rows += [_row(each) for each in runs]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
    if colour:
        lines[1:] = [_coloured(line, e) for line, e in zip(lines[1:], runs, strict=True)]
    return "\n".join([*lines, "", *_trend(runs)]) + "\n"


def sparkline(values: Sequence[float]) -> str:
    """A bar per value, from nothing to the highest; a blank line for no values."""
    top = max(values, default=0.0)
    if top <= 0:
        return _BARS[0] * len(values)
    return "".join(_BARS[min(int(max(v, 0.0) / top * len(_BARS)), len(_BARS) - 1)] for v in values)


def _trend(runs: Sequence[Past]) -> list[str]:
    oldest_first = list(reversed(runs))[-60:]
    judged = [each for each in oldest_first if each.verdict in list(Answer)]
    signs = "".join(
        _SIGNS.get(Answer(e.verdict), "·") if e in judged else "·" for e in oldest_first
    )
    times = [each.duration_s or 0.0 for each in judged]
    saves = [float(each.saves or 0) for each in judged]
    lines = [f"verdicts  {signs}   (oldest first; ✓ pass, ✕ block, ? inconclusive, · no verdict)"]
    if judged:
        lines.append(f"took      {sparkline(times)}   {min(times):.0f} to {max(times):.0f} s")
        lines.append(f"saves     {sparkline(saves)}   {min(saves):.0f} to {max(saves):.0f}")
    return lines


def _row(each: Past) -> tuple[str, ...]:
    return (
        each.run,
        each.verdict,
        one_line(each.release, 30) or "-",
        one_line(each.baseline or "-", 30),
        "-" if each.duration_s is None else f"{each.duration_s:.0f} s",
        "-" if each.cases is None else str(each.cases),
        "-" if each.saves is None else str(each.saves),
        _proved(each),
    )


def _proved(each: Past) -> str:
    """How many losses would have been seen, for what was measured least; a half and more in %."""
    rate = each.max_loss_rate
    if each.verdict != Answer.PASS or not rate:
        return ""
    fewer = f"1 in {int(1 / rate)}" if rate <= _ONE_IN_TWO else f"{rate * 100:.0f} in 100"
    return f"0 of {each.saves} lost; measured least: fewer than {fewer}"


def _coloured(line: str, each: Past) -> str:
    code = _COLOURS.get(each.verdict, "2")
    return line.replace(each.verdict, f"\x1b[{code}m{each.verdict}\x1b[0m", 1)


def _names(data: Mapping[str, Any]) -> dict[str, Any]:
    """App, release, baseline and profile, as both files spell them."""
    baseline = _object(data, "baseline").get("name")
    return {
        "app": str(data.get("app", "")),
        "release": str(_object(data, "release").get("name", "")),
        "baseline": None if baseline is None else str(baseline),
        "profile": str(data.get("profile", "")),
    }


def _read(run: RunFolder, name: str) -> Mapping[str, Any] | None:
    try:
        return run.read_json(name)
    except RecordUnreadable:
        return None


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
