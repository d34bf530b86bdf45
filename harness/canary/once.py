"""Probes once, for cron and CI, and as each tick of the canary that runs for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.canary.asked import Asked, read_plan
from harness.canary.cleaning import Cleaned
from harness.canary.collecting import forms_of
from harness.canary.judging import Told
from harness.canary.keeping import IdentityTaken, identity, prune, uncleaned
from harness.canary.metrics import Result
from harness.canary.probing import Probe, probe
from harness.canary.sweeping import sweep
from harness.canary.targets import UNKNOWN, Target, targets_of
from harness.canary.telling import FILE, probe_to_json
from harness.plan import Plan
from harness.runs import clean_abandoned, create_run
from harness.runs.disk import write_whole

# Older records are cleaned beside a probe's own, a few at a time: the next tick is near.
SWEPT_N_MAX = 2


def once(
    asked: Asked,
    env: Mapping[str, str],
    watch: Callable[[str], None] = lambda _: None,
    judged: Callable[[Probe], None] = lambda _: None,
) -> list[Probe]:
    """Probe each target once, clean up, and keep the proof.

    judged is told of each probe as soon as it is judged, and before its records are removed.

    Raises UsageError where the plan, the targets or the probes cannot be right.
    """
    plan = read_plan(asked, env)
    found = []
    # A probe that was killed at its limit leaves a browser's profile, or the browser.
    for sentence in clean_abandoned():
        watch(sentence)
    for target in targets_of(plan, asked.targets):
        tick = asked.tick if asked.tick is not None else _next_tick(plan, target, asked.runs)
        watch(f"{target.name}: probing {target.address}")
        try:
            with identity(plan, target, "probe"):
                found.append(_probe(plan, target, tick, asked.runs, judged))
                for run in uncleaned(asked.runs, target.name)[:SWEPT_N_MAX]:
                    found[-1].swept_n += sweep(plan, run, asked.runs).cleaned_n
        except IdentityTaken as taken:
            found.append(skipped(plan, target, tick, str(taken)))
    prune(asked.runs, plan.canaries.keep_n)
    return found


def _next_tick(plan: Plan, target: Target, runs: Path) -> int:
    """The one after the last of these runs, so that every case has its turn however rare cron is.

    Where nobody knows the last one it is the time's. Raises EnvironmentBroken.
    """
    path = runs / f"tick-{target.name}"
    try:
        tick = int(path.read_text(encoding="ascii")) + 1
    except (OSError, ValueError):
        tick = int(time.time() / plan.canaries.interval_s)
    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, str(tick).encode("ascii"))
    return tick


def _probe(
    plan: Plan, target: Target, tick: int, runs: Path, judged: Callable[[Probe], None]
) -> Probe:
    with create_run(runs) as run:
        told = probe(plan, target, tick, run, runs, judged)
        run.write_json(FILE, probe_to_json(told))
        return told


def skipped(plan: Plan, target: Target, tick: int, why: str) -> Probe:
    """A probe that did not take place."""
    forms = forms_of(plan, UNKNOWN)
    told = [Told(form, UNKNOWN, Result.SKIPPED, why) for form in forms]
    at_s = time.time()
    return Probe(
        "", Path(), target.name, tick, 0.0, at_s, why, told={target.app: told},
        cleaned=Cleaned(0, 0, 0),
    )  # fmt: skip
