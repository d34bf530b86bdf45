"""The stage of load: what stood before, the peak, every row after it, and suspects once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.checks.sentences import plural
from harness.checks.suspects import wanted
from harness.checks.volume import sift
from harness.deploy.ports import reserve_port
from harness.deploy.seams import Deployment
from harness.drive.load import Line, LoadProgress, drive_load
from harness.drive.load_spec import LoadSpec, default_users
from harness.errors import EvidenceError, UsageError
from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.dying import how_it_died
from harness.gate.observing import Observer
from harness.gate.recorded import STAGE
from harness.journal import events as ev
from harness.journal.schedule import hold_s, lasts_s
from harness.journal.volume import Volume, read_volume
from harness.journal.writer import JournalWriter
from harness.plan import Plan, Profile, scrub
from harness.plan.loads import peak_of
from harness.plan.suggest import advice
from harness.prints import find_prints
from harness.promise import FURTHER, STAGES, Promise
from harness.runs import RunFolder
from harness.storage.scope import Keys


def check_stages(asked: Asked, plan: Plan) -> None:
    """Raise UsageError where a stage is asked for that there is not, or that has nothing to do."""
    known = (*STAGES, *FURTHER)
    for name in asked.stages or ():
        if name not in known:
            raise UsageError(f"a gate has no stage {name!r}; {advice(name, known)}")
        if name == STAGE and plan.load is None:
            raise UsageError(f"the stage {name} was asked for, and {plan.path} has no [load]")


def why_skipped(asked: Asked, profile: Profile) -> str | None:
    """Why a plan with a load drives none; None where it does."""
    if asked.stages is not None and STAGE not in asked.stages:
        return f"--stages {','.join(asked.stages)} leaves it out"
    if asked.stages is None and asked.only:
        return f"--only {', '.join(asked.only)} runs some cases, and no load"
    if profile.load_s == 0:
        return f"profile {profile.name} holds 0 s of load"
    return None


@dataclass(frozen=True, slots=True)
class Loading:
    """One load on one deployment, from the read before it to the last look at its suspects."""

    plan: Plan
    run: RunFolder
    promise: Promise
    deployment: Deployment
    observer: Observer
    journal: JournalWriter
    watch: Watcher

    def work(self) -> None:
        """Drive the load and read what came of it; raises EvidenceError."""
        self.observer.every_row(self.deployment, "before")
        spec = self._spec()
        self.journal.write(
            ev.LoadBegan(
                target_saves_per_s=spec.rate,
                lasts_s=lasts_s(spec.legs),
                hold_s=hold_s(spec.legs),
                users=spec.users,
                processes=spec.processes,
            )
        )
        with _line(spec) as line:
            result = drive_load(spec, self.run, line=line, on_progress=self._on_progress)
        self.journal.write(
            ev.LoadEnded(
                exit_code=result.exit_code,
                generator_busy=result.generator_busy,
                trouble=scrub(result.trouble, self.plan.secrets),
            )
        )
        self._say_if_dead()
        forms = self.promise.forms["candidate"]
        volume = read_volume(self.run.journal)
        told_s = (s.began_s if s.ended_s is None else s.ended_s for s in volume.saves)
        settle_s = max(form.settle_s_max for form in forms.values())
        self.observer.every_row(self.deployment, "final", max(told_s, default=0.0) + settle_s)
        self._look_at_suspects(volume)

    def _spec(self) -> LoadSpec:
        profile, load, file = (
            self.plan.profile(self.promise.profile),
            self.plan.load,
            self.plan.load_file(),
        )
        if load is None or file is None:
            raise EvidenceError("a load was promised, and the plan has none")
        rate = peak_of(load, profile)
        files = self.run.path / "files"
        files.mkdir(mode=0o700, exist_ok=True)
        return LoadSpec(
            run=self.promise.tag,
            url=self.deployment.url,
            file=file,
            root=self.plan.folder,
            journal=self.run.journal,
            files=files,
            forms=self.promise.forms["candidate"],
            rate=rate,
            legs=profile.load_legs,
            users=max(load.users or default_users(rate), load.processes),
            processes=load.processes,
        )

    def _on_progress(self, progress: LoadProgress) -> None:
        text = f"{progress.seconds:.0f} s, {progress.acknowledged_n} saves acknowledged"
        self.watch(Progress(STAGE, text, saves_n=progress.acknowledged_n, moving=True))

    def _say_if_dead(self) -> None:
        if self.deployment.alive():
            return
        sentence = scrub(how_it_died(self.deployment, "under load"), self.plan.secrets)
        self.journal.write(ev.Trouble(stage=STAGE, sentence=sentence, verdict="inconclusive"))
        self.watch(Progress(STAGE, sentence))

    def _look_at_suspects(self, volume: Volume) -> None:
        """Read what did not look whole, twice; nothing where all did."""
        forms = self.promise.forms["candidate"]
        before, final = find_prints(self.run.observations)
        sifted = sift(volume, forms, before.rows(), final)
        scope = {
            form: Keys(wants.keys, wants.marks)
            for form, wants in wanted(sifted, forms, self.promise.tag).items()
        }
        if not scope:
            return
        odd_n = len(sifted.suspects) + len(sifted.changed)
        self.watch(Progress(STAGE, f"{plural(odd_n, 'record')} to look at once more"))
        self.observer.suspects(self.deployment, scope)


@contextmanager
def _line(spec: LoadSpec) -> Iterator[Line | None]:
    """Where the processes of a load meet, and nobody else does."""
    if spec.processes == 1:
        yield None
        return
    port = reserve_port()
    try:
        yield Line(port.number)
    finally:
        port.free()
