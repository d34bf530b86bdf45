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


def with_table(file: Path, results: Sequence[Result], names: Sequence[str]) -> str:
    """The page with the table in its place between the two marks; the table alone without them.

    Where only a part of the catalogue, whose names are given, was run, the rows of the others stay
    as they are: each row is of the newest run of its release.
    """
    table = markdown(results, len(names))
    page = _page(file)
    before, begin, rest = page.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not (begin and end):
        return table
    if len(results) < len(names):
        table = _merged(old, table, names)
    return f"{before}{begin}\n{table}{end}{after}"


def _merged(old: str, new: str, names: Sequence[str]) -> str:
    rows = {**_rows(old), **_rows(new)}
    kept = [rows[name] for name in map(escaped, names) if name in rows]
    wrong = [row for row in kept if any(cell.isupper() for cell in _cells(row)[1:-2])]
    not_so = f"; not so: {', '.join(_cells(row)[0] for row in wrong)}" if wrong else ""
    right = f"{len(kept) - len(wrong)} of {len(kept)} releases answered as expected"
    head = new[new.index("| release") :].splitlines()[:2]
    said = f"{right} when each was gated last{not_so}."
    return "\n".join([said, "", *head, *kept, ""])


def _rows(table: str) -> dict[str, str]:
    """The lines of a table by the release they are of."""
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return {_cells(line)[0]: line for line in lines[1:]}


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def check_page(file: Path) -> None:
    """Raise UsageError where the page is there and cannot be read."""
    _page(file)


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
