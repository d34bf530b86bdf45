"""A load under faults of ours: what was acknowledged has to be there, and nothing else is owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from harness.answer import conclude
from harness.checks.history import Fault, History, Save
from harness.checks.injected import faults_seen
from harness.journal import events as ev
from harness.promise import FAULTS_LOAD
from tests.checks.load_story import LoadStory


@pytest.fixture
def load(tmp_path: Path) -> LoadStory:
    """A load of ten seconds in which the application is killed after three."""
    story = LoadStory(tmp_path / "observations", name=FAULTS_LOAD)
    story.fault("app killed", 3.0, 2.0)
    return story


def test_a_load_that_was_kept_under_faults_passes(load: LoadStory) -> None:
    """Every acknowledged save is there: the verdict passes, and says how many faults there were."""
    load.saves(100)
    verdict = conclude(load.weighed())

    assert verdict.verdict == "pass", verdict.reasons
    assert verdict.evidence.load is None
    assert verdict.evidence.load_faults == {
        "faults": 1,
        "saves_acknowledged": 100,
        "saves_verified": 100,
        "saves_unknown": 0,
    }
    (stage,) = verdict.stages
    assert (stage.name, stage.promised, stage.measured) == (FAULTS_LOAD, 1, 1)
    assert stage.checked == "100 acknowledged saves: 100 found whole, with 1 fault among them"


def test_what_was_acknowledged_before_a_fault_is_due_after_it(load: LoadStory) -> None:
    """A loss blocks, with the fault that each lost save came shortly before."""
    records = load.saves(100)
    for record in (records[25], records[31], records[80]):
        record.holds(history=None)
    verdict = conclude(load.weighed())

    assert verdict.verdict == "block"
    assert verdict.findings[0].check == FAULTS_LOAD
    assert verdict.findings[0].trigger.text == (
        "under load of 10 saves/s with faults: 3 of 100 saves, between second 2 and 8, "
        "2 at 'app killed', 1 at 'no fault'"
    )
    assert verdict.findings[0].trigger.conditions == {}
    assert verdict.reasons[0].startswith("note: history lost, under load of 10 saves/s with faults")


def lost_of(load: LoadStory, numbers: Iterable[int]) -> Mapping[str, tuple[str, ...]]:
    """The conditions of the one finding, where these of a hundred saves lost a field."""
    records = load.saves(100)
    for number in numbers:
        records[number].holds(history=None)
    (finding,) = load.judged().findings
    return finding.trigger.conditions


def in_rounds(load: LoadStory, every_s: float, *faults: tuple[str, float, float]) -> None:
    """These faults, each with its beginning and how long it lasts, again and again."""
    load.faults = []
    for n in range(int(load.hold_s / every_s)):
        for name, at_s, lasted_s in faults:
            load.fault(name, n * every_s + at_s, lasted_s)


def killed_and_paused(load: LoadStory) -> None:
    """Two faults three times each; in each round three seconds long the last half is a pause's."""
    in_rounds(load, 3.0, ("app killed", 0.1, 2.4), ("app paused", 2.7, 0.3))


def test_the_fault_at_which_all_is_lost_is_a_condition(load: LoadStory) -> None:
    """A fault that loses something each time it comes is named, and no other fault."""
    killed_and_paused(load)

    assert {"fault": ("app paused",)} == lost_of(load, (26, 27, 28, 56, 57, 86))


def test_every_fault_at_which_something_is_lost_is_named(load: LoadStory) -> None:
    """Each of two faults explains what the other one does not, in the order in which they came."""
    faults = ("app killed", 0.1, 1.7), ("app asked to end", 1.9, 0.1), ("app paused", 2.1, 0.1)
    in_rounds(load, 2.4, *faults)

    lost = lost_of(load, (18, 19, 42, 44, 69, 92))
    assert {"fault": ("app asked to end", "app paused")} == lost


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(range(2, 100, 5), id="spread evenly"),
        pytest.param(range(85, 90), id="in one moment"),
        pytest.param((26, 56), id="too few to tell"),
        pytest.param((26, 27, 28, 56, 57, 86, 95), id="one of them elsewhere"),
        pytest.param(range(91, 99), id="after it"),
    ],
)
def test_a_fault_that_chance_may_have_put_there_is_not_named(
    load: LoadStory, numbers: Sequence[int]
) -> None:
    """Losses that do not all lie at faults, or in so few moments that they may, name none."""
    killed_and_paused(load)

    assert {} == lost_of(load, numbers)


def test_saves_that_nobody_was_told_stored_name_no_fault(load: LoadStory) -> None:
    """What is damaged of unknown saves is not among the saves with which losses are compared."""
    killed_and_paused(load)
    for n in range(100):
        record = load.record(f"k{n}", user=n % load.users)
        save = record.save("reason", "history")
        if n in (26, 27, 56, 57, 86, 87):
            save.unknown()
            record.holds(history="odd")
        else:
            save.acknowledged()
    (finding,) = load.judged().findings

    assert finding.trigger.text.endswith(", 6 at 'app paused'")
    assert {} == finding.trigger.conditions


def test_what_most_saves_met_explains_nothing(load: LoadStory) -> None:
    """A fault that more than half of a load has met is not named by what was lost in it."""
    in_rounds(load, 1.4, ("app paused", 0.4, 0.9))

    assert {} == lost_of(load, range(8, 98, 14))


