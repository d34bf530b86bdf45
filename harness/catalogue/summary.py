"""A catalogue's run in the dialects of its readers: terminal, Markdown, JSON and JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.catalogue.results import SCHEMA, Result
from harness.errors import UsageError
from harness.report.clean import clean, one_line
from harness.report.markdown import escaped
from harness.verdict import Answer

HEADER = (
    "release", "expected", "said", "caught", "anomaly", "fields", "layer", "trigger", "seconds"
)  # fmt: skip
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"
_NUMBERS = frozenset({"seconds"})


def exit_code(results: Sequence[Result]) -> int:
    """0 all right, 1 an answer that is wrong, 3 where all that is wrong is no answer."""
    wrong = [result.comparison for result in results if not result.comparison.right]
    if not wrong and results:
        return 0
    unanswered = (None, Answer.INCONCLUSIVE)
    answered = [c for c in wrong if c.verdict_right or c.said not in unanswered]
    return 1 if answered else 3


def sentence(results: Sequence[Result], whole_n: int) -> str:
    """The outcome in one sentence; whole_n is how many releases the catalogue has."""
    right = [result for result in results if result.comparison.right]
    counted = []
    for answer, done in ((Answer.BLOCK, "blocked"), (Answer.PASS, "passed")):
        asked = [result for result in results if result.entry.expected.expect == answer]
        if asked:
            said_n = sum(result.comparison.verdict_right for result in asked)
            counted.append(f"{said_n} of {len(asked)} {done} that have to be")
    part = f" of the catalogue's {whole_n}" if len(results) < whole_n else ""
    releases = f"{len(right)} of {len(results)} releases{part} answered as expected"
    wrong = [result.name for result in results if not result.comparison.right]
    names = f"; not so: {', '.join(wrong)}" if wrong else ""
    return f"{'; '.join([releases, *counted])}{names}"


def cells(result: Result) -> tuple[str, ...]:
    """One line of the table, in the order of HEADER."""
    comparison, expected = result.comparison, result.entry.expected
    parts = ("-" if part is None else _yes(part) for part in comparison.parts)
    caught = _yes(comparison.verdict_right) if expected.expect == "block" else "-"
    said = str(comparison.said or "nothing")
    shown = said if comparison.verdict_right else said.upper()
    return (result.name, expected.expect, shown, caught, *parts, f"{result.duration_s:.0f}")


def _yes(right: bool) -> str:
    return "yes" if right else "NO"


def text(results: Sequence[Result], whole_n: int, folder: Path) -> str:
    """The table, why what is wrong is wrong, and the sentence."""
    rows = [HEADER, *map(cells, results)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADER))]
    lines = [_padded(row, widths) for row in rows]
    wrong = [result for result in results if not result.comparison.right]
    if wrong:
        lines.append("")
    for result in wrong:
        lines.append(f"{clean(result.name)}: {one_line(result.comparison.why, 600)}")
        lines.append(f"  look at {clean(str(result.folder))}")
    lines += ["", f"{sentence(results, whole_n)}", f"evidence   {clean(str(folder))}"]
    return "\n".join(lines) + "\n"


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
        for cell, width, name in zip(row, widths, HEADER, strict=True)
    )
    return "  ".join(padded).rstrip()


def markdown(results: Sequence[Result], whole_n: int) -> str:
    """The same as Markdown, with the mechanism of each release instead of paths."""
    return "\n".join(_markdown(results, whole_n)) + "\n"


def _markdown(results: Sequence[Result], whole_n: int) -> Iterator[str]:
    yield f"{escaped(sentence(results, whole_n), 4000)}."
    yield ""
    yield f"| {' | '.join((*HEADER, 'mechanism'))} |"
    yield f"|{'|'.join(['---'] * len(HEADER))}|---|"
    for result in results:
        mechanism = escaped(result.entry.expected.mechanism, 300)
        yield f"| {' | '.join((*map(escaped, cells(result)), mechanism))} |"
    for result in results:
        if not result.comparison.right:
            yield ""
            yield f"{escaped(result.name)}: {escaped(result.comparison.why, 600)}"


def check_page(file: Path, *, whole: bool) -> None:
    """Raise UsageError where a part of the catalogue would take the place of the whole one."""
    if not whole and BEGIN in _page(file):
        raise UsageError(
            f"{file} shows the whole catalogue, and only a part of it is asked for; name another "
            "file, or gate all of it"
        )


def with_table(file: Path, table: str) -> str:
    """The page with the table in its place between the two marks; the table alone without them."""
    page = _page(file)
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n{table}{end}{after}" if begin and end else table


def _page(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def to_json(results: Sequence[Result], whole_n: int, turn: int | None) -> dict[str, Any]:
    """The same for programs, schema first; turn is the sample's number, None without a sample."""
    return {
        "schema": SCHEMA,
        "sentence": sentence(results, whole_n),
        "exit_code": exit_code(results),
        "catalogue_n": whole_n,
        "sample": turn,
        "entries": [_entry(result) for result in results],
    }


def _entry(result: Result) -> dict[str, Any]:
    comparison = result.comparison
    return {
        "name": result.name,
        "expect": result.entry.expected.expect,
        "verdict": comparison.said,
        "right": comparison.right,
        "anomaly_right": comparison.parts.anomaly,
        "fields_right": comparison.parts.fields,
        "layer_right": comparison.parts.layer,
        "trigger_right": comparison.parts.trigger,
        "duration_s": round(result.duration_s, 1),
        "why": comparison.why,
        "folder": str(result.folder),
    }


def junit(results: Sequence[Result], app: str) -> str:
    """One testcase per release; a wrong answer is a failure, no answer an error."""
    wrong = [result for result in results if not result.comparison.right]
    errors_n = sum(exit_code([result]) == 3 for result in wrong)
    suite = ElementTree.Element(
        "testsuite",
        name=clean(f"harness catalogue {app}"),
        tests=str(len(results)),
        failures=str(len(wrong) - errors_n),
        errors=str(errors_n),
        skipped="0",
        time=f"{sum(result.duration_s for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname="catalogue",
            name=clean(result.name),
            time=f"{result.duration_s:.3f}",
        )
        if not result.comparison.right:
            kind = "error" if exit_code([result]) == 3 else "failure"
            why = clean(result.comparison.why)
            ElementTree.SubElement(case, kind, type="Catalogue", message=why)
    ElementTree.indent(suite)
    body = ElementTree.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'
