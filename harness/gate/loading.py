"""The stage of load: what stood before, the peak, every row after it, and suspects once more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness.checks.course import faults_within
from harness.checks.excusing import excuse
from harness.checks.history import FOREVER_S, Fault, read_history
from harness.checks.sentences import plural
from harness.checks.suspects import wanted
from harness.checks.volume import sift
from harness.deploy.ports import reserve_port
from harness.deploy.seams import Deployment
from harness.drive.homecoming import Home
from harness.drive.load import Growth, Line, LoadProgress, drive_load
from harness.drive.load_spec import LoadSpec, default_users
from harness.errors import EvidenceError, ReleaseDown
from harness.gate.asked import Progress
from harness.gate.dying import how_it_died
from harness.gate.recorded import acts_of, clock_of_run, reads_of
from harness.gate.work import Work
from harness.journal import events as ev
from harness.journal.acts_files import find_acts
from harness.journal.clocks import Clock
from harness.journal.reader import read_journal
from harness.journal.schedule import hold_s, lasts_s
from harness.model import Leg
from harness.plan import scrub
from harness.plan.loads import peak_of
from harness.prints import Prints
from harness.promise import BASELINE_LOAD, FAULTS_LOAD, FURTHER, LOAD
from harness.runs.disk import provide
from harness.sieve.gathering import Gathered, gathering
from harness.storage.scope import Keys
from harness.values import USERS_MAX

# Trials of one run are told apart by their numbers, whichever load they are of.
FIRST_TRIAL = {LOAD: 0, FAULTS_LOAD: USERS_MAX // 2}

# Journals of long loads are large, and some networks slow.
HOME_S_MAX = 300.0


def load(work: Work) -> None:
    """The plan's peak, and every save of it compared with storage; raises EvidenceError.

    Where the plan's limit is the baseline, that is loaded as well, ahead of the candidate.
    """
    if work.promise.save_p95_ratio_max is not None:
        load_baseline(work)
    Loading(work, LOAD, work.up["candidate"]).compare()


def load_baseline(work: Work) -> None:
    """The same load on a fresh baseline; what it stores is not looked at.

    The one that is up may share its storage with the candidate by now, which it did not have to
    itself when its own gate passed.
    """
    baseline = work.promise.baseline
    if baseline is None:
        return
    try:
        with work.deployer.deploy(baseline, "baseline", baseline) as deployment:
            Loading(work, BASELINE_LOAD, deployment).drive()
    except ReleaseDown as error:
        told = f"the baseline is not there to be loaded as well: {error}"
        work.trouble(LOAD, EvidenceError(told), "inconclusive")


@dataclass(frozen=True, slots=True)
class Away:
    """Workers on other hosts: how many, where they meet the master, where their journals come to.

    journal_to is an address that all hosts reach; each run has a folder of its own there.
    """

    workers_n: int
    line: Line
    journal_to: str

    def of_run(self, run: str) -> Away:
        """The same, for the journals of that run; raises UsageError where none can come there."""
        home = f"{self.journal_to.rstrip('/')}/{run}"
        Home(home).prepare()
        return replace(self, journal_to=home)


@dataclass(frozen=True, slots=True)
class Loading:
    """One load on one deployment, from the read before it to the last look at its suspects.

    name tells it from the other loads of a run. url is where its users reach the deployment, ""
    for the deployment's own; legs are () for the profile's. during is told how far it is, and
    until is a file that ends it. away are the hosts that drive it, None where this one does.
    """

    work: Work
    name: str
    deployment: Deployment
    url: str = ""
    legs: tuple[Leg, ...] = ()
    until: Path | None = None
    during: Callable[[LoadProgress], None] = lambda _: None
    away: Away | None = None

    def compare(self, quiet_s: float = 0.0, over: Callable[[], None] = lambda: None) -> None:
        """Drive it, and read what came of it quiet_s after its end; raises EvidenceError.

        over is called as soon as it is driven.
        """
        observer = self.work.observer
        observer.every_row(self.deployment, "before", load=self.name)
        self.drive()
        over()
        self._say_if_dead()
        events = read_journal(self.work.run.journal)
        faults = read_history(events).faults
        # Whoever was told something of a save was told it by now.
        told_s = time.monotonic()
        healed_s = max((f.ended_s for f in faults if f.ended_s < FOREVER_S), default=0.0)
        forms = self.work.promise.forms["candidate"]
        settle_s = max(form.settle_s_max for form in forms.values())
        ready_s = max(healed_s, told_s) + settle_s + quiet_s
        with self._gathering(clock_of_run(events)) as read:
            observer.every_row(self.deployment, "final", ready_s, load=self.name)
            self._look_at_suspects(faults, read)

    def drive(self) -> None:
        """Drive it alone; raises EvidenceError."""
        spec, journal = self._spec(), self.work.journal
        journal.write(
            ev.LoadBegan(
                target_saves_per_s=spec.rate,
                lasts_s=lasts_s(spec.legs),
                hold_s=hold_s(spec.legs),
                users=spec.users,
                processes=spec.processes,
                load=self.name,
            )
        )
        with _line(spec, self.away) as line:
            result = drive_load(spec, self.work.run, line=line, on_progress=self._on_progress)
        busy, trouble = result.generator_busy, result.trouble
        if self.away is not None:
            home = Home(self.away.journal_to)
            busy = home.fetch(spec.journal, self.away.workers_n, HOME_S_MAX)
            growth = Growth(spec.journal)
            growth.read()
            trouble = growth.trouble
        journal.write(
            ev.LoadEnded(
                exit_code=result.exit_code,
                generator_busy=busy,
                trouble=scrub(trouble, self.work.plan.secrets),
                load=self.name,
            )
        )

    def _spec(self) -> LoadSpec:
        work = self.work
        load, file = work.plan.load, work.plan.load_file()
        if load is None or file is None:
            raise EvidenceError("a load was promised, and the plan has none")
        rate = peak_of(load, work.profile)
        processes_n = self.away.workers_n if self.away is not None else load.processes
        files, journal = work.run.path / "files", acts_of(work.run, self.name)
        for folder in (files, journal):
            provide(folder)
        return LoadSpec(
            run=work.promise.tag,
            url=self.url or self.deployment.url,
            file=file,
            root=work.plan.folder,
            journal=journal,
            files=files,
            forms=work.promise.forms[self.deployment.role],
            rate=rate,
            legs=self.legs or work.profile.load_legs,
            users=max(load.users or default_users(rate), processes_n),
            processes=processes_n,
            journal_to=self.away.journal_to if self.away is not None else "",
            name=self.name,
            first_trial=FIRST_TRIAL.get(self.name, 0),
            until=str(self.until or ""),
            hidden=tuple(name for name, value in os.environ.items() if value in work.plan.secrets),
        )

    def _on_progress(self, progress: LoadProgress) -> None:
        self.during(progress)
        text = f"{progress.seconds:.0f} s, {progress.acknowledged_n} saves acknowledged"
        if self.away is not None:
            text = f"driven by {plural(self.away.workers_n, 'worker')}"
        self.work.watch(Progress(self._stage, text, saves_n=progress.acknowledged_n, moving=True))

    @property
    def _stage(self) -> str:
        return self.name if self.name in FURTHER else LOAD

    def _say_if_dead(self) -> None:
        if self.deployment.alive():
            return
        died = how_it_died(self.deployment, "under load")
        self.work.trouble(self._stage, EvidenceError(died), "inconclusive")

    def _gathering(
        self, clock: Clock | None
    ) -> AbstractContextManager[Callable[[Prints | None], Gathered]]:
        """The journals are read while storage is."""
        files = find_acts(acts_of(self.work.run, self.name), clock)
        before, _ = reads_of(self.work.run, self.name)
        return gathering(files, self.work.promise.forms["candidate"], before)

    def _look_at_suspects(
        self, faults: Sequence[Fault], read: Callable[[Prints | None], Gathered]
    ) -> None:
        """Read what did not look whole, twice; nothing where all did."""
        promise = self.work.promise
        forms = promise.forms["candidate"]
        before, final = reads_of(self.work.run, self.name)
        if before is None or final is None:
            raise EvidenceError("the reads around the load are not there")
        load = read(final)
        load.excuse = partial(excuse, faults=faults_within(load.told.volume.schedules, faults))
        sifted = sift(load, forms, before, final)
        scope = {
            form: Keys(wants.keys, wants.marks)
            for form, wants in wanted(sifted, forms, promise.tag).items()
        }
        if not scope:
            return
        text = f"{plural(sifted.odd_n, 'record')} to look at once more"
        self.work.watch(Progress(self._stage, text))
        self.work.observer.suspects(self.deployment, scope, load=self.name)


@contextmanager
def _line(spec: LoadSpec, away: Away | None) -> Iterator[Line | None]:
    """Where the processes of a load meet, and nobody else does."""
    if away is not None or spec.processes == 1:
        yield away.line if away is not None else None
        return
    port = reserve_port()
    try:
        yield Line(port.number)
    finally:
        port.free()
