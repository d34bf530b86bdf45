"""Whether each release can be gated as it says, found out before the first of them is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.catalogue.comparing import SCENARIO, fits_scenario
from harness.catalogue.entries import Entry, refuse
from harness.checks.across import LEVELS
from harness.checks.injected import FAULT, is_fault
from harness.deploy.releases import check_release_known
from harness.drive.chosen import fits
from harness.drive.scenarios import collect
from harness.errors import UsageError
from harness.gate.promising import spec_for
from harness.model import Case
from harness.plan import Plan, load_plan
from harness.promise import FURTHER, STAGES
from harness.runs import create_run
from harness.suggest import advice


def check_entries(plan: Plan, entries: Sequence[Entry], env: Mapping[str, str]) -> dict[str, Plan]:
    """The plan of each release by name; raises UsageError with everything that does not fit."""
    plans: dict[str, Plan] = {}
    problems: list[str] = []
    for entry in entries:
        try:
            plans[entry.name] = load_plan(plan.path, env, entry.plan)
            for release in (entry.name, entry.baseline):
                check_release_known(plan, release)
        except UsageError as error:
            problems.append(f"{entry.name}: {error}")
            continue
        problems += [f"{entry.name}: {s}" for s in _of_plan(entry, plans[entry.name])]
    refuse(entries[0].folder.parent, problems)
    refuse(entries[0].folder.parent, _of_cases(entries, plans))
    return plans


def _of_plan(entry: Entry, plan: Plan) -> Iterator[str]:
    known = (*STAGES, *FURTHER)
    for stage in entry.expected.stages:
        if stage not in known:
            yield f"stages = {stage!r}: a gate has no such stage; {advice(stage, known)}"
    forms = {name: [f.name for f in form.fields] for name, form in plan.forms(entry.name).items()}
    form = entry.expected.form
    if form is not None and form not in forms:
        yield f"form = {form!r}: the plan has no such form; {advice(form, forms)}"
        return
    for name in entry.expected.fields or ():
        having = [each for each in ([form] if form else forms) if name in forms[each]]
        if not having:
            there = forms[form] if form else [f for fields in forms.values() for f in fields]
            yield f"fields = {name!r}: the plan has no such field; {advice(name, there)}"
        elif len(having) > 1:
            yield f"fields = {name!r}: {' and '.join(having)} have one; write form as well"


def _of_cases(entries: Sequence[Entry], plans: Mapping[str, Plan]) -> list[str]:
    """What the releases ask of the scenarios and is not there, release by release.

    Scenarios are collected once for a profile; only where something seems to be missing are they
    collected again as that release has them.
    """
    usual: dict[str, tuple[Case, ...]] = {}
    problems: list[str] = []
    for entry in entries:
        profile = entry.expected.profile
        if profile not in usual:
            usual[profile] = _cases(entry, plans[entry.name])
        wrong = list(_missing(entry, usual[profile]))
        if wrong:
            wrong = list(_missing(entry, _cases(entry, plans[entry.name])))
        problems += [f"{entry.name}: {sentence}" for sentence in wrong]
    return problems


def _cases(entry: Entry, plan: Plan) -> tuple[Case, ...]:
    profile = plan.profile(entry.expected.profile)
    with tempfile.TemporaryDirectory() as folder, create_run(Path(folder)) as run:
        return collect(spec_for(plan, run, "candidate", entry.name, profile), run).cases


def _missing(entry: Entry, cases: Sequence[Case]) -> Iterator[str]:
    expected = entry.expected
    chosen = list(cases)
    for pattern in expected.scenarios:
        if not any(fits(case, pattern) for case in cases):
            scenarios = {case.scenario.rpartition("::")[2] for case in cases}
            yield f"scenarios = {pattern!r} fits no case; {advice(pattern.strip('*'), scenarios)}"
    if expected.scenarios:
        chosen = [case for case in cases if any(fits(case, p) for p in expected.scenarios)]
    for factor, levels in expected.trigger.items():
        if factor == SCENARIO:
            for pattern in levels:
                if not any(fits_scenario(case.scenario, pattern) for case in chosen):
                    yield f"trigger.scenario = {pattern!r} fits none of its scenarios"
        elif factor == FAULT:
            wrong = [name for name in levels if not is_fault(name)]
            yield from (f"trigger.fault = {n!r}: nothing that is done to a release" for n in wrong)
        elif chosen:
            yield from _levels_missing(factor, levels, chosen)


def _levels_missing(factor: str, levels: Sequence[str], chosen: Sequence[Case]) -> Iterator[str]:
    there = {case.levels[factor] for case in chosen if factor in case.levels}
    there |= LEVELS.get(factor, frozenset())
    if not there & set(levels):
        having = f"levels there: {', '.join(sorted(there))}" if there else "no such factor"
        yield f"trigger.{factor} = {', '.join(levels)}: no case of it has that; {having}"
