"""A load by itself: no scenario, no baseline; driven from this host, or by workers on others."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.deploy.choose import deployer_for
from harness.deploy.leftovers import clean_leftovers
from harness.deploy.releases import check_release_known
from harness.deploy.seams import Deployer, Deployment
from harness.errors import EvidenceError, PlanError, UsageError
from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.loading import Away, Loading
from harness.gate.promising import Promised, known_losses
from harness.gate.run import Outcome
from harness.gate.settling import settle
from harness.gate.telling import stage
from harness.gate.work import Work
from harness.journal import events as ev
from harness.journal.writer import JournalWriter
from harness.plan import Plan, load_plan, scrub
from harness.promise import LOAD, Promise, promise_to_json
from harness.runs import RunFolder, create_run

EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class LoadAsked:
    """One call of a load; url is a running address in place of the plan's own, away its workers.

    profile says how much is driven, and merge is a file that is merged over the plan.
    """

    release: str
    plan: Path
    runs: Path
    profile: str = "release"
    deployer: str | None = None
    url: str | None = None
    merge: Path | None = None
    away: Away | None = None


def load_alone(asked: LoadAsked, env: Mapping[str, str], watch: Watcher) -> Outcome:
    """Drive the plan's load at one release and judge it; its run's folder has all of it.

    Raises UsageError (nothing was started, no run is left), and KeyboardInterrupt through: the
    journal stays readable, and nothing that was started survives.
    """
    plan = load_plan(asked.plan, env, asked.merge)
    if asked.url is not None:
        plan = plan.at(asked.url)
    _check(plan, asked)
    for sentence in clean_leftovers(env):
        watch(Progress("start", sentence))
    with create_run(asked.runs) as run:
        try:
            name = EXTERNAL if asked.url is not None else asked.deployer
            deployer = deployer_for(plan, run, name, env, [asked.release])
            promise = _promise(asked, plan, run, deployer)
            away = asked.away.of_run(run.id) if asked.away is not None else None
        except UsageError:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        if deployer.notice:
            watch(Progress("start", deployer.notice))
        run.write_json("plan.json", promise_to_json(promise))
        with JournalWriter(run.journal, "gate") as journal, ExitStack() as stack:
            gate = Asked(asked.release, asked.plan, asked.runs, profile=asked.profile)
            promised = Promised(promise, frozenset())
            work = Work(gate, plan, run, promised, deployer, journal, stack, watch)
            _Alone(work, away).go()
            journal.write(ev.Closed())
        return Outcome(settle(run, promise, lambda text: scrub(text, plan.secrets)), run.path)


def _check(plan: Plan, asked: LoadAsked) -> None:
    check_release_known(plan, asked.release)
    if plan.load is None:
        raise PlanError(f'{plan.path} has no [load]; write file = "load.py" and peak_saves_per_s')
    plan.check_files()
    if not plan.profile(asked.profile).load_legs:
        raise UsageError(f"profile {asked.profile} holds no load; choose another with --profile")


def _promise(asked: LoadAsked, plan: Plan, run: RunFolder, deployer: Deployer) -> Promise:
    now = datetime.now(UTC)
    return Promise(
        run=run.id,
        tag=run.tag,
        app=plan.app.name,
        release=deployer.identify(asked.release),
        baseline=None,
        profile=asked.profile,
        deployer=deployer.name,
        plan_digest=plan.digest,
        started=now.isoformat(timespec="seconds"),
        today=now.date().isoformat(),
        forms={"candidate": plan.forms(asked.release)},
        cases=(),
        stages={"deploy": 0, LOAD: 1},
        known=known_losses(plan, now.date()),
        warnings=(
            *plan.expired(now.date()),
            "the load was driven alone: nothing is said of scenarios, or of other releases",
            *_not_held(plan),
        ),
        save_p50_ms_max=plan.limits.save_p50_ms_max,
        save_p95_ms_max=plan.limits.save_p95_ms_max,
        save_p99_ms_max=plan.limits.save_p99_ms_max,
        plan=plan.redacted(),
    )


def _not_held(plan: Plan) -> list[str]:
    ratio_max = plan.limits.save_p95_ratio_max
    if ratio_max is None:
        return []
    limit = f"save_p95_ratio_max = {ratio_max:g}"
    return [f"no baseline was loaded, so that {limit} is not held; a whole gate holds it"]


@dataclass(frozen=True, slots=True)
class _Alone:
    """The two stages of such a run; what breaks the environment is journaled."""

    work: Work
    away: Away | None

    def go(self) -> None:
        """Deploy, or find what runs; then drive."""
        deployed: list[Deployment] = []
        for name, act in (("deploy", self._deploy), (LOAD, self._load)):
            with stage(name, self.work.journal, self.work.watch) as state:
                try:
                    act(deployed)
                except EvidenceError as error:
                    self.work.trouble(name, error, "inconclusive")
                    state.failed = True
            if state.failed:
                return

    def _deploy(self, deployed: list[Deployment]) -> None:
        work = self.work
        found = work.deployer.deploy(work.promise.release, "candidate", None)
        deployed.append(work.stack.enter_context(found))
        work.observer.check(deployed[0])

    def _load(self, deployed: list[Deployment]) -> None:
        Loading(self.work, LOAD, deployed[0], away=self.away).compare()
