"""Two releases on one storage: who starts, who takes over, and who is to blame where that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.deploy.fake import FakeDeployer, FakeDeployment
from harness.errors import EvidenceError, ReleaseDown, StorageUnreadable
from harness.gate.across import faults
from harness.gate.across.choosing import Chosen
from harness.gate.across.fleet import BESIDE, NEW, OLD, Fleet
from harness.gate.across.rollback import roll_back
from harness.gate.switchboard import Moment
from harness.gate.work import Work
from harness.journal import events as ev
from harness.model import Case, Phase, Release

CASE = Case("t.py::test_edit[0]", 0, "t.py::test_edit", "t.py", 1)
STORAGES = {"main": "postgresql://x"}


@dataclass
class FakeFront:
    """Notes where its requests go."""

    said: list[str] = field(default_factory=list)

    def add(self, target: str, url: str) -> None:
        self.said.append(f"add {target}")

    def to(self, target: str) -> None:
        self.said.append(f"to {target}")

    def answered(self) -> dict[str, Any]:
        return {}

    @contextmanager
    def cut(self) -> Iterator[None]:
        yield

    @contextmanager
    def delayed(self, seconds: float, side: str) -> Iterator[None]:
        yield


@dataclass
class FakeWork:
    """What a fleet needs of a run; storage that cannot be read by a role is unreadable to it."""

    deployer: FakeDeployer
    unreadable: str = ""
    rollback: tuple[str, ...] = ()
    up: dict[str, FakeDeployment] = field(default_factory=dict)
    troubles: list[tuple[str, str, str]] = field(default_factory=list)
    events: list[ev.Event] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.promise = SimpleNamespace(
            baseline=Release("v1"), release=Release("v2"), forms={r: {} for r in ("baseline", NEW)}
        )
        release = SimpleNamespace(rollback=self.rollback)
        storage = {"main": SimpleNamespace(url=None)}
        self.plan = SimpleNamespace(
            secrets=(), assets=None, rotate=("SECRET",), storages=storage, release=release
        )
        self.journal = SimpleNamespace(write=self.events.append)
        self.observer = SimpleNamespace(
            check=self._check,
            before=lambda place, _: self.reads.append(f"before {place.role}"),
            await_settled=lambda place, _: self.reads.append(f"settled {place.role}"),
            final=lambda place, _: self.reads.append(f"final {place.role}"),
            await_late=lambda place, _: None,
            confirm=lambda place: self.reads.append(f"confirm {place.role}"),
        )

    def _check(self, deployment: FakeDeployment) -> None:
        if deployment.role == self.unreadable:
            raise StorageUnreadable("form note: no column owner")

    def deploy(self, role: Any, release: Release) -> None:
        self.up[role] = self.stack.enter_context(self.deployer.deploy(release, role, release))

    def weigh(self) -> None:
        """Nothing is known yet."""

    def trouble(self, stage: str, error: Exception, verdict: str) -> None:
        self.troubles.append((stage, str(error), verdict))


def fleet_of(**how: Any) -> tuple[Fleet, FakeWork]:
    """A fleet with one address, on a deployer where the releases named in down do not start."""
    deployer = FakeDeployer(storages=STORAGES, down=how.pop("down", {}))
    work = FakeWork(deployer, **how)
    return Fleet(cast(Work, work), fronts=[cast(Any, FakeFront())]), work


def test_the_candidate_takes_over() -> None:
    """What stood there is read once planted saves have settled, and every address knows both."""
    fleet, work = fleet_of()
    fleet.take_over()
    fleet.take_over()

    assert ["settled baseline", "before upgraded"] == work.reads
    assert ["v1", "v2"] == [d.release.name for d in work.deployer.deployments]
    assert STORAGES == work.deployer.deployments[1].storages
    assert ["add upgraded"] == cast(Any, fleet.fronts[0]).said
    assert [] == work.troubles


def test_other_secrets() -> None:
    """The candidate stands beside itself with a new random value each, as long as it is needed."""
    fleet, work = fleet_of()
    fleet.take_over()
    for _ in range(2):
        with fleet.rotated():
            fleet.switch(Moment(0, "upgraded/1/1", "typing"), NEW, BESIDE)
    *_, first, second = work.deployer.deployments

    assert ("v2", STORAGES, ["stop"]) == (first.release.name, first.storages, first.acts)
    assert ["SECRET"] == list(first.rotated)
    assert len({first.rotated["SECRET"], second.rotated["SECRET"], ""}) == 3
    assert ["add rotated", "to rotated"] == cast(Any, fleet.fronts[0]).said[1:3]
    assert {NEW} == {e.to for e in work.events if isinstance(e, ev.Switched)}


def test_a_candidate_that_does_not_start_with_other_secrets() -> None:
    """Nothing is proved then, and the variables are named, not their values."""
    fleet, work = fleet_of()
    fleet.take_over()
    work.deployer.down["v2"] = "a secret has to have 32 bytes"
    with (
        pytest.raises(EvidenceError, match="v2 does not start with new values of SECRET: a sec"),
        fleet.rotated(),
    ):
        pass

    assert [] == work.troubles


def test_a_candidate_that_cannot_take_over_blocks() -> None:
    """It is said in the release's own words, once, and nothing further is tried on that storage."""
    fleet, work = fleet_of(down={"v2": "migrate exited 1"})
    for _ in range(2):
        with pytest.raises(EvidenceError, match="v2 has not taken over"):
            fleet.take_over()

    ((stage, sentence, verdict),) = work.troubles
    assert ("upgrade", "block") == (stage, verdict)
    assert "migrate exited 1\nit cannot take over what v1 had stored" in sentence


