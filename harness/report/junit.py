"""JUnit XML: one testcase per scenario and field, as CI servers read it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from harness.model import Severity
from harness.report.clean import clean
from harness.verdict import Answer, Cell, Verdict


def junit(verdict: Verdict, cells: Sequence[Cell]) -> str:
    """The whole file; a loss is a failure, missing evidence an error, never absent or skipped."""
    failures = sum(cell.failure is not None for cell in cells)
    errors = sum(cell.failure is None and cell.missing is not None for cell in cells)
    extra = _verdict_case(verdict, failures, errors)
    suite = ElementTree.Element(
        "testsuite",
        name=clean(f"harness {verdict.app} {verdict.release.name}"),
        tests=str(len(cells) + 1),
        failures=str(failures + (extra.find("failure") is not None)),
        errors=str(errors + (extra.find("error") is not None)),
        skipped="0",
        time=f"{verdict.duration_s:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (
        ("release", verdict.release.name),
        ("verdict", str(verdict.verdict)),
        ("evidence.fields_read", str(verdict.evidence.fields_read)),
        *(
            (f"evidence.load.{name}", f"{value:.10g}")
            for name, value in (verdict.evidence.load or {}).items()
        ),
        *(
            (f"evidence.load_faults.{name}", f"{value:.10g}")
            for name, value in (verdict.evidence.load_faults or {}).items()
        ),
    ):
        ElementTree.SubElement(properties, "property", name=name, value=clean(value))
    suite.append(extra)
    for cell in cells:
        suite.append(_testcase(cell))
    ElementTree.indent(suite)
    body = ElementTree.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _verdict_case(verdict: Verdict, failures: int, errors: int) -> ElementTree.Element:
    """The verdict itself, so that no answer but a pass can look green."""
    case = ElementTree.Element("testcase", classname="harness", name="verdict")
    sentence = clean(verdict.sentence)
    text = clean("\n".join(verdict.reasons))
    if verdict.verdict is Answer.BLOCK and not failures:
        lost = next((f.anomaly for f in verdict.findings if f.severity is Severity.BLOCK), None)
        kind = f"DataLoss.{lost}" if lost else "Blocked"
        ElementTree.SubElement(case, "failure", type=clean(kind), message=sentence).text = text
    if verdict.verdict is Answer.INCONCLUSIVE and not errors:
        ElementTree.SubElement(case, "error", type="Inconclusive", message=sentence).text = text
    return case


def _testcase(cell: Cell) -> ElementTree.Element:
    name = f"{cell.form}.{cell.field}" if cell.field else "no evidence"
    case = ElementTree.Element(
        "testcase",
        classname=clean(cell.scenario),
        name=clean(name),
        file=clean(cell.file),
        line=str(cell.line),
    )
    if cell.failure is not None:
        ElementTree.SubElement(
            case, "failure", type=clean(f"DataLoss.{cell.anomaly}"), message=clean(cell.failure)
        )
    elif cell.missing is not None:
        ElementTree.SubElement(case, "error", type="Inconclusive", message=clean(cell.missing))
    return case
