"""Two releases on one storage, and the addresses before them that the scenarios' workers have."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from harness.deploy.seams import Deployment
from harness.errors import DriveFailed, EvidenceError, ReleaseDown, StorageUnreadable
from harness.front import Front, open_fronts
from harness.front.opening import FRONTS_MAX
from harness.gate.dying import how_it_died
from harness.gate.observing import Place
from harness.gate.promising import spec_for
from harness.gate.switchboard import Answer, Moment, open_switchboard
from harness.gate.work import Work
from harness.journal import events as ev
from harness.model import SIGHTS, Case, Phase, Role, Sight
from harness.plan import expand, scrub
from harness.plugin.line import WAIT_S_MAX

OLD: Role = "baseline"
NEW: Role = "upgraded"
# What answers in the candidate's place where secrets have changed with the release.
BESIDE = "rotated"
SECRET_BYTES = 32
WORKERS_MAX = 4
# A page that a fault of ours has cut off may never say anything.
CUT_OFF_S_MAX = 5.0
NETWORK_S = 2.0
Phases: TypeAlias = Sequence[tuple[Case, Phase]]


@dataclass(slots=True)
class Fleet:
    """The baseline and, once it has taken over its storage, the candidate.

    Each drive has an attempt number of its own, so that a case may be driven in several stages.
    """

    work: Work
    fronts: list[Front] = field(default_factory=list)
    drives_n: int = 0
    down: str = ""
    _looked: bool = False
    _beside_url: str = ""

    @property
    def old(self) -> Deployment:
        """The baseline; raises EvidenceError where it has not started."""
        if OLD not in self.work.up:
            self._start_old()
        return self.work.up[OLD]

    @property
    def new(self) -> Deployment | None:
        """The candidate on the baseline's storage; None until it has taken over."""
        return self.work.up.get(NEW)

    def _start_old(self) -> None:
        baseline = self.work.promise.baseline
        if baseline is None:
            raise EvidenceError("there is no baseline to upgrade from")
        try:
            self.work.deploy(OLD, baseline)
        except ReleaseDown as error:
            # A second start would only take as long again.
            self.down = f"{baseline.name} is not there to upgrade from"
            raise EvidenceError(f"{self.down}: {error}") from error

    def addresses(self, n: int) -> list[Front]:
        """So many addresses, which the baseline answers until told otherwise."""
        missing_n = max(n, 2 * WORKERS_MAX) - len(self.fronts)
        if n > len(self.fronts):
            opened = open_fronts(self.work.run, missing_n, {OLD: self.old.url})
            for front in self.work.stack.enter_context(opened):
                self.fronts.append(front)
                self._keep_assets(front, OLD, self.old)
                if self.new is not None:
                    self._know_new(front)
                if self._beside_url:
                    front.add(BESIDE, self._beside_url)
        return self.fronts[:n]

    def look_before(self) -> None:
        """Read what stands there before anybody works on it who lives through the upgrade."""
        if not self._looked:
            self._looked = True
            forms, place = self.work.promise.forms[OLD], Place(OLD, self.old.storages)
            # What was just planted may still be under way.
            self.work.observer.await_settled(place, self.work.weigh())
            self.work.observer.before(replace(place, role=NEW), forms)

    def take_over(self) -> None:
        """Let the candidate migrate what the baseline has stored, and run beside it.

        Raises EvidenceError where it could not; that it blocks is journaled, for that is what a
        deploy would do.
        """
        if self.down:
            raise EvidenceError(self.down)
        if self.new is not None:
            if not self.new.alive():
                # Whoever runs it would have started it again.
                self.new.restart()
            return
        work, promise = self.work, self.work.promise
        self.look_before()
        if not self.old.alive():
            died = how_it_died(self.old, "before the release")
            self.down = scrub(died, work.plan.secrets)
            raise EvidenceError(self.down)
        try:
            deployed = work.deployer.deploy(
                promise.release, NEW, promise.baseline, storages=self.old.storages
            )
            work.up[NEW] = work.stack.enter_context(deployed)
        except ReleaseDown as error:
            self.down = f"{promise.release.name} has not taken over"
            old = promise.baseline.name if promise.baseline else ""
            said = f"it cannot take over what {old} had stored, and starts on a storage of its own"
            work.trouble("upgrade", EvidenceError(f"{error}\n{said}"), "block")
            raise EvidenceError(self.down) from error
        for front in self.fronts:
            self._know_new(front)
        try:
            work.observer.check(work.up[NEW])
        except StorageUnreadable as error:
            self.down = f"what {promise.release.name} took over cannot be read: {error}"
            raise EvidenceError(self.down) from error

    @contextmanager
    def rotated(self) -> Iterator[None]:
        """Have the candidate beside itself, with other secrets, as long as the block lasts.

        Raises EvidenceError where it does not start with them.
        """
        work, promise = self.work, self.work.promise
        values = {name: secrets.token_urlsafe(SECRET_BYTES) for name in work.plan.rotate}
        deploying = work.deployer.deploy(
            promise.release, NEW, promise.baseline, storages=self.old.storages, rotated=values
        )
        with ExitStack() as stack:
            try:
                beside = stack.enter_context(deploying)
            except ReleaseDown as error:
                names = ", ".join(values)
                raise EvidenceError(
                    f"{promise.release.name} does not start with new values of {names}: {error}"
                ) from error
            self._beside_url = beside.url
            for front in self.fronts:
                front.add(BESIDE, beside.url)
            try:
                yield
            finally:
                self._beside_url = ""

    def drive(
        self,
        role: Role,
        phases: Phases,
        answer: Answer,
        stage: str,
        sights: tuple[Sight, ...] = (),
        workers_n: int | None = None,
        under_faults: bool = False,
    ) -> None:
        """Drive cases through their phases; answer has their moments. Raises DriveFailed.

        Under faults of ours no page is looked at, which may be cut off, nor waited for long. Nor
        is one with other secrets: who reads was signed in before, as who writes.
        """
        work, promise = self.work, self.work.promise
        self.drives_n += 1
        numbers = {case.id: case.number for case, _ in phases}
        told = {case.id: phase for case, phase in phases}
        if sights:
            numbers[SIGHTS] = max(case.number for case in promise.cases) + 1
            told[SIGHTS] = Phase(stage, levels=next(iter(told.values())).levels)
        workers_n = min(len(numbers), workers_n or default_workers())
        # A worker that dies is replaced by one with a further number.
        fronts = self.addresses(min(FRONTS_MAX, 2 * workers_n))
        with open_switchboard(answer, work.run.temporary) as board:
            spec = replace(
                spec_for(work.plan, work.run, role, promise.release.name, work.profile),
                url=fronts[0].url,
                urls=tuple(front.url for front in fronts),
                forms=promise.forms[role],
                round=stage,
                attempt=self.drives_n,
                cases=numbers,
                rows={case.id: case.levels for case, _ in phases},
                line=board.path,
                phases=told,
                sights=sights,
                readers=not under_faults and not self._beside_url,
                case_timeout_s_max=work.plan.scenarios.timeout_s_max + WAIT_S_MAX,
            )
            if under_faults:
                spec = replace(spec, acknowledge_s_max=CUT_OFF_S_MAX)
            try:
                work.drive_spec(spec, work.profile.scenarios_s_max, workers_n)
            except DriveFailed:
                # Where an act failed the round could only fail as well.
                board.settle()
                raise
            board.settle()

    def chose(self, stage: str, cases_n: int) -> None:
        """Say how many of the promised cases fit a stage."""
        self.work.journal.write(ev.StageChosen(stage=stage, cases_n=cases_n))

    def await_network(self) -> None:
        """Wait until browsers on this host have taken in that its networks have changed.

        Containers that come and go make Chromium drop the requests that it is sending.
        """
        if self.work.deployer.name != "process":
            time.sleep(NETWORK_S)

    def switch(self, moment: Moment, to: Role, target: str = "") -> None:
        """From now on another release answers that trial; target where not its first deployment."""
        front = self.fronts[moment.worker % len(self.fronts)]
        served = answered(front)
        front.to(target or to)
        self.work.journal.write(ev.Switched(trial=moment.trial, to=to, served=served))

    def counted(self, act: Callable[[Moment, Front], None]) -> Answer:
        """An answer that also keeps which release has answered how many requests of each trial."""
        begun: dict[str, dict[str, int]] = {}

        def answer(moment: Moment) -> None:
            front = self.fronts[moment.worker % len(self.fronts)]
            if moment.kind == "began":
                begun[moment.trial] = answered(front)
            if moment.kind == "ended":
                before = begun.get(moment.trial, {})
                served = {role: n - before.get(role, 0) for role, n in answered(front).items()}
                self.work.journal.write(ev.Served(trial=moment.trial, served=served))
            act(moment, front)

        return answer

    def look(self, role: Role, deployment: Deployment) -> None:
        """Read storage once all is settled, while what is missing may be late, and to confirm."""
        work = self.work
        place = Place(role, deployment.storages)
        work.observer.final(place, work.weigh())
        work.observer.await_late(place, work.weigh)
        work.observer.confirm(place)

    def _know_new(self, front: Front) -> None:
        new = self.work.up[NEW]
        front.add(NEW, new.url)
        self._keep_assets(front, NEW, new)

    def _keep_assets(self, front: Front, role: Role, deployment: Deployment) -> None:
        """Files of a release are its own, whoever answers the pages, where the plan says so."""
        if self.work.plan.assets:
            # Where both carry one name the files are the newer one's, as they would be there.
            name = deployment.release.name
            front.route(expand(self.work.plan.assets, release=name), role)


def answered(front: Front) -> dict[str, int]:
    """The requests each release has answered at an address."""
    return {role: counts.answered for role, counts in front.answered().items()}


def default_workers() -> int:
    """How many trials go on at once: people who work while a release changes are several."""
    return max(1, min(WORKERS_MAX, 2 * (os.cpu_count() or 1)))
