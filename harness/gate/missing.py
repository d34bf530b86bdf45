"""What was there to be measured and will not be: left out by pytest, or gone since the baseline."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from datetime import date

from harness.drive.scenarios import Collected
from harness.gate.baselines import Before
from harness.plan import Plan


def missing(
    plan: Plan, baseline: str | None, before: Before, found: Collected, today: date
) -> tuple[str, ...]:
    """A sentence on each scenario, form, field and load; before is what the baseline's gate had."""
    return (
        *_scenarios(plan, baseline, before, found, today),
        *_forms(plan, baseline, before),
        *_fields(plan, baseline, before),
        *_load(plan, baseline, before),
    )


def _scenarios(
    plan: Plan, baseline: str | None, before: Before, found: Collected, today: date
) -> Iterator[str]:
    excused = [q.scenario for q in plan.quarantine if not q.expired(today)]
    now = {case.scenario for case in found.cases} | {*found.absent, *found.left_out}
    gone = dict.fromkeys(sorted(before.scenarios - now), f"was promised for {baseline} and is gone")
    for scenario, reason in {**found.left_out, **gone}.items():
        if not any(fnmatch.fnmatchcase(scenario, glob) for glob in excused):
            yield f"{scenario} {reason}; bring it back, or put it in [[quarantine]] with a reason"


def _forms(plan: Plan, baseline: str | None, before: Before) -> Iterator[str]:
    for form in sorted({form for form, _ in before.fields} - set(plan.table.form)):
        yield (
            f"form {form} was compared for {baseline} and is gone from the plan; bring it back, or "
            f'write absent = true in [form.{form}.release."GLOB"] for the releases without it'
        )


def _fields(plan: Plan, baseline: str | None, before: Before) -> Iterator[str]:
    for form, name in sorted(before.fields):
        table = plan.table.form.get(form)
        if table and name not in table.fields and name not in table.unchecked:
            yield (
                f"{form}.{name} was compared for {baseline} and is gone from the plan; bring it "
                f'back, or name "{name}" in unchecked of [form.{form}]'
            )


def _load(plan: Plan, baseline: str | None, before: Before) -> Iterator[str]:
    if before.load and plan.load is None:
        yield (
            f"{baseline} was put under load and [load] is gone from the plan; bring it back, or "
            "keep it and say load_s = 0 in the [profile.NAME] that is to do without"
        )