@pytest.mark.parametrize(("rounds_n", "named"), [(1, True), (5, False)])
def test_records_that_are_saved_over_and_over_name_no_fault(
    load: LoadStory, rounds_n: int, named: bool
) -> None:
    """Storage tells of their last saves alone, which lie at the fault that came last."""
    load.faults = []
    for name, at_s, until_s in (
        ("app killed", 7.5, 8.0), ("app paused", 8.1, 8.3),
        ("app killed", 8.4, 9.7), ("app paused", 9.8, 9.95),
    ):  # fmt: skip
        load.fault(name, at_s, until_s - at_s)
    load.saves(100 - 20 * rounds_n)
    records = [load.record(f"again {number}") for number in range(20)]
    for turn in range(rounds_n):
        for number, record in enumerate(records):
            kept = turn < rounds_n - 1 or 3 <= number < 17
            record.save("history").acknowledged(stores=kept)
    (finding,) = load.judged().findings

    assert ({"fault": ("app paused",)} if named else {}) == finding.trigger.conditions


@pytest.mark.parametrize("stores", [True, False])
@pytest.mark.parametrize("outcome", ["refused", "unknown"])
def test_what_a_fault_cut_is_nobodys_fault(load: LoadStory, outcome: str, stores: bool) -> None:
    """A save that a fault overlaps is unknown whatever was told of it: stored or not is right."""
    load.saves(35)
    cut = load.record("cut").save("reason")
    (cut.refused if outcome == "refused" else cut.unknown)(stores=stores)
    load.saves(64, first=36)
    grounds = load.judged()

    assert (grounds.findings, grounds.owed, grounds.broken) == ((), (), ())
    assert (grounds.figures.refused_n, grounds.figures.unknown_n) == (0, 1)
    assert grounds.warnings == ("of unknown outcome while a fault of ours lasted: 1 save",)


def test_a_refusal_that_no_fault_explains_is_told(load: LoadStory) -> None:
    """Stored although the user was told of a failure stays a warning where no fault was on."""
    load.saves(80)
    load.record("refused").save("reason").refused(stores=True)
    grounds = load.judged()

    assert [str(finding.anomaly) for finding in grounds.findings] == ["unacknowledged"]
    assert "refused under load with faults: 1 save" in grounds.warnings


def test_how_fast_it_was_is_not_judged(load: LoadStory) -> None:
    """Neither rate nor time of a load under faults blocks or is owed."""
    load.saves(40)
    load.limit_ms = 1.0
    grounds = load.judged()

    assert (grounds.broken, grounds.owed) == ((), ())
    load.name = "load"
    load.faults, load.observations = [], []
    assert "95 % of saves were acknowledged within 20 ms" in load.judged().broken[1]


@pytest.mark.parametrize("at_s", [None, -5.0, 60.0])
def test_a_load_that_met_no_fault_proves_nothing(load: LoadStory, at_s: float | None) -> None:
    """Faults before the load or after it are none within it."""
    load.faults = []
    if at_s is not None:
        load.fault("app killed", at_s)
    load.saves(100)

    assert load.judged().owed == ("no fault of ours came within the load that was to meet some",)


def test_the_course_of_a_load_shows_where_losses_fall(load: LoadStory) -> None:
    """Each second has what was acknowledged, what is unsure and lost, and what was under way."""
    records = load.saves(40)
    records[31].holds(history=None)
    load.now_s = load.start_s + 4.0
    load.record("cut").save("reason").unknown()
    for name in ("slow", "slower"):
        load.now_s = load.start_s + 4.2
        load.record(name).save("reason").acknowledged(took_s=3.0)
    grounds = load.judged()
    course = grounds.seconds

    assert [10.0] * 4 == [second.saves_per_s for second in course[:4]]
    assert [3] == [second.second for second in course if second.lost_n]
    assert [4] == [second.second for second in course if second.unsure_n]
    assert [1, 1, 1, 1, 2, 2, 2] == [second.under_way_n for second in course[:7]]
    assert 3000.0 == course[7].p99_ms


def test_a_fault_elsewhere_excuses_nothing(load: LoadStory) -> None:
    """A refused save in an ordinary load, with a fault long before it, stays refused."""
    load.name = "load"
    load.faults = []
    load.fault("app killed", -20.0)
    load.saves(99)
    load.record("refused").save("reason").refused()

    assert load.judged().figures.refused_n == 1


def test_faults_under_load_explain_no_loss_of_a_scenario() -> None:
    """What a load met comes when no scenario is driven any more, so no save of one saw it."""
    restart, met = Fault("app killed", 15.0, 16.0), Fault("storage main ended", 105.0, 106.0)
    history = History(stages={FAULTS_LOAD: (100.0, 200.0, None)}, faults=[restart, met])
    intended = ev.SaveIntended(
        at_s=10.0, save="s", record="r", revision=1, operation="save", values={}, classes={}
    )
    lost = Save(intended, "candidate/1/1", state="acknowledged", ended_s=11.0)

    assert ("app killed",) == faults_seen([lost], [], history)
    history.faults.remove(restart)
    assert () == faults_seen([lost], [], history)
