"""The stages of a gate, one after the other; everything they learn goes into the run folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.browser import find_browser
from harness.deploy.choose import deployer_for
from harness.deploy.leftovers import clean_leftovers
from harness.deploy.releases import check_release_known
from harness.deploy.seams import Deployer, Deployment
from harness.drive.scenarios import DriveProgress, drive
from harness.errors import EvidenceError, ReleaseDown, UsageError
from harness.exhibits import Account
from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.choosing import attempts_made, broken, cut_short, representatives, unproved
from harness.gate.dying import how_it_died
from harness.gate.loading import Loading, check_stages, why_skipped
from harness.gate.observing import Observer
from harness.gate.promising import Promised, make_promise, spec_for
from harness.gate.recorded import STAGE as LOAD
from harness.gate.settling import settle
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.judge import Grounds, weigh
from harness.model import Release, Role, Severity
from harness.observations import read_observations
from harness.plan import Plan, load_plan, scrub
from harness.promise import promise_to_json
from harness.runs import RunFolder, create_run
from harness.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """The account of a run, its verdict within, and the run's folder."""

    account: Account
    run: Path

    @property
    def verdict(self) -> Verdict:
        """The answer."""
        return self.account.verdict


def gate(asked: Asked, env: Mapping[str, str], watch: Watcher) -> Outcome:
    """Gate one release; whatever happens once the run began, its folder says so.

    Raises UsageError (nothing was started, no run is left), and KeyboardInterrupt through:
    the journal stays readable, and nothing that was started survives.
    """
    plan = load_plan(asked.plan, env, asked.merge)
    plan.load_file()
    check_stages(asked, plan)
    names = [name for name in (asked.candidate, asked.baseline) if name]
    for name in names:
        check_release_known(plan, name)
    for sentence in clean_leftovers(env):
        watch(Progress("start", sentence))
    browser = find_browser(env)
    with create_run(asked.runs) as run:
        try:
            deployer = deployer_for(plan, run, asked.deployer, env, names)
            if deployer.notice:
                watch(Progress("start", deployer.notice))
            watch(Progress("start", f"browser: {browser.name}"))
            promised = make_promise(asked, plan, run, deployer)
        except UsageError:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        run.write_json("plan.json", promise_to_json(promised.promise))
        with JournalWriter(run.journal, "gate") as journal, ExitStack() as stack:
            _Gate(asked, plan, run, promised, deployer, journal, stack, watch).work()
            journal.write(ev.Closed())
        return Outcome(settle(run, promised.promise), run.path)


