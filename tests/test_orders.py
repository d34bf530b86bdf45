"""Orders of actions: what a model allows, what is generated of it, and what its author is told."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import ScenarioError
from harness.factors import (
    Sequences,
    factors,
    obliged,
    orders,
    random_rows,
    row_of,
    rows,
    scenario_of,
)
from harness.orders import Actions, Model, Rule, holds, model_from_json, model_to_json
from harness.sequences import GATE_SEED, generate, pairs

FACTS = ("a", "b", "c")
facts = st.frozensets(st.sampled_from(FACTS), max_size=2)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """A small model; whether it allows anything is chance."""
    rules = [
        Rule(
            name,
            needs=draw(facts),
            unless=draw(facts),
            gives=draw(facts),
            takes=draw(facts),
            last=draw(st.booleans()) and name == "act0",
        )
        for name in (f"act{n}" for n in range(draw(st.integers(2, 5))))
    ]
    return Model(tuple(rules), begins=draw(facts), unfinished=draw(facts))


def note() -> Actions:
    """A page: types and saves, shares and takes it back, and finalises."""
    actions = Actions(begins="unshared", unfinished="unsaved")
    said: dict[str, dict[str, Any]] = {
        "types": {"unless": "unsaved", "gives": "unsaved"},
        "saves": {"needs": "unsaved", "takes": "unsaved"},
        "shares": {"needs": "unshared", "takes": "unshared", "gives": "shared"},
        "undoes": {"needs": "shared", "takes": "shared", "gives": "unshared"},
        "finalises": {"unless": "unsaved", "last": True},
    }
    for name, rule in said.items():
        actions.action(**rule)(act_called(name))
    return actions


def act_called(name: str) -> Any:
    def act(desk: list[str]) -> None:
        desk.append(name)

    act.__name__ = name
    return act


def made(actions: Actions, n: int = 8, longest: int = 8) -> list[tuple[str, ...]]:
    @orders(actions)
    def scenario(case: object) -> None: ...

    found = scenario_of(scenario).orders
    assert found is not None
    return generate(found, n=n, longest=longest)


class TestModel:
    """Which orders make sense."""

    @pytest.mark.parametrize(
        ("order", "allowed"),
        [
            ("types saves", True),
            ("types shares saves finalises", True),
            ("saves", False),
            ("types", False),
            ("shares shares", False),
            ("finalises types saves", False),
            ("strange", False),
            ("", False),
        ],
    )
    def test_needs_takes_and_ends_decide(self, order: str, allowed: bool) -> None:
        """What an action needs holds, nothing follows a last one, and nothing is left open."""
        assert allowed is note().model.allows(order.split())

    @given(models())
    def test_a_model_survives_its_json(self, model: Model) -> None:
        """What a promise's collection writes of a model is read back the same."""
        assert model == model_from_json(model_to_json(model))

    def test_an_order_does_its_actions(self) -> None:
        """The functions of an order are the author's own, in the order that its text spells."""
        desk: list[str] = []
        for act in note().order("types>shares>saves"):
            act(desk)

        assert ["types", "shares", "saves"] == desk

    def test_two_actions_of_one_name_are_refused(self) -> None:
        """An order could not tell them apart."""
        actions = note()

        with pytest.raises(ScenarioError, match="two actions are called 'types'"):
            actions.action()(act_called("types"))

    def test_a_fact_that_nothing_gives_is_refused(self) -> None:
        """A misspelled fact is named with the nearest one, before anything is driven."""
        actions = note()
        actions.action(needs="shard")(act_called("downloads"))

        with pytest.raises(ScenarioError, match=r"needs 'shard'.* the nearest is 'shared'"):
            _ = actions.model

    def test_an_unknown_action_is_refused(self) -> None:
        """An order that names no action says which is nearest."""
        with pytest.raises(ScenarioError, match=r"no action is called 'tips'.*'types'"):
            note().order("tips>saves")


