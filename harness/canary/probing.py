"""One probe: a few cases on a running address, looked up, judged, told and cleaned up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.account import account
from harness.canary.answering import release_of
from harness.canary.choosing import cases_of_tick
from harness.canary.cleaning import Broom, Cleaned
from harness.canary.collecting import Probes, forms_of, probes_of, spec_for
from harness.canary.judging import Bench, Told, blocking, results, symptoms_of_stable
from harness.canary.keeping import uncleaned, was_read
from harness.canary.looking import Looker, keys_of, ready_s, reason_of, tokens_of, wait_until
from harness.canary.metrics import Result, Unread
from harness.canary.targets import FILE as TARGET
from harness.canary.targets import (
    UNKNOWN,
    Target,
    ask,
    named,
    trouble_of,
    unseen_by,
    with_reading,
)
from harness.checks.history import History, read_history
from harness.checks.owed import why_unproved
from harness.drive.scenarios import drive
from harness.drive.spec import Spec
from harness.errors import DriveFailed, EvidenceError, RecordUnreadable, StorageUnreadable
from harness.journal import events as ev
from harness.journal.reader import read_journal
from harness.journal.writer import JournalWriter
from harness.judge import Grounds, weigh
from harness.model import Case, Form, Release, Role, Severity, Symptom
from harness.observations import read_observations
from harness.plan import Plan, scrub
from harness.promise import Promise, promise_to_json
from harness.report.html import html
from harness.runs import RunFolder
from harness.verdict import Answer, Verdict, verdict_to_json

PROFILE = "canary"
# What was planted in a run and is watched from then on.
FACTS = "planted.json"
CONFIRM_AFTER_S = 1.0
# For so long what is missing after the settle time is looked for: then it is lost, not late.
LATE_WATCH_S = 3.0


@dataclass(frozen=True, slots=True)
class Driven:
    """A run as child processes see it: with the identity that the plan gives to probes."""

    logs: Path
    temporary: Path
    environment: Mapping[str, str]


def driven(run: RunFolder, plan: Plan) -> Driven:
    """What probes run in."""
    return Driven(run.logs, run.temporary, {**run.environment, **plan.canaries.env})


@dataclass(slots=True)
class Probe:
    """What came of one probe of one target; told is by the name that metrics have for it.

    seconds is 0 where nobody knows how long it took; swept_n are the records of earlier probes
    that were removed after it.
    """

    run: str
    path: Path
    target: str
    tick: int
    seconds: float = 0.0
    ended_at_s: float = 0.0
    sentence: str = ""
    answer: Answer = Answer.INCONCLUSIVE
    releases: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=dict)
    unread: Unread | None = None
    cleaned: Cleaned = field(default_factory=lambda: Cleaned(0, 0, 0))
    swept_n: int = 0


def probe(
    plan: Plan,
    target: Target,
    tick: int,
    run: RunFolder,
    kept: Path,
    judged: Callable[[Probe], None],
) -> Probe:
    """Probe a target once; whatever breaks is a result, and the run's folder is the proof.

    kept is where collected cases are remembered; judged is told before anything is removed.
    Raises UsageError where the plan or the probes cannot be right.
    """
    began_s = time.monotonic()
    work = _Work(plan, target, tick, run, kept)
    found = Probe(run.id, run.path, target.name, tick)
    broom: Broom | None = None
    try:
        broom = work.go(found)
    except EvidenceError as error:
        sentence = scrub(str(error), plan.secrets)
        work.fail(found, _result_of(error), sentence)
        if isinstance(error, StorageUnreadable):
            found.unread = reason_of(error)
    found.seconds = time.monotonic() - began_s
    found.ended_at_s = time.time()
    judged(found)
    if broom is not None:
        found.cleaned = broom.sweep()
    return found


def _result_of(error: EvidenceError) -> Result:
    late = isinstance(error, DriveFailed) and "took longer than" in str(error)
    return Result.TIMEOUT if late else Result.ERROR


class _Work:
    """One probe while it happens."""

    def __init__(self, plan: Plan, target: Target, tick: int, run: RunFolder, kept: Path) -> None:
        self.plan = plan
        self.target = target
        self.tick = tick
        self.run = run
        self.kept = kept
        self.child = driven(run, plan)
        self.sides: dict[Role, Target] = {"candidate": target}
        if target.stable is not None:
            self.sides["baseline"] = target.stable
        self.releases: dict[Role, str] = {}
        self.specs: dict[Role, Spec] = {}
        self.lookers: dict[Role, Looker] = {}
        self.unread = ""

    def go(self, found: Probe) -> Broom:
        """Every step, and what cleans up after them; raises EvidenceError where one fails."""
        self._ask_health(found)
        for role, side in self.sides.items():
            release = self.releases[role]
            self.specs[role] = spec_for(self.plan, self.run, role, release, side.url)
            self.lookers[role] = self._looker(role, side)
        probes = probes_of(self.plan, self.specs["candidate"], self.child, self.kept)
        cases = cases_of_tick(probes.cases, self.plan.canaries.always, self.tick)
        promise = self._promise(cases, probes)
        self.run.write_json(TARGET, self.target.told)
        self.run.write_json("plan.json", promise_to_json(promise))
        with JournalWriter(self.run.journal, PROFILE) as journal:
            try:
                self._drive_and_look(promise, journal)
            except StorageUnreadable as error:
                # What nobody can look up is not written in the first place, or is no loss.
                self.unread = scrub(str(error), self.plan.secrets)
                self.fail(found, Result.ERROR, self.unread)
                found.unread = reason_of(error)
                _trouble(journal, self.unread)
            except DriveFailed as error:
                sentence = scrub(str(error), self.plan.secrets)
                _trouble(journal, sentence)
                self.fail(found, _result_of(error), sentence)
            journal.write(ev.Closed())
        self._judge(found, promise)
        return Broom(self.plan, self.run, self.child, self.specs, self.lookers, probes)

    def fail(self, found: Probe, result: Result, sentence: str) -> None:
        """Nothing was measured: every form of every side says so."""
        found.sentence = sentence
        for role, side in self.sides.items():
            release = self.releases.get(role, UNKNOWN)
            forms = forms_of(self.plan, release)
            found.told[side.app] = [Told(form, release, result, sentence) for form in forms]

    def _ask_health(self, found: Probe) -> None:
        for role, side in self.sides.items():
            answer = ask(self.plan, side)
            self.releases[role] = answer.release or UNKNOWN
            found.releases[side.app] = self.releases[role]
            trouble = trouble_of(self.plan, side, answer)
            if trouble:
                raise EvidenceError(trouble)

    def _looker(self, role: Role, side: Target) -> Looker:
        return Looker(
            self.run.observations,
            role,
            side.storages,
            self.specs[role].forms,
            codecs=self.plan.folder,
            tokens=tokens_of(self.run.tag, self.plan.canaries.search),
        )

    def _promise(self, cases: tuple[Case, ...], probes: Probes) -> Promise:
        now = datetime.now(UTC)
        stable = self.releases.get("baseline")
        forms: dict[str, Mapping[str, Form]] = {r: spec.forms for r, spec in self.specs.items()}
        stages = {"scenarios": len(cases), "observe": len(forms["candidate"])}
        return Promise(
            run=self.run.id,
            tag=self.run.tag,
            app=self.target.app,
            release=Release(self.releases["candidate"]),
            baseline=Release(stable) if stable is not None else None,
            profile=PROFILE,
            deployer="external",
            plan_digest=self.plan.digest,
            started=now.isoformat(timespec="seconds"),
            today=now.date().isoformat(),
            forms=forms,
            cases=cases,
            stages=stages,
            sample=tuple(case.number for case in cases) if stable is not None else (),
            readers=probes.readers,
            warnings=tuple(dict.fromkeys(filter(None, map(unseen_by, self.sides.values())))),
            partial="the cases of this probe",
            plan=self.plan.redacted(),
            # An API that has moved answers as one whose release stores nothing does.
            storage_proved=not self.target.apis and was_read(self.kept, self.target.told),
        )

    # --- acting and looking --------------------------------------------------------------------

    def _drive_and_look(self, promise: Promise, journal: JournalWriter) -> None:
        with _stage("scenarios", journal):
            for looker in self.lookers.values():
                looker.check()
                looker.look("before", {})
            self._look_at_what_is_left()
            for role in self.sides:
                self._drive(role, promise)
        with _stage("observe", journal):
            self._look("final")
            self._confirm(promise)

    def _look_at_what_is_left(self) -> None:
        """Ask an API for what an earlier probe left, before there is more that nobody can look up.

        A database says by itself whether it can be read; an API is asked by a key, or not at all.
        """
        left = uncleaned(self.kept, self.target.name) if self.target.apis else []
        for run in left[-1:]:
            with suppress(RecordUnreadable):
                history = read_history(read_journal(run.journal))
                for role, looker in self.lookers.items():
                    looker.look("during", keys_of(history, role), keep=False)

    def _drive(self, role: Role, promise: Promise) -> None:
        spec = replace(
            self.specs[role],
            cases={case.id: case.number for case in promise.cases},
            rows={case.id: case.levels for case in promise.cases},
        )
        growth = [0]

        def look(saves_n: int) -> None:
            if saves_n > growth[0]:
                growth[0] = saves_n
                self.lookers[role].look("during", keys_of(self._history(), role))

        drive(
            spec,
            self.child,
            workers=1,
            timeout_s_max=self.plan.canaries.timeout_s_max,
            on_progress=lambda progress: look(progress.saves_n),
        )

    def _history(self) -> History:
        return read_history(read_journal(self.run.journal))

    def _look(self, purpose: str) -> None:
        history = self._history()
        for role, looker in self.lookers.items():
            if purpose == "final":
                looker.look("during", keys_of(history, role))
                wait_until(ready_s(history, role, looker.forms))
            looker.look("final" if purpose == "final" else "confirm", keys_of(history, role))

    def _confirm(self, promise: Promise) -> None:
        """A second, later read where something is wrong; longer where it may still be late."""
        began_s = time.monotonic()
        pause_s = CONFIRM_AFTER_S
        while True:
            grounds = self._weigh(promise)
            wrong = {s.form for s in grounds.symptoms if s.severity is not Severity.WARN}
            late_s = [form.late_s_max for name, form in self._forms().items() if name in wrong]
            allowed_s = max(late_s, default=0.0)
            end_s = began_s + max(LATE_WATCH_S, allowed_s + CONFIRM_AFTER_S if allowed_s else 0.0)
            if not wrong or time.monotonic() >= end_s:
                return
            time.sleep(max(0.0, min(pause_s, end_s - time.monotonic())))
            self._look("confirm")
            pause_s *= 2

    def _forms(self) -> Mapping[str, Form]:
        return self.specs["candidate"].forms

    def _weigh(self, promise: Promise) -> Grounds:
        events = read_journal(self.run.journal)
        return weigh(promise, events, read_observations(self.run.observations))

    # --- judging -------------------------------------------------------------------------------

    def _named_by_saves(self, promise: Promise) -> Promise:
        """The promise with the release that answered the saves, where it is not that of health.

        A deploy may come between the two. Both are promised nothing but what was driven.
        """
        history = self._history()
        for role in self.sides:
            trials = history.of_role(role)
            named_by = {release_of(t, s, self.releases[role]) for t in trials for s in t.saves}
            self.releases[role] = _only(named_by) or self.releases[role]
        stable = self.releases.get("baseline")
        told = replace(
            promise,
            release=Release(self.releases["candidate"]),
            baseline=Release(stable) if stable is not None else None,
        )
        if told != promise:
            self.run.write_json("plan.json", promise_to_json(told))
        return told

    def _judge(self, found: Probe, promise: Promise) -> None:
        promise = self._named_by_saves(promise)
        grounds = self._weigh(promise)
        whole = account(grounds)
        found.answer = whole.verdict.verdict
        found.sentence = with_reading(self.target, whole.verdict.sentence)
        preexisting = frozenset(
            (finding.form, name)
            for finding in grounds.findings
            if finding.preexisting
            for name in finding.fields
        )
        for role, side in self.sides.items():
            stable = role == "baseline"
            symptoms = (
                symptoms_of_stable(promise, grounds.history, grounds.observations)
                if stable
                else blocking(grounds) + [s for s in grounds.symptoms if _doubtful(s)]
            )
            bench = Bench(
                role,
                self.releases[role],
                promise.forms[role],
                symptoms,
                self.unread,
                frozenset() if stable else preexisting,
                why_unproved(grounds),
            )
            told = results(bench, grounds.history, grounds.observations)
            if told or side.app not in found.told:
                found.told[side.app] = told
            if not stable:
                _hold_to(whole.verdict, found.told[side.app])
            found.releases[side.app] = _newest(told, self.releases[role])
        self.run.write_text("report.html", html(whole, self.run.path))
        self.run.write_json("verdict.json", verdict_to_json(whole.verdict))


def _only(releases: set[str]) -> str | None:
    return next(iter(releases)) if len(releases) == 1 else None


def _doubtful(symptom: Symptom) -> bool:
    return symptom.severity is Severity.INCONCLUSIVE


def _hold_to(verdict: Verdict, told: list[Told]) -> None:
    """Nothing passes that the verdict does not let pass, whatever each form says for itself."""
    if verdict.verdict is Answer.INCONCLUSIVE and all(t.result is Result.PASS for t in told):
        for one in told:
            one.result, one.sentence = Result.ERROR, verdict.reasons[0]


def _newest(told: list[Told], otherwise: str) -> str:
    """The release that answered, where the saves named one alone."""
    releases = {one.release for one in told}
    return named(releases.pop()) or otherwise if len(releases) == 1 else otherwise


def _trouble(journal: JournalWriter, sentence: str) -> None:
    journal.write(ev.Trouble(stage="observe", sentence=sentence, verdict="inconclusive"))


@contextmanager
def _stage(name: str, journal: JournalWriter) -> Iterator[None]:
    journal.write(ev.StageEntered(stage=name))
    yield
    journal.write(ev.StageLeft(stage=name))
