"""A losing order is made short by driving shorter ones, and the shortest is tried three times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.gate.reducing import Reducing
from harness.judge import Grounds
from harness.model import Case, Finding
from harness.orders import holds, names_of
from harness.promise import Promise
from tests.checks.story import Story, TrialStory
from tests.test_orders import note

SCENARIO = "test_orders.py::test_orders"
CAUSE = ("types", "shares", "saves")
LONG = "shares>types>saves>undoes>types>shares>saves>undoes>shares>finalises"


def case(number: int, order: str) -> Case:
    return Case(f"{SCENARIO}[order={order}]", number, SCENARIO, "f.py", 1, {"order": order})


@dataclass
class Release:
    """Drives a release that loses a text whenever an order holds the cause."""

    story: Story = field(default_factory=lambda: Story(scenario=SCENARIO))
    traced: list[str] = field(default_factory=list)
    driven: list[str] = field(default_factory=list)

    @property
    def promise(self) -> Promise:
        return self.story.promise()

    def drive(self, cases: Sequence[Case], *, trace: bool = False) -> Grounds:
        known = {one.id for one in self.story.cases}
        self.story.cases += [one for one in cases if one.id not in known]
        for one in cases:
            self.driven.append(one.levels["order"])
            self.traced += [one.levels["order"]] * trace
            trial = self.story.trial(again=TrialStory(self.story, one, "candidate", 0))
            record = trial.record(f"{one.number}-{trial.attempt}")
            record.save("reason").acknowledged()
            if holds(names_of(one.levels["order"]), CAUSE):
                record.holds(reason=None)
            trial.ends()
        self.story.reads("final", "confirm", after_s=60)
        return self.story.weighed()


def reduced(*orders: str) -> tuple[Release, Finding]:
    """What is found once these orders were driven, and what fails was made short."""
    release = Release()
    grounds = release.drive([case(number, order) for number, order in enumerate(orders)])
    Reducing(release, {SCENARIO: note().model}).work(grounds)
    (finding,) = release.story.weighed().findings
    return release, finding


def test_the_shortest_order_is_named_and_confirmed() -> None:
    """Ten actions become the three that matter, tried three times, once of them recorded."""
    release, finding = reduced(LONG, "shares>undoes>finalises")

    least = ">".join(CAUSE)
    assert {"order": (least,)} == finding.trigger.conditions
    assert finding.trigger.text.startswith("when types, shares, saves are done in this order (all")
    assert finding.trigger.confirmed
    assert 3 == release.driven.count(least)
    assert [least] == release.traced


def test_every_order_that_is_driven_was_promised() -> None:
    """What the reduction tries stands in the promise with a number of its own."""
    release, _ = reduced(LONG)

    assert [*range(len(release.promise.cases))] == [one.number for one in release.promise.cases]
    assert set(release.driven) == {one.levels["order"] for one in release.promise.cases}


def test_a_shorter_order_that_failed_already_is_taken() -> None:
    """Nothing is driven to find what the exploration has seen."""
    release, finding = reduced(LONG, ">".join(CAUSE))

    assert {"order": (">".join(CAUSE),)} == finding.trigger.conditions
    assert len(release.promise.cases) < 10


def test_what_has_no_order_is_tried_again_as_it_is() -> None:
    """A loss that rows of factors show is confirmed by the same row."""
    release = Release()
    release.drive([case(0, LONG)])
    grounds = release.story.weighed()
    Reducing(release, {}).work(grounds)

    assert 3 == release.driven.count(LONG)
