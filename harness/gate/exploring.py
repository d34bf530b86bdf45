"""Looks for losses that no gate promised to look for: orders and rows by chance, until time is up.

What is driven is promised first, a round at a time, so that the run judges like any other.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.browser import find_browser
from harness.deploy.choose import deployer_for
from harness.deploy.leftovers import clean_leftovers
from harness.deploy.releases import check_release_known
from harness.deploy.seams import Deployer
from harness.drive.scenarios import Collected, DriveProgress, drive
from harness.errors import EvidenceError, UsageError
from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.choosing import attempts_made, unproved
from harness.gate.drawing import Drawing
from harness.gate.promising import Promised, known_losses, quarantined, spec_for
from harness.gate.reducing import Reducing
from harness.gate.run import Outcome
from harness.gate.settling import settle
from harness.gate.stages import VITAL
from harness.gate.telling import stage
from harness.gate.work import Work
from harness.journal import events as ev
from harness.journal.writer import JournalWriter
from harness.judge import Grounds
from harness.model import Case, Severity
from harness.plan import Plan, load_plan, scrub
from harness.promise import Promise, promise_to_json
from harness.runs import RunFolder, create_run
from harness.verdict import EXPLORE

# Every text class and long orders; how much of them is driven the time decides.
PROFILE = "release"


@dataclass(frozen=True, slots=True)
class Exploring:
    """One call; the same seed draws the same cases, in the same order."""

    release: str
    plan: Path
    runs: Path
    minutes: float
    seed: int
    deployer: str | None = None

    @property
    def again(self) -> str:
        """The command that does the same again."""
        words = ["harness", "explore", self.release, "--minutes", f"{self.minutes:g}"]
        words += ["--seed", str(self.seed), "--plan", str(self.plan), "--runs", str(self.runs)]
        return shlex.join([*words, *(["--deployer", self.deployer] if self.deployer else [])])


def explore(asked: Exploring, env: Mapping[str, str], watch: Watcher) -> Outcome:
    """Explore one release; its run's folder has all that was driven, and the verdict.

    Raises UsageError (nothing was started, no run is left), and KeyboardInterrupt through.
    """
    plan = load_plan(asked.plan, env)
    check_release_known(plan, asked.release)
    for sentence in clean_leftovers(env):
        watch(Progress("start", sentence))
    browser = find_browser(env)
    with create_run(asked.runs) as run:
        try:
            deployer = deployer_for(plan, run, asked.deployer, env, [asked.release])
            for sentence in (deployer.notice, f"browser: {browser.name}", f"seed {asked.seed}"):
                if sentence:
                    watch(Progress("start", sentence))
            general = spec_for(plan, run, "candidate", asked.release, plan.profile(PROFILE))
            drawing = Drawing(general, run, asked.seed)
        except UsageError:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        promised = Promised(_promise(asked, plan, run, deployer, drawing.found), frozenset())
        gate = Asked(asked.release, asked.plan, asked.runs, deployer=asked.deployer, stages=())
        with JournalWriter(run.journal, "gate") as journal, ExitStack() as stack:
            work = Work(gate, plan, run, promised, deployer, journal, stack, watch)
            _Exploration(asked, work, drawing).go()
            journal.write(ev.Closed())
        return Outcome(settle(run, work.promise, lambda text: scrub(text, plan.secrets)), run.path)


def _promise(
    asked: Exploring, plan: Plan, run: RunFolder, deployer: Deployer, found: Collected
) -> Promise:
    """The promise of an exploration that has not driven anything yet."""
    now = datetime.now(UTC)
    forms = plan.forms(asked.release)
    return Promise(
        run=run.id,
        tag=run.tag,
        app=plan.app.name,
        release=deployer.identify(asked.release),
        baseline=None,
        profile=EXPLORE,
        deployer=deployer.name,
        plan_digest=plan.digest,
        started=now.isoformat(timespec="seconds"),
        today=now.date().isoformat(),
        forms={"candidate": forms},
        cases=(),
        stages={"deploy": 1, "scenarios": 0, "reduce": 0, "observe": len(forms)},
        absent=found.absent,
        known=known_losses(plan, now.date()),
        quarantine=quarantined(plan, found.cases, now.date()),
        warnings=(f"seed {asked.seed}; the same again: {asked.again}",),
        seed=asked.seed,
        plan=plan.redacted(),
    )


@dataclass(slots=True)
class _Exploration:
    """One exploration while it happens; what it promises grows with each round."""

    asked: Exploring
    work: Work
    drawing: Drawing
    rounds_n: int = 0
    stage: str = "deploy"

    def __post_init__(self) -> None:
        self._keep_promise()

    @property
    def promise(self) -> Promise:
        """What was promised by now."""
        return self.work.promise

    def go(self) -> None:
        """Every stage; what breaks the environment is journaled, and the rest is left."""
        stages = {
            "deploy": self.deploy,
            "scenarios": self.look_for_losses,
            "reduce": self.reduce,
            "observe": self.look_again,
        }
        for name, act in stages.items():
            self.stage = name
            with stage(name, self.work.journal, self.work.watch) as state:
                try:
                    state.skipped = act()
                except EvidenceError as error:
                    self.work.trouble(name, error, "inconclusive")
                    if name in VITAL:
                        return

    # --- stages: each returns why it did nothing, or None ------------------------------------

    def deploy(self) -> str | None:
        """Start the release."""
        self.work.deploy("candidate", self.promise.release)
        return None

    def look_for_losses(self) -> str | None:
        """Round after round, until something is lost or the time is over."""
        until_s = time.monotonic() + self.asked.minutes * 60
        while True:
            began_s = time.monotonic()
            cases = self.drawing.next_round(len(self.promise.cases))
            if not cases:
                return None
            lost = is_lost(self.drive(cases))
            took_s = time.monotonic() - began_s
            if lost or time.monotonic() + took_s > until_s:
                return None

    def reduce(self) -> str | None:
        """The shortest order that loses something, and that it does every time."""
        grounds = self.work.weigh()
        if not is_lost(grounds):
            return "nothing was lost"
        Reducing(self, self.drawing.found.models).work(grounds)
        return None

    def look_again(self) -> str | None:
        """The last read of all, which confirms what is lost."""
        self.work.observer.confirm(self.work.up["candidate"])
        return None

    # --- what the stages are made of ----------------------------------------------------------

    def drive(self, cases: Sequence[Case], *, trace: bool = False) -> Grounds:
        """Promise these cases, drive them, once more what proved nothing, and judge all so far."""
        known = {case.number for case in self.promise.cases}
        new = [case for case in cases if case.number not in known]
        if new:
            promised = (*self.promise.cases, *new)
            stages = {**self.promise.stages, "scenarios": len(promised)}
            promise = replace(self.promise, cases=promised, stages=stages)
            self.work.promised = replace(self.work.promised, promise=promise)
            self._keep_promise()
        self._drive(cases, trace=trace)
        grounds = self._final()
        again = [n for n in unproved(grounds) if n in {case.number for case in cases}]
        if again:
            self._drive([case for case in cases if case.number in again])
            grounds = self._final()
        return grounds

    def _drive(self, cases: Sequence[Case], *, trace: bool = False) -> None:
        work = self.work
        made = attempts_made(work.weigh(), "candidate")
        by_attempt: dict[int, list[Case]] = {}
        for case in cases:
            by_attempt.setdefault(made.get(case.number, 0) + 1, []).append(case)
        for attempt, some in sorted(by_attempt.items()):
            self.rounds_n += 1
            spec = replace(
                self.drawing.spec,
                url=work.up["candidate"].url,
                round=f"round{self.rounds_n}",
                attempt=attempt,
                cases={case.id: case.number for case in some},
                rows={case.id: case.levels for case in some},
                trace=trace,
            )
            drive(
                spec,
                work.run,
                workers=work.plan.scenarios.workers,
                timeout_s_max=work.plan.profile(PROFILE).scenarios_s_max,
                on_progress=self._progress,
            )

    def _final(self) -> Grounds:
        self.work.final("candidate")
        grounds = self.work.weigh()
        if is_lost(grounds):
            self.work.observer.confirm(self.work.up["candidate"])
            grounds = self.work.weigh()
        return grounds

    def _keep_promise(self) -> None:
        self.work.run.write_json("plan.json", promise_to_json(self.promise))

    def _progress(self, counts: DriveProgress) -> None:
        text = (
            f"round {self.rounds_n}: {counts.done_n} of {counts.total_n} cases, "
            f"{len(self.promise.cases)} so far"
        )
        self.work.watch(Progress(self.stage, text, counts.done_n, counts.total_n, moving=True))


def is_lost(grounds: Grounds) -> bool:
    """Whether anything was seen that would block, confirmed by now or not."""
    return any(
        finding.severity is not Severity.WARN and finding.check != "journeys"
        for finding in grounds.findings
    )
