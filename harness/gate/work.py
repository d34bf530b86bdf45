"""One run while it happens: its deployments, its rounds of scenarios, and what is told of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from harness.checks.across import MIXED
from harness.deploy.seams import Deployer, Deployment
from harness.drive.scenarios import drive
from harness.drive.spec import Spec
from harness.errors import EvidenceError, StorageUnreadable
from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.choosing import attempts_made
from harness.gate.dying import how_it_died
from harness.gate.live import Live, Look
from harness.gate.observing import Observer
from harness.gate.promising import Promised, spec_for
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.judge import Grounds, weigh
from harness.model import Release, Role, Severity
from harness.observations import read_observations
from harness.plan import Plan, Profile, scrub
from harness.promise import Promise
from harness.runs import RunFolder

# Often enough to say a loss within twenty seconds, seldom enough to cost the run nothing.
FIRST_LOSS_EVERY_S = 4.0
# What one process wrote another soon writes over.
GLIMPSE_EVERY_S = 1.0


@dataclass(slots=True)
class Work:
    """What the stages share, and the acts they are made of."""

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
        replicas = {name: of.replica for name, of in self.plan.storages.items() if of.replica}
        self.observer = Observer(self.run, self.promise, self.plan.folder, replicas)

    @property
    def promise(self) -> Promise:
        """What this run promised."""
        return self.promised.promise

    @property
    def profile(self) -> Profile:
        """How much this run drives."""
        return self.plan.profile(self.promise.profile)

    def deploy(self, role: Role, release: Release) -> None:
        """Start a release and look at what its storage holds; raises ReleaseDown."""
        baseline = self.promise.baseline
        deployment = self.stack.enter_context(self.deployer.deploy(release, role, baseline))
        self.observer.check(deployment)
        self.observer.before(deployment)
        self.up[role] = deployment

    def drive(
        self,
        role: Role,
        numbers: Sequence[int],
        round_: str,
        attempt: int,
        *,
        trace: bool = False,
    ) -> None:
        """One round of promised cases; raises DriveFailed."""
        by_number = {case.number: case for case in self.promise.cases}
        spec = replace(
            self.spec(role, round_),
            attempt=attempt,
            cases={by_number[number].id: number for number in numbers},
            rows={by_number[number].id: by_number[number].levels for number in numbers},
            trace=trace,
        )
        self.drive_spec(spec, self.profile.scenarios_s_max)

    def spec(self, role: Role, round_: str) -> Spec:
        """A round on one deployment; what it drives is not chosen yet."""
        promise = self.promise
        spec = spec_for(self.plan, self.run, role, promise.release.name, self.profile)
        return replace(spec, url=self.up[role].url, forms=promise.forms[role], round=round_)

    def drive_spec(self, spec: Spec, timeout_s_max: float, workers_n: int | None = None) -> None:
        """Drive a round as it stands, and tell how far it is; raises DriveFailed."""
        drive(
            spec,
            self.run,
            workers=workers_n or self.plan.scenarios.workers,
            timeout_s_max=timeout_s_max,
            on_progress=Live(self.watch, self._look(spec), str(spec.role), spec.round),
        )

    def _look(self, spec: Spec) -> Look | None:
        """What is looked at while a round is driven; None where nothing is."""
        if (spec.role, spec.round) == ("candidate", "drive"):
            return Look(self.notice_first_loss, FIRST_LOSS_EVERY_S)
        if spec.round == MIXED:
            return Look(lambda _: self.glimpse(spec.role, spec.round), GLIMPSE_EVERY_S)
        return None

    def again(
        self, role: Role, numbers: Sequence[int], round_: str, *, trace: bool = False
    ) -> None:
        """Another attempt of each; attempts of one number are one round of pytest."""
        made = attempts_made(self.weigh(), role)
        by_attempt: dict[int, list[int]] = {}
        for number in numbers:
            by_attempt.setdefault(made.get(number, 0) + 1, []).append(number)
        for attempt, some in sorted(by_attempt.items()):
            self.drive(role, some, round_, attempt, trace=trace)

    def final(self, role: Role) -> None:
        """Read storage once all is settled; raises EvidenceError where the release has died."""
        if not self.up[role].alive():
            died = how_it_died(self.up[role], "while it was driven")
            raise EvidenceError(scrub(died, self.plan.secrets))
        self.observer.final(self.up[role], self.weigh())

    def weigh(self) -> Grounds:
        """What every check says of the record so far."""
        events = read_journal(self.run.journal)
        return weigh(self.promise, events, read_observations(self.run.observations))

    def notice_first_loss(self, began_s: float) -> bool:
        """Look while it is driven; say the first loss that shows. Raises EvidenceError."""
        self.observer.during(self.up["candidate"])
        grounds = self.weigh()
        lost = [s for s in grounds.symptoms if s.severity is not Severity.WARN and s.observation]
        for first in lost[:1]:
            after_s = time.monotonic() - began_s
            trial = grounds.history.trials.get(first.trial)
            where = f" in {trial.began.case}" if trial else ""
            text = f"seen after {after_s:.0f} s: {first.form}.{first.field} {first.anomaly}"
            self.watch(Progress("scenarios", f"{text}{where}; the run goes on to say when"))
        return bool(lost)

    def glimpse(self, role: Role, stage: str) -> bool:
        """Keep what storage holds right now; whether that is enough, for it cannot be read."""
        try:
            self.observer.glimpse(self.up[role])
        except StorageUnreadable as error:
            # It is read again at the end, which decides; this only tells reverted from lost.
            self.trouble(stage, error, "warn")
            return True
        return False

    def trouble(self, stage: str, error: Exception, verdict: str) -> None:
        """Journal what could not be done, and say it; verdict is what that makes of the run."""
        sentence = scrub(str(error), self.plan.secrets)
        self.journal.write(
            ev.Trouble(stage=stage, sentence=sentence, verdict=verdict)  # type: ignore[arg-type]
        )
        self.watch(Progress(stage, sentence))