def test_a_baseline_that_does_not_start_blames_nobody() -> None:
    """It is missing evidence, and is not started once more for each stage."""
    fleet, work = fleet_of(down={"v1": "no licence"})
    with pytest.raises(EvidenceError, match="v1 is not there to upgrade from: no licence"):
        fleet.take_over()

    assert "v1 is not there to upgrade from" == fleet.down
    assert [] == work.troubles


def test_a_baseline_that_has_died_blames_nobody() -> None:
    """How it died is said, and the candidate is not let near its storage."""
    fleet, work = fleet_of()
    cast(FakeDeployment, fleet.old).kill()
    with pytest.raises(EvidenceError, match="v1 died before the release: app was killed"):
        fleet.take_over()

    assert ([], 1) == (work.troubles, len(work.deployer.deployments))


def test_storage_that_cannot_be_read_after_the_migration() -> None:
    """No stage goes on where what the candidate took over cannot be read."""
    fleet, _ = fleet_of(unreadable=NEW)
    for _ in range(2):
        with pytest.raises(EvidenceError, match="cannot be read: form note: no column owner"):
            fleet.take_over()


def test_a_candidate_that_has_died_is_started_again() -> None:
    """The next stage does not begin on a dead release."""
    fleet, work = fleet_of()
    fleet.take_over()
    work.up[NEW].kill()
    fleet.take_over()

    assert work.up[NEW].alive()


def test_a_switch_is_journaled() -> None:
    """Which trial is answered by another release from when on stands in the journal."""
    fleet, work = fleet_of()
    fleet.switch(Moment(0, "upgraded/0/1", "typing"), NEW)

    assert ["to upgraded"] == cast(Any, fleet.fronts[0]).said
    assert [("upgraded/0/1", "upgraded")] == [
        (e.trial, e.to) for e in work.events if isinstance(e, ev.Switched)
    ]


# --- what is done while trials wait --------------------------------------------------------------


def driven(fleet: Fleet, *kinds: str) -> list[str]:
    """From now on a drive tells of these moments of each case, and raises what they raise."""
    stages: list[str] = []

    def drive(
        role: str, phases: Any, answer: Callable[[Moment], None], stage: str, **_: Any
    ) -> None:
        stages.append(stage)
        for number, _phase in enumerate(phases):
            for kind in kinds:
                answer(Moment(0, f"{role}/{number}/{len(stages)}", kind))

    fleet.drive = drive  # type: ignore[method-assign,assignment]
    return stages


@pytest.fixture
def restarting(monkeypatch: pytest.MonkeyPatch) -> tuple[Fleet, FakeWork]:
    """A fleet that has taken over; faults last no time."""
    monkeypatch.setattr(faults, "LASTS_S", 0.0)
    fleet, work = fleet_of()
    fleet.take_over()
    return fleet, work


class _Slotless(Fleet):
    """A fleet whose drive can be replaced."""


def replaced(fleet: Fleet) -> Fleet:
    """The same fleet, as one whose drive can be replaced."""
    return _Slotless(fleet.work, fleet.fronts, fleet.drives_n, fleet.down)


