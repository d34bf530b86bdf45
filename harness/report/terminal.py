"""The answer as a person reads it: verdict, why, what was proved, where to look, what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.model import Anomaly, Finding, Severity
from harness.report.clean import clean, one_line
from harness.report.figures import faults_line, load_line, stages_line
from harness.verdict import EXPLORE, Answer, Evidence, Verdict

_COLOURS = {Answer.PASS: "32", Answer.BLOCK: "31", Answer.INCONCLUSIVE: "33"}
_LISTED_MAX = 12
_WARNINGS_MAX = 8
# What a process said last, as it said it.
_TAIL_MAX = 8
_LINE_CHARS_MAX = 200


def render(verdict: Verdict, run: Path, *, colour: bool) -> str:
    """The whole answer; run is the run folder; colour for a terminal that shows it."""
    return "\n".join(_lines(verdict, run, colour)) + "\n"


def _lines(verdict: Verdict, run: Path, colour: bool) -> Iterator[str]:
    word = str(verdict.verdict).upper()
    shown = f"\x1b[1;{_COLOURS[verdict.verdict]}m{word}\x1b[0m" if colour else word
    yield f"{shown}  {one_line(verdict.sentence, 600)}"
    blocking = [f for f in verdict.findings if f.severity is Severity.BLOCK]
    for finding in blocking[:_LISTED_MAX]:
        yield from _finding(finding, run)
    if len(blocking) > _LISTED_MAX:
        yield f"  and {len(blocking) - _LISTED_MAX} more findings in verdict.json"
    if verdict.verdict is not Answer.PASS and (not blocking or len(verdict.reasons) > 1):
        yield from _section("why", verdict.reasons, _LISTED_MAX)
    yield from _section("note", verdict.warnings, _WARNINGS_MAX)
    yield ""
    yield f"  measured   {_measured(verdict)}"
    if verdict.evidence.load is not None:
        yield f"             {load_line(verdict.evidence.load)}"
    if verdict.evidence.load_faults is not None:
        yield f"             {faults_line(verdict.evidence.load_faults)}"
    yield f"  stages     {one_line(stages_line(verdict), 600)}"
    yield f"  evidence   {clean(str(run))}"
    yield f"  next       {_next(verdict, run)}"


def _finding(finding: Finding, run: Path) -> Iterator[str]:
    if finding.anomaly is Anomaly.JOURNEY_BROKEN:
        yield ""
        yield f"  journey broken  {one_line(finding.trigger.text)}"
    else:
        yield ""
        what = one_line(f"{finding.form}: {', '.join(finding.fields)}")
        yield f"  {finding.anomaly}  {what}"
        if finding.breach:
            yield "    breach   what belongs to one record stands in another's: others may read it"
        yield f"    when     {one_line(finding.trigger.text.removeprefix('when '))}"
        if finding.trigger.proof:
            word = "confirmed" if finding.trigger.confirmed else "not confirmed"
            yield f"    tried    {word}: {one_line(finding.trigger.proof, 400)}"
        yield f"    layer    {finding.layer}"
        saves, records = _count(finding.saves_n, "save"), _count(finding.records_n, "record")
        yield f"    extent   {saves}, {records}"
    if finding.preexisting:
        yield "    before   the baseline shows it as well"
    if finding.reproduction:
        yield f"    again    {clean(_command(finding.reproduction, run))}"
    if finding.evidence:
        yield f"    look at  {clean(finding.evidence[-1])}"


def _command(script: str, run: Path) -> str:
    """What a developer runs against a release to see it happen."""
    return f"python {shlex.quote(str(run / script))} --url http://..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _section(title: str, sentences: Sequence[str], most: int) -> Iterator[str]:
    for at, sentence in enumerate(sentences[:most]):
        lead = title if at == 0 else ""
        if at == 0:
            yield ""
        first, *rest = sentence.split("\n")
        yield f"  {lead:<10} {one_line(first)}"
        for line in rest[-_TAIL_MAX:]:
            yield f"  {'':<10} {clean(line.expandtabs(4))[:_LINE_CHARS_MAX]}"
    if len(sentences) > most:
        yield f"  {'':<10} and {len(sentences) - most} more in verdict.json"


def _measured(verdict: Verdict) -> str:
    evidence = verdict.evidence
    promised = sum(stage.promised for stage in verdict.stages if stage.name == "scenarios")
    saves, controls = evidence.saves, evidence.controls
    if verdict.load_alone:
        return (
            f"{evidence.fields_read} fields compared; controls: {controls['caught']} of "
            f"{controls['planted']} caught"
        )
    return (
        f"{evidence.cases} of {promised} cases; saves: {saves['acknowledged']} acknowledged, "
        f"{saves['refused']} refused, {saves['unknown']} unknown; {evidence.fields_read} fields "
        f"compared; controls: {controls['caught']} of {controls['planted']} caught"
        f"{_unplanted(evidence)}"
    )


def _unplanted(evidence: Evidence) -> str:
    """The anomalies of which nothing in the run allowed a control; why stands in the verdict."""
    names = ", ".join(evidence.controls_unplanted)
    return f", none planted of {names}" if names else ""


def _next(verdict: Verdict, run: Path) -> str:
    if verdict.verdict is Answer.PASS and verdict.profile == EXPLORE:
        return "explore longer or with another seed; it stands for no gate"
    if verdict.verdict is Answer.PASS and verdict.load_alone:
        return "gate it before you deploy it: only its load was driven"
    if verdict.verdict is Answer.PASS and _is_partial(verdict):
        return "gate it whole before you deploy it: only some of its cases were run"
    if verdict.verdict is Answer.PASS:
        return "deploy it"
    traces = [
        path for finding in verdict.findings for path in finding.evidence if path.endswith(".zip")
    ]
    if verdict.verdict is Answer.BLOCK and traces:
        trace = shlex.quote(str(run / traces[0]))
        return f"do not deploy; watch it happen: playwright show-trace {trace}"
    if verdict.verdict is Answer.BLOCK:
        return f"do not deploy; read {shlex.quote(str(run / 'verdict.json'))}"
    return "mend what is missing above and gate it again; nothing is proved yet"


def _is_partial(verdict: Verdict) -> bool:
    return any(warning.startswith("only cases matching") for warning in verdict.warnings)