class TestGenerated:
    """What a promise takes of a model."""

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.nested_given])
    @given(models(), st.integers(1, 4), st.integers(4, 7))
    def test_generated_orders_obey_the_model(self, model: Model, n: int, longest: int) -> None:
        """Every generated order is allowed, of the length that was asked for, and there once."""
        actions = Actions(begins=model.begins, unfinished=model.unfinished)
        actions._rules = list(model.rules)
        actions._acts = {rule.name: act_called(rule.name) for rule in model.rules}
        try:
            found = made(actions, n, longest)
        except ScenarioError:
            return

        assert len(set(found)) == len(found) <= n
        assert all(model.allows(order) for order in found)
        assert all(3 <= len(order) <= longest for order in found)

    def test_every_pair_is_held_both_ways(self) -> None:
        """A few orders hold every two actions in both orders, where the model allows it."""
        found, model = made(note()), note().model
        names = [rule.name for rule in model.rules]
        # What cannot be done in six of these actions cannot be done at all.
        every = (order for n in range(2, 7) for order in itertools.product(names, repeat=n))
        possible = set().union(*(pairs(order) for order in every if model.allows(order)))

        assert {("types", "shares"), ("shares", "types"), ("saves", "undoes")} <= possible
        assert ("finalises", "types") not in possible
        assert possible <= set().union(*map(pairs, found))

    def test_they_are_the_same_in_every_process(self) -> None:
        """Another process, with other modules loaded, generates the same orders."""
        code = (
            "import json, locale, tests.test_judge\n"
            "from tests.test_orders import made, note\n"
            "print(json.dumps(made(note())))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )

        assert str([list(order) for order in made(note())]).replace("'", '"') == done.stdout.strip()

    def test_a_model_that_allows_nothing_is_refused(self) -> None:
        """A model without an order of the asked length is named, and nothing is promised."""
        actions = Actions()
        actions.action(last=True)(act_called("only"))

        with pytest.raises(ScenarioError, match="allows no order of 3 to 8 actions"):
            made(actions)


class TestCases:
    """Orders as a factor of a scenario."""

    def test_an_order_is_a_level_like_any_other(self) -> None:
        """Its text is in the case's id, beside the levels of plain factors, each met by each."""

        @orders(note())
        @factors(text=["plain", "quotes"])
        def scenario(case: object) -> None: ...

        found = rows(scenario_of(scenario), sequences=Sequences(4, 6))

        assert 8 == len(found)
        assert {"plain", "quotes"} == {row.text for row in found}
        assert all(str(row.order) in row.id for row in found)

    def test_a_row_is_made_of_its_text_again(self) -> None:
        """Who drives a case needs its levels' texts, and generates nothing."""

        @orders(note())
        @factors(shares=[0, 1])
        def scenario(case: object) -> None: ...

        row = row_of(scenario_of(scenario), {"shares": "1", "order": "types>saves"})

        assert ("shares=1,order=types>saves", 1) == (row.id, row.shares)
        with pytest.raises(ScenarioError, match="no level that reads '7'"):
            row_of(scenario_of(scenario), {"shares": "7"})

    def test_chance_keeps_to_model_and_predicate(self) -> None:
        """Random rows are allowed ones, the same for a seed and others for another."""

        @orders(note())
        @factors(where=lambda c: c.shares < 3, shares=range(5))
        def scenario(case: object) -> None: ...

        def drawn(seed: int) -> list[str]:
            found = random_rows(scenario_of(scenario), n=20, seed=seed, length_max=10)
            assert all(note().model.allows(row.order.names) and row.shares < 3 for row in found)
            return [row.id for row in found]

        assert drawn(GATE_SEED) == drawn(GATE_SEED) != drawn(GATE_SEED + 1)
        assert len(drawn(5)) > 10

    def test_the_factor_of_orders_is_reserved(self) -> None:
        """Nobody else's factor is taken for generated orders."""
        with pytest.raises(ScenarioError, match="@orders"):
            factors(order=["first", "last"])


class TestObliged:
    """What has to happen in a run."""

    def test_an_obligation_names_actions_that_exist(self) -> None:
        """A misspelled action beside a real one is told at once, whichever mark stands first."""

        def scenario(case: object) -> None: ...

        with pytest.raises(ScenarioError, match="no action is called 'typos'"):
            obliged("shares after typos")(orders(note())(scenario))

        def other(case: object) -> None: ...

        with pytest.raises(ScenarioError, match="no action is called 'typos'"):
            orders(note())(obliged("shares after typos")(other))

    def test_words_of_ones_own_are_kept(self) -> None:
        """Anything else is told by a trial."""

        @obliged("a response was cut")
        def scenario() -> None: ...

        assert ("a response was cut",) == scenario_of(scenario).obliged
        with pytest.raises(ScenarioError, match="needs words"):
            obliged(" ")


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=4))
def test_an_order_holds_what_is_left_of_it(order: list[str], part: list[str]) -> None:
    """An order holds another where leaving out actions makes that other one."""
    kept = list(part)
    for name in order:
        if kept and kept[0] == name:
            kept.pop(0)

    assert (not kept) is holds(order, part)