def test_every_fault_comes_once(restarting: tuple[Fleet, FakeWork]) -> None:
    """With one case the rounds go on until each fault was there, from its beginning to its end."""
    fleet, work = replaced(restarting[0]), restarting[1]
    stages = driven(fleet, "began", "acknowledged", "ended")
    faults.under_faults(fleet, [Chosen(CASE, (1, 2))], {})

    begun = [e.fault for e in work.events if isinstance(e, ev.FaultBegan)]
    assert [
        "app killed", "app asked to end", "storage main ended", "connections cut",
        "answers delayed",
    ] == begun  # fmt: skip
    assert begun == [e.fault for e in work.events if isinstance(e, ev.FaultEnded)]
    assert 5 == len(stages)
    assert ["restart app", "restart app gracefully"] == work.up[NEW].acts
    assert ["end", "restart storage main"] == work.up[OLD].acts
    assert work.reads[-1] == "confirm upgraded"


def test_faults_come_in_turn(restarting: tuple[Fleet, FakeWork]) -> None:
    """With more acknowledgements than faults they come once more from the first on."""
    fleet, work = replaced(restarting[0]), restarting[1]
    driven(fleet, *["acknowledged"] * 7)
    faults.under_faults(fleet, [Chosen(CASE)], {})

    begun = [e.fault for e in work.events if isinstance(e, ev.FaultBegan)]
    assert begun[5:] == begun[:2] == ["app killed", "app asked to end"]


def test_a_fault_that_never_came(restarting: tuple[Fleet, FakeWork]) -> None:
    """Where no save is told stored no fault comes, and that is said, once storage was read."""
    fleet, work = replaced(restarting[0]), restarting[1]
    driven(fleet, "began", "ended")
    with pytest.raises(EvidenceError, match="at which there could be: app killed, app asked"):
        faults.under_faults(fleet, [Chosen(CASE)], {})

    assert work.reads[-1] == "confirm upgraded"
    assert [] == work.troubles


def test_a_release_that_does_not_come_back(restarting: tuple[Fleet, FakeWork]) -> None:
    """What does not start again after a fault blocks, and the fault is journaled to its end."""
    fleet, work = replaced(restarting[0]), restarting[1]

    def restart(part: str | None = None, *, graceful: bool = False) -> None:
        raise ReleaseDown("app exited 3")

    work.up[NEW].restart = restart  # type: ignore[method-assign]
    driven(fleet, "acknowledged")
    with pytest.raises(EvidenceError, match="does not come back"):
        faults.under_faults(fleet, [Chosen(CASE)], {})

    assert [("restart", "block")] == [(stage, verdict) for stage, _, verdict in work.troubles]
    assert isinstance(work.events[-1], ev.FaultEnded)


@pytest.mark.parametrize("command", [(), ("undo",)])
def test_the_way_back(command: tuple[str, ...]) -> None:
    """The candidate ends, the plan's rollback runs where there is one, the baseline comes back."""
    whole, work = fleet_of(rollback=command)
    whole.take_over()
    fleet = replaced(whole)
    driven(fleet, "began", "acknowledged", "ended")
    roll_back(fleet, [(CASE, Phase("rollback", "acknowledged"))])

    assert ["end", *(["roll back"] if command else [])] == work.up[NEW].acts
    assert ["end", "restart"] == work.up[OLD].acts
    assert ["add upgraded", "to upgraded", "to baseline", "to baseline"] == (
        cast(Any, fleet.fronts[0]).said
    )
    assert ["before rolled-back", "final rolled-back", "confirm rolled-back"] == work.reads[-3:]


def test_a_baseline_that_does_not_come_back() -> None:
    """A release that cannot be taken back is blocked."""
    whole, work = fleet_of()
    whole.take_over()
    fleet = replaced(whole)

    def restart(part: str | None = None, *, graceful: bool = False) -> None:
        raise ReleaseDown("unknown column")

    work.up[OLD].restart = restart  # type: ignore[method-assign]
    driven(fleet, "began", "acknowledged")
    with pytest.raises(EvidenceError, match="v2 cannot be rolled back to v1"):
        roll_back(fleet, [(CASE, Phase("rollback", "acknowledged"))])

    ((stage, sentence, verdict),) = work.troubles
    assert ("rollback", "block") == (stage, verdict)
    assert "unknown column" in sentence