@dataclass(slots=True)
class _Gate:
    """One run while it happens."""

    asked: Asked
    plan: Plan
    run: RunFolder
    promised: Promised
    deployer: Deployer
    journal: JournalWriter
    stack: ExitStack
    watch: Watcher
    up: dict[Role, Deployment] = field(default_factory=dict)
    observer: Observer = field(init=False)

    def __post_init__(self) -> None:
        self.observer = Observer(self.run, self.promised.promise, self.plan.folder)

    def work(self) -> None:
        """Every stage; what breaks the environment is journaled, and the rest is left."""
        stages = [
            ("deploy", self.deploy_candidate),
            ("scenarios", self.drive_all),
            ("rerun", self.run_again),
            ("baseline", self.ask_baseline),
            ("observe", self.look_again),
        ]
        if LOAD in self.promised.promise.stages:
            stages.append((LOAD, self.load))
        for name, act in stages:
            with self._stage(name) as state:
                try:
                    state.skipped = act()
                except EvidenceError as error:
                    self._trouble(name, error, "inconclusive")
                    state.failed = True
            if state.failed and name in ("deploy", "scenarios"):
                return

    # --- stages: each returns why it did nothing, or None ------------------------------------

    def deploy_candidate(self) -> str | None:
        """Start the candidate; where it does not start, ask whether the baseline does."""
        try:
            self._deploy("candidate", self.promised.promise.release)
        except ReleaseDown as error:
            self._candidate_down(error)
        return None

    def _candidate_down(self, error: ReleaseDown) -> None:
        baseline = self.promised.promise.baseline
        if baseline is None or baseline.name == self.promised.promise.release.name:
            raise error
        try:
            self._deploy("baseline", baseline)
        except ReleaseDown as other:
            raise EvidenceError(f"{error}\nthe baseline does not start either: {other}") from other
        sentence = f"{error}\nthe baseline {baseline.name} starts"
        self._trouble("deploy", EvidenceError(sentence), "block")
        raise _Stopped

    def drive_all(self) -> str | None:
        """Every promised case once, and one read of storage after the last of them."""
        promise = self.promised.promise
        self._drive("candidate", [case.number for case in promise.cases], "drive", 1)
        self._final("candidate")
        return None

    def run_again(self) -> str | None:
        """Confirm losses by a second read; run broken and failing cases again, these recorded."""
        grounds = self._weigh()
        if any(s.severity is Severity.INCONCLUSIVE for s in grounds.symptoms):
            self.observer.confirm(self.up["candidate"])
            grounds = self._weigh()
        again = unproved(grounds)
        failing = representatives(grounds)
        if not again and not failing:
            return "nothing failed"
        while again:
            self._again("candidate", again, "rerun")
            self._final("candidate")
            again = unproved(self._weigh())
        if failing:
            self._again("candidate", failing, "representative", trace=True)
            self._final("candidate")
        return None

    def ask_baseline(self) -> str | None:
        """The sample, a representative of each finding and what broke, on the baseline."""
        promise = self.promised.promise
        if promise.baseline is None:
            return "no baseline"
        grounds = self._weigh()
        wanted = dict.fromkeys((*promise.sample, *representatives(grounds), *broken(grounds)))
        able = [number for number in wanted if number in self.promised.possible]
        if not able:
            return f"{promise.baseline.name} can run none of the cases"
        if "baseline" not in self.up:
            try:
                self._deploy("baseline", promise.baseline)
            except ReleaseDown as error:
                raise EvidenceError(
                    f"the baseline is not there to compare with: {error}"
                ) from error
        self._drive("baseline", able, "sample", 1)
        crashed = cut_short(self._weigh(), "baseline")
        if crashed:
            self._again("baseline", crashed, "sample")
        self._final("baseline")
        return None

    def look_again(self) -> str | None:
        """The last read of all: what vanished since is lost, and what is wrong is confirmed."""
        for deployment in self.up.values():
            self.observer.confirm(deployment)
        return None

    def load(self) -> str | None:
        """The plan's peak, and every save of it compared with storage."""
        promise = self.promised.promise
        skipped = why_skipped(self.asked, self.plan.profile(promise.profile))
        if skipped is None:
            up = self.up["candidate"]
            Loading(
                self.plan, self.run, promise, up, self.observer, self.journal, self.watch
            ).work()
        return skipped

    # --- what the stages are made of ----------------------------------------------------------

    def _deploy(self, role: Role, release: Release) -> None:
        baseline = self.promised.promise.baseline
        deployment = self.stack.enter_context(self.deployer.deploy(release, role, baseline))
        self.observer.check(deployment)
        self.observer.before(deployment)
        self.up[role] = deployment

    def _drive(
        self,
        role: Role,
        numbers: Sequence[int],
        round_: str,
        attempt: int,
        *,
        trace: bool = False,
    ) -> None:
        promise = self.promised.promise
        profile = self.plan.profile(promise.profile)
        by_number = {case.number: case for case in promise.cases}
        spec = replace(
            spec_for(self.plan, self.run, role, promise.release.name, profile),
            url=self.up[role].url,
            forms=promise.forms[role],
            round=round_,
            attempt=attempt,
            cases={by_number[number].id: number for number in numbers},
            trace=trace,
        )
        drive(
            spec,
            self.run,
            workers=self.plan.scenarios.workers,
            timeout_s_max=profile.scenarios_s_max,
            on_progress=self._on_progress(role, round_),
        )

    def _again(
        self, role: Role, numbers: Sequence[int], round_: str, *, trace: bool = False
    ) -> None:
        """Another attempt of each; attempts of one number are one round of pytest."""
        made = attempts_made(self._weigh(), role)
        by_attempt: dict[int, list[int]] = {}
        for number in numbers:
            by_attempt.setdefault(made.get(number, 0) + 1, []).append(number)
        for attempt, some in sorted(by_attempt.items()):
            self._drive(role, some, round_, attempt, trace=trace)

    def _final(self, role: Role) -> None:
        if not self.up[role].alive():
            died = how_it_died(self.up[role], "while it was driven")
            raise EvidenceError(scrub(died, self.plan.secrets))
        self.observer.final(self.up[role], self._weigh())

    def _weigh(self) -> Grounds:
        events = read_journal(self.run.journal)
        return weigh(self.promised.promise, events, read_observations(self.run.observations))

    def _on_progress(self, role: Role, round_: str) -> _Live:
        return _Live(self, role, round_)

    def notice_first_loss(self, began_s: float) -> bool:
        """Look while it is driven; say the first loss that shows. Raises EvidenceError."""
        self.observer.during(self.up["candidate"])
        grounds = self._weigh()
        lost = [s for s in grounds.symptoms if s.severity is not Severity.WARN and s.observation]
        for first in lost[:1]:
            after_s = time.monotonic() - began_s
            trial = grounds.history.trials.get(first.trial)
            where = f" in {trial.began.case}" if trial else ""
            text = f"seen after {after_s:.0f} s: {first.form}.{first.field} {first.anomaly}"
            self.watch(Progress("scenarios", f"{text}{where}; the run goes on to say when"))
        return bool(lost)

    def _trouble(self, stage: str, error: Exception, verdict: str) -> None:
        sentence = scrub(str(error), self.plan.secrets)
        self.journal.write(
            ev.Trouble(stage=stage, sentence=sentence, verdict=verdict)  # type: ignore[arg-type]
        )
        self.watch(Progress(stage, sentence))

    @contextmanager
    def _stage(self, name: str) -> Iterator[_State]:
        state = _State()
        began_s = time.monotonic()
        self.journal.write(ev.StageEntered(stage=name))
        self.watch(Progress(name, "began"))
        try:
            yield state
        except _Stopped:
            state.failed = True
        self.journal.write(ev.StageLeft(stage=name, skipped=state.skipped))
        word = f"skipped: {state.skipped}" if state.skipped else "ended"
        self.watch(Progress(name, f"{word} after {time.monotonic() - began_s:.1f} s"))


class _Stopped(Exception):
    """The stage ended the run: its answer is already in the journal."""


@dataclass(slots=True)
class _State:
    """How a stage went."""

    skipped: str | None = None
    failed: bool = False


class _Live:
    """Passes counts on while scenarios run, and looks at storage every few seconds."""

    def __init__(self, gate_: _Gate, role: Role, round_: str) -> None:
        self._gate = gate_
        self._looking = role == "candidate" and round_ == "drive"
        self._stage = "baseline" if role == "baseline" else _STAGES.get(round_, "rerun")
        self._began_s = self._looked_s = time.monotonic()

    def __call__(self, counts: DriveProgress) -> None:
        text = f"{counts.done_n} of {counts.total_n} cases, {counts.saves_n} saves acknowledged"
        self._gate.watch(
            Progress(self._stage, text, counts.done_n, counts.total_n, counts.saves_n, moving=True)
        )
        if self._looking and time.monotonic() - self._looked_s >= LOOK_EVERY_S:
            self._looking = not self._gate.notice_first_loss(self._began_s)
            self._looked_s = time.monotonic()


# Often enough to say a loss within twenty seconds, seldom enough to cost the run nothing.
LOOK_EVERY_S = 4.0
_STAGES = {"drive": "scenarios"}
