"""The canary that runs for ever: a clock, a child process for each probe, and what became of it.

Nothing of a probe happens in this process: a browser that hangs, a release that answers with a
gigabyte or a check that leaks end with their child.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.canary.asked import Asked, read_plan
from harness.canary.book import Book
from harness.canary.cleaning import Cleaned
from harness.canary.collecting import forms_of
from harness.canary.judging import Told
from harness.canary.keeping import identity, residue_n
from harness.canary.metrics import Metrics, Result
from harness.canary.page import page
from harness.canary.planting import planted_at
from harness.canary.probing import Probe
from harness.canary.schedule import Schedule
from harness.canary.serving import serving
from harness.canary.signalling import Loss, Signaller
from harness.canary.targets import UNKNOWN, Target, ask, targets_of
from harness.canary.telling import probe_from_json
from harness.drive.child import Child
from harness.errors import DriveFailed, HarnessError, RecordUnreadable
from harness.model import Form
from harness.plan import Plan

# How often a target is asked which release it is, while nothing else is done there.
WATCH_S = 5.0
# A child beside its driving: it starts, reads late values, judges, removes, and sweeps.
SPARE_S = 150.0
EXIT_CODES: Mapping[int, str] = {
    0: "everything passed",
    1: "something is lost",
    2: "the plan or the probes are wrong",
    3: "nothing was measured",
    70: "the harness itself failed",
    130: "it was interrupted",
}
SERVICE = "service"
# What a defect of the harness raises: it costs this probe, and no later one. A thread that ends
# in spite of it ends the whole process.
UNFORESEEN = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError,
              ValueError)  # fmt: skip
LOOK_S = 1.0
Say = Callable[[str], None]


class _Stopping(Exception):
    """The canary is to end, and with it the child that is at work."""


@dataclass(slots=True)
class Canary:
    """Everything that the threads of one canary share."""

    plan: Plan
    asked: Asked
    book: Book
    say: Say
    signaller: Signaller | None
    stop: threading.Event = field(default_factory=threading.Event)


def run(asked: Asked, env: Mapping[str, str], place: tuple[str, int], say: Say) -> None:
    """Probe every target for ever, until the process is asked to end (KeyboardInterrupt).

    Raises UsageError and PlanError before anything begins, IdentityTaken where another canary of
    this host is at work there, EnvironmentBroken where nothing can be served at the place.
    """
    plan = read_plan(asked, env)
    targets = targets_of(plan, asked.targets)
    table = plan.canaries
    book = Book(Metrics(), table.interval_s, table.save_slow_s_max)
    service = asked.runs / SERVICE
    service.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = table.signal
    signaller = Signaller(told, service, say) if told is not None else None
    canary = Canary(plan, asked, book, say, signaller)
    with ExitStack() as stack:
        for target in targets:
            stack.enter_context(identity(plan, target, "run"))
            for side in (target, target.stable):
                if side is not None:
                    _register(book, plan, side)
        threads = [
            threading.Thread(target=Watch(canary, target).work, name=target.name)
            for target in targets
        ]
        address = stack.enter_context(
            serving(
                place,
                book.metrics.registry,
                lambda: page(book, time.time()),
                asked.runs,
                lambda: _dead(threads),
            )
        )
        say(f"{len(targets)} target(s), every {plan.canaries.interval_s:g} s; {address}/metrics")
        with _at_work(canary, threads):
            while not (dead := _dead(threads)):
                # Signals reach the main thread, which has nothing else to do.
                time.sleep(LOOK_S)
        raise HarnessError(f"{dead}; start the canary again, and report what it printed")


def _dead(threads: Sequence[threading.Thread]) -> str:
    """Which targets are probed no longer, as a sentence; "" while all of them are."""
    names = [t.name for t in threads if t.ident is not None and not t.is_alive()]
    return f"what probes {', '.join(names)} has ended" if names else ""


def _register(book: Book, plan: Plan, side: Target) -> None:
    """Its forms, as the release that answers now has them; any, while nothing answers."""
    release = ask(plan, side).release or UNKNOWN
    forms = forms_of(plan, release)
    # What is planted, and what stands beside a probe, is judged as well.
    book.register(side.app, _fields(forms), time.time(), _fields(plan.forms(release)))


def _fields(forms: Mapping[str, Form]) -> dict[str, list[str]]:
    return {name: [spec.name for spec in form.fields] for name, form in forms.items()}


@contextmanager
def _at_work(canary: Canary, threads: Sequence[threading.Thread]) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        canary.stop.set()
        for thread in threads:
            thread.join()


class Watch:
    """One target, probed over and over."""

    def __init__(self, canary: Canary, target: Target) -> None:
        self.canary = canary
        self.target = target
        table = canary.plan.canaries
        self.schedule = Schedule(table.interval_s, table.jitter, time.monotonic())
        self.tick = int(time.time() / table.interval_s)
        self._lines_read = 0
        self._checked_on: frozenset[str] = frozenset()
        self._hurried_s = -table.interval_s

    def work(self) -> None:
        """Until the canary stops; what goes wrong once is told, and the next probe comes."""
        while not self.canary.stop.is_set():
            try:
                self._await_turn()
                if not self.canary.stop.is_set():
                    self._probe()
            except _Stopping:
                return
            except HarnessError as error:
                self._failed(Result.ERROR, str(error))
            except UNFORESEEN as error:
                self._failed(Result.ERROR, f"the harness itself failed: {error!r}")
            self._next()

    def _await_turn(self) -> None:
        """Wait for the next time; a new release is probed at once."""
        while (wait_s := self.schedule.wait_s(time.monotonic())) > 0:
            if self._asks_for_release() and self._may_hurry():
                self.schedule.hurry(time.monotonic())
                return
            if self.canary.stop.wait(min(wait_s, WATCH_S)):
                return

    def _may_hurry(self) -> bool:
        """Once in an interval: a name that changes with each answer asks for nothing more."""
        now_s = time.monotonic()
        if now_s - self._hurried_s < self.canary.plan.canaries.interval_s:
            return False
        self._hurried_s = now_s
        return True

    def _asks_for_release(self) -> bool:
        """Whether health names a release that did not answer before."""
        self._look_at_clock()
        release = ask(self.canary.plan, self.target).release
        if release is None:
            return False
        new = self.canary.book.release_answers(
            self.target.app, release, time.monotonic(), time.time()
        )
        if new:
            self.canary.say(f"{self.target.name}: release {release} answers")
        return new

    def _next(self) -> None:
        missed_n = self.schedule.ended(time.monotonic())
        if missed_n:
            why = f"a probe took longer than {self.canary.plan.canaries.interval_s:g} s"
            self.canary.book.skipped(self.target.app, why, missed_n, time.time())
            self.canary.say(f"{self.target.name}: {missed_n} skipped: {why}")

    def _probe(self) -> None:
        self._asks_for_release()
        lag_s = self.schedule.lag_s(time.monotonic())
        for app in self._apps():
            self.canary.book.metrics.began_late(app, lag_s)
        self.tick += 1
        self._run(self._child("once", "--tick", str(self.tick)))
        if self._owes_check():
            self._run(self._child("check"))

    def _owes_check(self) -> bool:
        """Whether a release answers, to health or to a save, on which nothing planted was compared.

        A release brings migrations: what was planted has to be as it was. A check that could not
        compare is owed still, and one that found damage until that is mended.
        """
        book, app = self.canary.book, self.target.app
        answering = book.answering(app)
        self._checked_on &= answering
        if not planted_at(self.canary.asked.runs, self.target):
            book.nothing_planted(app)
            return False
        return bool(answering - self._checked_on) or book.is_damaged(app)

    def _run(self, child: Child) -> None:
        """Run a child to its end, and take what it tells while it does."""
        self._lines_read = 0
        sides_n = len(self._apps())
        limit_s = sides_n * self.canary.plan.canaries.timeout_s_max + SPARE_S
        began_s = time.monotonic()
        try:
            code = child.run(limit_s, lambda _: self._look(child.log))
        except DriveFailed as error:
            self._failed(Result.TIMEOUT, str(error), time.monotonic() - began_s)
            return
        told_n = self._take(child.log)
        if code not in (0, 1, 3) or not told_n:
            self._failed(Result.ERROR, child.account(code), time.monotonic() - began_s)

    def _apps(self) -> list[str]:
        return [side.app for side in (self.target, self.target.stable) if side is not None]

    def _child(self, *words: str) -> Child:
        asked = self.canary.asked
        command = [
            sys.executable, "-P", "-m", "harness", "canary", *words, "--stream",
            "--plan", str(asked.plan), "--runs", str(asked.runs), "--target", self.target.name,
        ]  # fmt: skip
        if asked.merge is not None:
            command += ["--merge", str(asked.merge)]
        return Child(
            runner="the probe",
            what=f"the probe of {self.target.name}",
            command=command,
            cwd=Path.cwd(),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            log=asked.runs / SERVICE / f"{self.target.name}.log",
            exit_codes=EXIT_CODES,
        )

    def _look(self, log: Path) -> None:
        self._take(log)

    def _take(self, log: Path) -> int:
        """Read what the child has told since the last time; how many lines it told in all."""
        if self.canary.stop.is_set():
            raise _Stopping
        with log.open("rb") as stream:
            whole = stream.read().split(b"\n")[:-1]
        lines = [line for line in whole if line.startswith(b'{"moment"')]
        for line in lines[self._lines_read :]:
            self._told(json.loads(line))
        self._lines_read = len(lines)
        return len(lines)

    def _look_at_clock(self) -> None:
        self.canary.book.look_at_clock(time.monotonic(), time.time())

    def _told(self, data: dict[str, object]) -> None:
        moment = data.pop("moment")
        self._look_at_clock()
        try:
            probe = probe_from_json(data)
        except RecordUnreadable as error:
            self.canary.say(f"{self.target.name}: {error}")
            return
        book = self.canary.book
        if moment == "judged":
            book.judged(probe, time.monotonic())
            self._signal(probe)
            self.canary.say(f"{self.target.name}: {probe.sentence}")
        elif moment == "checked":
            self._checked(probe)
        elif probe.run:
            book.cleaned(
                self.target.app, probe, residue_n(self.canary.asked.runs, self.target.name)
            )
        else:
            book.judged(probe, time.monotonic())

    def _checked(self, probe: Probe) -> None:
        """What was planted counts where it is no longer whole; it is no probe where it is."""
        app = self.target.app
        told = probe.told.get(app, [])
        self.canary.book.checked(probe, time.monotonic())
        self._signal(probe)
        if told and all(one.result in (Result.PASS, Result.LOSS) for one in told):
            self._checked_on |= self.canary.book.answering(app)
        self.canary.say(f"{self.target.name}: {probe.sentence}")

    def _signal(self, probe: Probe) -> None:
        """A loss that the stable release does not show as well calls for a rollback."""
        if self.canary.signaller is None:
            return
        app = self.target.app
        by_release: dict[str, list[Told]] = {}
        for told in probe.told.get(app, []):
            if told.result is Result.LOSS and not told.preexisting:
                by_release.setdefault(told.release, []).append(told)
        for release, lost in by_release.items():
            loss = Loss(
                app=app,
                url=self.target.address,
                release=release,
                last_good_release=self.canary.book.last_good(app, release),
                sentence="; ".join(one.sentence for one in lost),
                fields=tuple(f"{one.form}.{name}" for one in lost for name, _ in one.bad),
                run=probe.run,
                at_s=probe.ended_at_s,
            )
            if self.canary.signaller.tell(loss):
                self.canary.say(f"{self.target.name}: {release} loses data, which is told")

    def _failed(self, result: Result, sentence: str, seconds: float = 0.0) -> None:
        """The child told nothing that could be read: every form says so."""
        self._look_at_clock()
        book = self.canary.book
        told = {
            app: [
                Told(form, book.current.get(app, UNKNOWN), result, sentence)
                for form in book.forms[app]
            ]
            for app in self._apps()
        }
        probe = Probe(
            "", Path(), self.target.name, self.tick, seconds, time.time(), sentence, told=told,
            cleaned=Cleaned(0, 0, 0),
        )  # fmt: skip
        book.judged(probe, time.monotonic())
        self.canary.say(f"{self.target.name}: {result}: {sentence}")
