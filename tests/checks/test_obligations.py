"""What a scenario promised to bring about has to have happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.checks.history import History, Trial, read_history
from harness.checks.obligations import never_happened
from harness.journal import events as ev
from harness.model import Case, Release
from harness.promise import Promise

SCENARIO = "test_orders.py::test_orders"
CUT = "a response was cut"


def promise(*obligations: str, **changes: Any) -> Promise:
    case = Case("c", 0, SCENARIO, "f.py", 1, {"order": "types>shares>saves"})
    whole = Promise(
        run="r", tag="r", app="a", release=Release("2"), baseline=None, profile="commit",
        deployer="fake", plan_digest="", started="", today="2026-01-01",
        forms={"candidate": {}}, cases=(case,), stages={}, obligations={SCENARIO: obligations},
    )  # fmt: skip
    return replace(whole, **changes)


def history(*told: str, outcome: ev.Outcome = "completed") -> History:
    """One trial of the case, with one acknowledged save."""
    trial, record, save = "candidate/0/1", "candidate/0/1/r1", "candidate/0/1/r1/s1"
    levels = {"order": "types>shares>saves"}
    return read_history(
        [
            ev.TrialBegan(
                at_s=1, trial=trial, case="c", number=0, role="candidate", attempt=1,
                round="drive", levels=levels,
            ),
            ev.RecordOpened(at_s=2, trial=trial, record=record, form="note", ordinal=1, key=("1",)),
            ev.SaveIntended(
                at_s=3, save=save, record=record, revision=1, operation="save",
                values={"title": "x"}, classes={"title": "plain"},
            ),
            ev.SaveAcknowledged(at_s=4, save=save, evidence="Saved"),
            *(ev.Happened(at_s=5, trial=trial, what=what) for what in told),
            ev.TrialEnded(at_s=6, trial=trial, outcome=outcome),
        ]
    )  # fmt: skip


def test_what_was_told_has_happened() -> None:
    """A trial that tells of it in the promised words meets an obligation."""
    assert [] == never_happened(promise(CUT), history(CUT))


@pytest.mark.parametrize("told", [(), ("a response was late",)])
def test_what_nobody_told_is_owed_by_name(told: tuple[str, ...]) -> None:
    """An obligation that no trial met is a sentence that names it and its scenario."""
    (sentence,) = never_happened(promise(CUT), history(*told))

    assert SCENARIO in sentence
    assert repr(CUT) in sentence


def test_an_order_meets_what_it_holds() -> None:
    """Two actions of a driven order meet it, whatever is done between them."""
    assert [] == never_happened(promise("shares after types", "saves after types"), history())


def test_an_order_the_other_way_round_does_not() -> None:
    """The other way round is another thing, and is owed."""
    (sentence,) = never_happened(promise("types after shares"), history())

    assert "'types after shares'" in sentence


def test_only_evidence_meets_an_obligation() -> None:
    """What a broken trial told of, or would have done, has not happened."""
    owed = never_happened(promise(CUT, "shares after types"), history(CUT, outcome="broken"))

    assert 2 == len(owed)


@pytest.mark.parametrize("changes", [{"partial": "types"}, {"seed": 7}])
def test_some_of_the_cases_owe_nothing(changes: dict[str, Any]) -> None:
    """Whoever drives only some cases, or explores, was promised no obligation."""
    assert [] == never_happened(promise(CUT, **changes), history())


def test_a_scenario_in_quarantine_owes_nothing() -> None:
    """A scenario that may break may also fail to bring about what it promised."""
    assert [] == never_happened(promise(CUT, quarantine={SCENARIO: "known"}), history())


def test_a_journal_keeps_what_happened() -> None:
    """What a trial told survives the journal's JSON, and a strange trial's is an orphan."""
    event = ev.Happened(at_s=1.0, trial="candidate/0/1", what=CUT)

    assert event == ev.from_json(ev.to_json(event))
    assert 1 == read_history([event]).orphans_n
    assert isinstance(history(CUT).trials["candidate/0/1"], Trial)
