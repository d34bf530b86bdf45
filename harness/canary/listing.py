"""What a canary is made of and what it has kept, in lines."""

from __future__ import annotations

from collections.abc import Iterator

from harness.canary.asked import Asked
from harness.canary.cleaning import cleaned_of
from harness.canary.keeping import uncleaned
from harness.canary.targets import ask, targets_of, trouble_of
from harness.canary.telling import FILE
from harness.errors import RecordUnreadable
from harness.plan import Plan
from harness.runs import RunFolder, list_runs

LISTED_MAX = 20


def listing(plan: Plan, asked: Asked) -> Iterator[str]:
    """Each target with what answers there, then the newest runs."""
    for target in targets_of(plan, asked.targets):
        answer = ask(plan, target)
        state = trouble_of(plan, target, answer) or f"release {answer.release or 'unknown'}"
        beside = f", beside {target.stable.address}" if target.stable else ""
        yield f"{target.name}  {target.address}{beside}  {state}"
    yield (
        f"every {plan.canaries.interval_s:g} s as {plan.canaries.identity!r}: "
        f"{', '.join(plan.canaries.forms or tuple(plan.table.form))}"
    )
    runs = list_runs(asked.runs)
    left = len(uncleaned(asked.runs))
    yield f"{len(runs)} runs in {asked.runs}, {left} with records left"
    for run in runs[:LISTED_MAX]:
        yield f"  {_line(run)}"


def _line(run: RunFolder) -> str:
    try:
        told = run.read_json(FILE)
        cleaned = cleaned_of(run)
        left = "not cleaned" if cleaned is None else f"{cleaned.residue_n} left"
        return f"{run.id}  {told.get('result')!s:<8} {told.get('target')}  {left}"
    except RecordUnreadable:
        return f"{run.id}  was cut short"
