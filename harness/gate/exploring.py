"""Looks for losses that no gate promised to look for: orders and rows by chance, until time is up.

What is driven is promised first, a round at a time, so that the run judges like any other.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.browser import find_browser
from harness.deploy.choose import deployer_for
from harness.deploy.leftovers import clean_leftovers
from harness.deploy.releases import check_release_known
from harness.deploy.seams import Deployer, Deployment
from harness.drive.scenarios import Collected, DriveProgress, drive
from harness.errors import EvidenceError, UsageError
from harness.gate.asked import Progress, Watcher
from harness.gate.choosing import attempts_made, unproved
from harness.gate.drawing import Drawing
from harness.gate.dying import how_it_died
from harness.gate.observing import Observer
from harness.gate.promising import known_losses, quarantined, spec_for
from harness.gate.reducing import Reducing
from harness.gate.run import Outcome
from harness.gate.settling import settle
from harness.gate.telling import stage
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.judge import Grounds, weigh
from harness.model import Case, Severity
from harness.observations import read_observations
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
        promise = _promise(asked, plan, run, deployer, drawing.found)
        with JournalWriter(run.journal, "gate") as journal, ExitStack() as stack:
            work = _Exploration(asked, plan, run, deployer, journal, stack, watch, drawing, promise)
            work.work()
            journal.write(ev.Closed())
        return Outcome(settle(run, work.promise), run.path)


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
    """One exploration while it happens."""

    asked: Exploring
    plan: Plan
    run: RunFolder
    deployer: Deployer
    journal: JournalWriter
    stack: ExitStack
    watch: Watcher
    drawing: Drawing
    promise: Promise
    observer: Observer = field(init=False)
    up: Deployment = field(init=False)
    rounds_n: int = 0
    stage: str = "deploy"

    def __post_init__(self) -> None:
        self.observer = Observer(self.run, self.promise, self.plan.folder)
        self._keep_promise()

    def work(self) -> None:
        """Every stage; what breaks the environment is journaled, and the rest is left."""
        stages = {
            "deploy": self.deploy,
            "scenarios": self.look_for_losses,
            "reduce": self.reduce,
            "observe": self.look_again,
        }
        for name, act in stages.items():
            self.stage = name
            with stage(name, self.journal, self.watch) as state:
                try:
                    state.skipped = act()
                except EvidenceError as error:
                    self._trouble(name, error)
                    if name in ("deploy", "scenarios"):
                        return

    # --- stages: each returns why it did nothing, or None ------------------------------------

    def deploy(self) -> str | None:
        """Start the release."""
        self.up = self.stack.enter_context(
            self.deployer.deploy(self.promise.release, "candidate", None)
        )
        self.observer.check(self.up)
        self.observer.before(self.up)
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
        grounds = self.weigh()
        if not is_lost(grounds):
            return "nothing was lost"
        Reducing(self, self.drawing.found.models).work(grounds)
        return None

    def look_again(self) -> str | None:
        """The last read of all, which confirms what is lost."""
        self.observer.confirm(self.up)
        return None

    # --- what the stages are made of ----------------------------------------------------------

    def drive(self, cases: Sequence[Case], *, trace: bool = False) -> Grounds:
        """Promise these cases, drive them, once more what proved nothing, and judge all so far."""
        known = {case.number for case in self.promise.cases}
        new = [case for case in cases if case.number not in known]
        if new:
            promised = (*self.promise.cases, *new)
            stages = {**self.promise.stages, "scenarios": len(promised)}
            self.promise = replace(self.promise, cases=promised, stages=stages)
            self._keep_promise()
        self._drive(cases, trace=trace)
        grounds = self._final()
        again = [n for n in unproved(grounds) if n in {case.number for case in cases}]
        if again:
            self._drive([case for case in cases if case.number in again])
            grounds = self._final()
        return grounds

    def weigh(self) -> Grounds:
        """Everything so far, judged."""
        events = read_journal(self.run.journal)
        return weigh(self.promise, events, read_observations(self.run.observations))

    def _drive(self, cases: Sequence[Case], *, trace: bool = False) -> None:
        made = attempts_made(self.weigh(), "candidate")
        by_attempt: dict[int, list[Case]] = {}
        for case in cases:
            by_attempt.setdefault(made.get(case.number, 0) + 1, []).append(case)
        for attempt, some in sorted(by_attempt.items()):
            self.rounds_n += 1
            spec = replace(
                self.drawing.spec,
                url=self.up.url,
                round=f"round{self.rounds_n}",
                attempt=attempt,
                cases={case.id: case.number for case in some},
                rows={case.id: case.levels for case in some},
                trace=trace,
            )
            limit_s = self.plan.profile(PROFILE).scenarios_s_max
            drive(
                spec,
                self.run,
                workers=self.plan.scenarios.workers,
                timeout_s_max=limit_s,
                on_progress=self._progress,
            )

    def _final(self) -> Grounds:
        if not self.up.alive():
            died = how_it_died(self.up, "while it was driven")
            raise EvidenceError(scrub(died, self.plan.secrets))
        self.observer.final(self.up, self.weigh())
        grounds = self.weigh()
        if is_lost(grounds):
            self.observer.confirm(self.up)
            grounds = self.weigh()
        return grounds

    def _keep_promise(self) -> None:
        self.run.write_json("plan.json", promise_to_json(self.promise))

    def _progress(self, counts: DriveProgress) -> None:
        text = (
            f"round {self.rounds_n}: {counts.done_n} of {counts.total_n} cases, "
            f"{len(self.promise.cases)} so far"
        )
        self.watch(Progress(self.stage, text, counts.done_n, counts.total_n, moving=True))

    def _trouble(self, stage: str, error: Exception) -> None:
        sentence = scrub(str(error), self.plan.secrets)
        self.journal.write(ev.Trouble(stage=stage, sentence=sentence, verdict="inconclusive"))
        self.watch(Progress(stage, sentence))


def is_lost(grounds: Grounds) -> bool:
    """Whether anything was seen that would block, confirmed by now or not."""
    return any(
        finding.severity is not Severity.WARN and finding.check != "journeys"
        for finding in grounds.findings
    )
