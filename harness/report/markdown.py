"""The answer as Markdown: what a pull request or a job's summary shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.exhibits import Account, Exhibit
from harness.model import Finding, Severity
from harness.report.clean import one_line
from harness.report.figures import faults_line, load_line, stages_line
from harness.report.html_views import gathered
from harness.verdict import Answer

BYTES_MAX = 100_000
FINDINGS_MAX = 20
SENTENCES_MAX = 20
_MARKS = {Answer.PASS: "✅ PASS", Answer.BLOCK: "⛔ BLOCK", Answer.INCONCLUSIVE: "⚠️ INCONCLUSIVE"}
# Everything that could begin a link, markup, a table's cell, a mention or a number of an issue.
_SPECIAL = re.compile(r"[\\`*_{}\[\]()#+!|~$@:<>&]")


def markdown(account: Account) -> str:
    """The whole answer, never longer than BYTES_MAX."""
    return "\n".join(_lines(account)) + "\n"


def escaped(text: str, chars_max: int = 200) -> str:
    """The text on one line, every character that means something written as its number."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", one_line(text, chars_max))


def _lines(account: Account) -> Iterator[str]:
    verdict = account.verdict
    yield f"## {_MARKS[verdict.verdict]} · {escaped(verdict.app)} {escaped(verdict.release.name)}"
    yield ""
    yield escaped(verdict.sentence, 600)
    yield ""
    blocking = [e for e in account.exhibits if e.finding.severity is Severity.BLOCK]
    if blocking:
        yield from _table(blocking)
    told = {exhibit.sentence for exhibit in blocking}
    if verdict.verdict is not Answer.PASS:
        reasons = gathered(r for r in verdict.reasons if r not in told)
        yield from _list("Missing or broken", reasons)
    yield from _list("Not measured", gathered(gap.sentence for gap in account.gaps))
    yield from _list("Worth knowing", verdict.warnings)
    yield _measured(account)
    yield ""
    yield f"stages: {escaped(stages_line(verdict), 600)}"


def _table(exhibits: list[Exhibit]) -> Iterator[str]:
    yield "| anomaly | form | fields | when | layer | saves |"
    yield "|---|---|---|---|---|---|"
    for exhibit in exhibits[:FINDINGS_MAX]:
        finding = exhibit.finding
        cells = (
            f"**{escaped(finding.anomaly)}**",
            escaped(finding.form),
            escaped(", ".join(finding.fields)),
            escaped(_when(finding), 400),
            escaped(finding.layer),
            str(finding.saves_n),
        )
        yield f"| {' | '.join(cells)} |"
    if len(exhibits) > FINDINGS_MAX:
        yield ""
        yield f"and {len(exhibits) - FINDINGS_MAX} more findings in verdict.json"
    yield ""


def _list(title: str, sentences: list[str] | tuple[str, ...]) -> Iterator[str]:
    if not sentences:
        return
    yield f"**{title}**"
    yield ""
    yield from (f"- {escaped(sentence, 300)}" for sentence in sentences[:SENTENCES_MAX])
    if len(sentences) > SENTENCES_MAX:
        yield f"- and {len(sentences) - SENTENCES_MAX} more in verdict.json"
    yield ""


def _measured(account: Account) -> str:
    evidence = account.verdict.evidence
    controls = evidence.controls
    load = f"{load_line(evidence.load)}; " if evidence.load is not None else ""
    if evidence.load_faults is not None:
        load += f"{faults_line(evidence.load_faults)}; "
    return (
        f"{evidence.cases} cases, {evidence.saves['acknowledged']} saves acknowledged, "
        f"{evidence.fields_read} fields compared, {controls['caught']} of {controls['planted']} "
        f"controls caught; {load}run `{account.verdict.run}`"
    )


def _when(finding: Finding) -> str:
    """The trigger, and that it is confirmed where it is."""
    trigger = finding.trigger
    proved = trigger.confirmed and trigger.proof
    return f"{trigger.text}; confirmed: {trigger.proof}" if proved else trigger.text
