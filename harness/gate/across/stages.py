"""The stages across versions: upgrade, stale page, mixed fleet, restart under work, rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, product
from typing import TypeAlias

from harness.checks.across import CLIENT, ROTATED, SERVER, STALE, STEADY
from harness.checks.journeys import ATTEMPTS_TO_BLOCK
from harness.errors import EvidenceError
from harness.front import Front
from harness.gate.across import choosing
from harness.gate.across.barrier import Barrier
from harness.gate.across.choosing import Chosen, spread
from harness.gate.across.faults import under_faults
from harness.gate.across.fleet import BESIDE, NEW, OLD, Fleet, Phases
from harness.gate.across.origin import ORIGIN, ask_origin
from harness.gate.across.planting import plant
from harness.gate.across.promised import why_skipped
from harness.gate.across.rollback import roll_back
from harness.gate.dying import how_it_died
from harness.gate.switchboard import Answer, Moment
from harness.gate.work import Work
from harness.model import Case, Phase
from harness.plugin.sights import SEEN

# So many pages are open while the candidate takes over; others are opened before a switch.
OPEN_PAGES_N = 3

Act: TypeAlias = Callable[[Work], str | None]


def across(work: Work) -> Iterator[tuple[str, Act]]:
    """Each promised stage with its name; what one has brought about the next one stands on."""
    stages = Across(Fleet(work))
    acts = {
        "upgrade": stages.upgrade,
        "stale-page": stages.stale_page,
        "mixed": stages.mixed,
        "restart": stages.restart,
        "rollback": stages.roll_back,
    }
    for name, act in acts.items():
        if name in work.promise.stages:
            yield name, act
    if any(work.promise.stages.get(name) for name in acts):
        yield ORIGIN, ask_origin


class Across:
    """What the stages share: the fleet, and the pages that were open during the upgrade."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._open: list[Chosen] = []

    def upgrade(self, work: Work) -> str | None:
        """People work, the candidate takes over what is stored, and they go on."""
        if why := self._why_not(work, "upgrade"):
            return why
        plant(self.fleet)
        self.fleet.look_before()
        grounds = work.weigh()
        sights = choosing.sights(grounds)
        able = work.promised.possible
        chosen = spread(choosing.editing(grounds, able), work.promise.stages["upgrade"])
        self._open = self._stale_pages(work, OPEN_PAGES_N, [one.case.number for one in chosen])
        edits = _phases("upgrade", chosen, "acknowledged", {SERVER: "upgraded"})
        phases = [*edits, *_stale(self._open)]
        self.fleet.chose("upgrade", len(chosen))
        if phases:
            trials_n = len(phases) + bool(sights)
            at = self._at_once(trials_n)
            self.fleet.drive(NEW, phases, at, "upgrade", sights, trials_n)
        self.fleet.take_over()
        self._look(work, "upgrade", edits, self._one_by_one("acknowledged"))
        return None

    def stale_page(self, work: Work) -> str | None:
        """A page was loaded before the deploy, and what is typed into it is saved after it."""
        if why := self._why_not(work, "stale-page"):
            return why
        open_ = [one.case.number for one in self._open]
        further = self._stale_pages(work, work.promise.stages["stale-page"] - len(open_), open_)
        if not further and not open_:
            return "no case that the baseline can run types into a page"
        self.fleet.chose("stale-page", len(open_) + len(further))
        self.fleet.take_over()
        rotated = choosing.rotating(work.weigh(), further) if work.plan.rotate else []
        kept = [one for one in further if one not in rotated]
        at = self._one_by_one("typing")
        if kept:
            self.fleet.drive(NEW, _stale(kept), at, "stale-page")
        self._look(work, "stale-page", _stale([*self._open, *kept]), at)
        if rotated:
            self._rotate(work, rotated)
        return None

    def _rotate(self, work: Work, chosen: list[Chosen]) -> None:
        """Pages of before are saved to a candidate that knows neither their session nor token."""
        phases = _phases("stale-page", chosen, "typing", {CLIENT: STALE, SERVER: ROTATED})
        at = self._one_by_one("typing", BESIDE)
        with self.fleet.rotated():
            self.fleet.drive(NEW, phases, at, "stale-page")
            self._look(work, "stale-page", phases, at)

    def mixed(self, work: Work) -> str | None:
        """Both releases answer at once, in turn for one half and kept apart for the other."""
        if why := self._why_not(work, "mixed"):
            return why
        able = work.promised.possible
        chosen = spread(choosing.anything(work.weigh(), able), work.promise.stages["mixed"])
        if not chosen:
            return "the baseline can run none of the cases"
        self.fleet.chose("mixed", len(chosen))
        self.fleet.take_over()
        # Whoever is kept apart is kept where the first request went: half of them at each.
        ways = cycle(product(((OLD, NEW), (NEW, OLD)), (False, True)))

        def at(moment: Moment, front: Front) -> None:
            if moment.kind == "began":
                order, sticky = next(ways)
                front.split(dict.fromkeys(order, 1), sticky=sticky)

        phases = _phases("mixed", chosen, "", {SERVER: "mixed"})
        answer = self.fleet.counted(at)
        self.fleet.drive(NEW, phases, answer, "mixed")
        self._look(work, "mixed", phases, answer)
        return None

    def restart(self, work: Work) -> str | None:
        """What is told stored stays, whoever is killed, restarted or cut off right then."""
        if why := self._why_not(work, "restart"):
            return why
        able = [case.number for case in work.promise.cases]
        chosen = spread(choosing.saving(work.weigh(), able), work.promise.stages["restart"])
        if not chosen:
            return "no page tells anybody that something is stored"
        self.fleet.chose("restart", len(chosen))
        self.fleet.take_over()
        under_faults(self.fleet, chosen, {**STEADY, SERVER: "restarting"})
        return None

    def roll_back(self, work: Work) -> str | None:
        """The candidate has written, the baseline comes back, and people go on editing."""
        if why := self._why_not(work, "rollback"):
            return why
        able = work.promised.possible
        chosen = spread(choosing.editing(work.weigh(), able), work.promise.stages["rollback"])
        if not chosen:
            return "no case that the baseline can run saves a record a second time"
        self.fleet.chose("rollback", len(chosen))
        self.fleet.take_over()
        roll_back(self.fleet, _phases("rollback", chosen, "acknowledged", {SERVER: "rolled back"}))
        return None

    def _at_once(self, trials_n: int) -> Answer:
        """All come to their moment on the baseline; then the candidate takes over under them."""
        waiting: list[Moment] = []

        def act() -> None:
            self.fleet.take_over()
            self.fleet.await_network()
            for moment in waiting:
                self.fleet.switch(moment, NEW)
            for front in self.fleet.fronts:
                front.to(NEW)

        barrier = Barrier(trials_n, act)

        def at(moment: Moment, front: Front) -> None:
            if moment.kind == "began" and not barrier.done:
                front.to(OLD)
            elif moment.kind == "ended":
                barrier.leave()
            elif moment.kind in ("acknowledged", "typing", SEEN):
                waiting.append(moment)
                barrier.wait()

        return self.fleet.counted(at)

    def _one_by_one(self, kind: str, target: str = "") -> Answer:
        """Each begins on the baseline, and is switched at its own moment."""

        def at(moment: Moment, front: Front) -> None:
            if moment.kind == "began":
                front.to(OLD)
            elif moment.kind == kind:
                self.fleet.switch(moment, NEW, target)

        return self.fleet.counted(at)

    def _look(self, work: Work, stage: str, phases: Phases, answer: Answer) -> None:
        """Read what came of it; what is no evidence is driven again, as often as elsewhere."""
        self.fleet.look(NEW, work.up[NEW])
        if not work.up[NEW].alive():
            died = how_it_died(work.up[NEW], f"in the stage {stage}")
            work.trouble(stage, EvidenceError(died), "warn")
        for _ in range(ATTEMPTS_TO_BLOCK - 1):
            unmeasured = work.weigh().across.unmeasured.get(stage, ())
            left = [(case, phase) for case, phase in phases if case.number in unmeasured]
            if not left:
                return
            self.fleet.drive(NEW, left, answer, stage)
            self.fleet.look(NEW, work.up[NEW])

    def _stale_pages(self, work: Work, n: int, but: Iterable[int]) -> list[Chosen]:
        wanted_n = min(n, work.promise.stages.get("stale-page", 0))
        able = work.promised.possible - set(but)
        return spread(choosing.typing(work.weigh(), able), wanted_n) if wanted_n > 0 else []

    def _why_not(self, work: Work, stage: str) -> str | None:
        baseline = work.promise.baseline.name if work.promise.baseline else None
        if not work.promise.stages[stage]:
            why = why_skipped(stage, work.asked, baseline, work.deployer.name)
            return why or f"{baseline} can run none of the cases"
        if self.fleet.down:
            raise EvidenceError(self.fleet.down)
        return None


def _phases(
    stage: str, chosen: Iterable[Chosen], moment: str, levels: dict[str, str]
) -> list[tuple[Case, Phase]]:
    told = {**STEADY, **levels}
    return [
        (one.case, Phase(stage, moment, one.places[0], told))  # type: ignore[arg-type]
        for one in chosen
    ]


def _stale(chosen: Iterable[Chosen]) -> list[tuple[Case, Phase]]:
    return _phases("stale-page", chosen, "typing", {CLIENT: STALE})
