"""Cleans what earlier probes left: a probe that was killed could not do so itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.canary.asked import Asked
from harness.canary.cleaning import Broom, Cleaned, keep_cleaned
from harness.canary.collecting import probes_of, spec_for
from harness.canary.keeping import uncleaned
from harness.canary.looking import Looker, tokens_of
from harness.canary.probing import FACTS, Driven
from harness.canary.targets import FILE as TARGET
from harness.canary.targets import Target, targets_of
from harness.drive.spec import Spec
from harness.errors import EvidenceError, HarnessError
from harness.model import Role
from harness.plan import Plan, scrub
from harness.promise import read_promise
from harness.runs import RunFolder, list_runs
from harness.runs.lease import open_lease


def sweep(plan: Plan, run: RunFolder, kept: Path) -> Cleaned:
    """Clean one run that is over, at the target that it was written to.

    Where that cannot be done the run's folder and what is returned say why.
    """
    try:
        return _sweep(plan, run, _target_of(plan, run), kept)
    except HarnessError as error:
        cleaned = Cleaned(0, 0, 1, (f"{run.id}: {scrub(str(error), plan.secrets)}",))
        keep_cleaned(run, cleaned)
        return cleaned


def _target_of(plan: Plan, run: RunFolder) -> Target:
    told = run.read_json(TARGET)
    target = next(t for t in targets_of(plan, [str(told["target"])]))
    if target.address != told["url"]:
        raise EvidenceError(
            f"it was written to {told['url']}, and the plan's target {target.name} is "
            f"{target.address} now; nothing there is touched"
        )
    return target


def _sweep(plan: Plan, run: RunFolder, target: Target, kept: Path) -> Cleaned:
    promise = read_promise(run.path / "plan.json")
    sides: dict[Role, Target] = {"candidate": target}
    if promise.baseline is not None and target.stable is not None:
        sides["baseline"] = target.stable
    with open_lease() as lease:
        environment = {**lease.environment, **plan.canaries.env}
        child = Driven(run.logs, lease.scratch("temporary"), environment)
        named = {"candidate": promise.release, "baseline": promise.baseline or promise.release}
        specs: dict[Role, Spec] = {
            role: replace(
                spec_for(plan, run, role, named[role].name, side.url), forms=promise.forms[role]
            )
            for role, side in sides.items()
        }
        lookers = {
            role: Looker(
                run.observations,
                role,
                side.storages,
                promise.forms[role],
                codecs=plan.folder,
                tokens=tokens_of(run.tag, plan.canaries.search),
            )
            for role, side in sides.items()
        }
        probes = probes_of(plan, specs["candidate"], child, kept)
        broom = Broom(plan, run, child, specs, lookers, probes, partial(_unwatch, run))
        return broom.sweep()


def _unwatch(run: RunFolder) -> None:
    """What is about to go is watched no longer, also where somebody stops this half way."""
    (run.path / FACTS).unlink(missing_ok=True)


def sweep_all(plan: Plan, asked: Asked, *, everything: bool = False) -> dict[str, Cleaned]:
    """Clean every run that has something left, or each that is kept; by the run's name.

    Raises UsageError where the plan has no targets, or none of the names that were asked for.
    """
    targets_of(plan, asked.targets)
    found = list_runs(asked.runs) if everything else uncleaned(asked.runs)
    swept: dict[str, Cleaned] = {}
    for run in found:
        if run.alive() or not (run.path / "plan.json").exists():
            continue
        if asked.targets and run.read_json(TARGET).get("target") not in asked.targets:
            continue
        swept[run.id] = sweep(plan, run, asked.runs)
    return swept
