"""Orders of actions: a small model of a page says which make sense, and each order is a case.

An action needs facts, gives some and takes others away. Functions are marked, not wrapped::

    note = Actions(begins=("document",), unfinished=("unsaved",))

    @note.action(gives=("unsaved",))
    def types(desk): ...
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from harness.errors import ScenarioError

# The factor whose levels are orders, and what stands between an order's actions.
ORDER = "order"
THEN = ">"

Names: TypeAlias = tuple[str, ...]
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rule:
    """When an action may be done and what it changes; last: nothing may be done after it."""

    name: str
    needs: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    last: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """Which orders make sense: begins are the facts at the start.

    An order does not end while a fact of unfinished holds.
    """

    rules: tuple[Rule, ...]
    begins: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()

    def allows(self, order: Sequence[str]) -> bool:
        """Whether these actions, in this order, make sense from start to end."""
        by_name = {rule.name: rule for rule in self.rules}
        state = Facts(self.begins)
        for name in order:
            rule = by_name.get(name)
            if rule is None or not state.permit(rule):
                return False
            state = state.after(rule)
        return bool(order) and not state.holding & self.unfinished

    def next(self, state: Facts) -> list[Rule]:
        """What may be done now."""
        return [rule for rule in self.rules if state.permit(rule)]


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds at one point of an order; over: the last action was done."""

    holding: frozenset[str]
    over: bool = False

    def permit(self, rule: Rule) -> bool:
        """Whether the action may be done now."""
        fits = rule.needs <= self.holding and not rule.unless & self.holding
        return fits and not self.over

    def after(self, rule: Rule) -> Facts:
        """What holds once it is done."""
        return Facts((self.holding - rule.takes) | rule.gives, rule.last)


def model_to_json(model: Model) -> dict[str, Any]:
    """The model as JSON holds it."""
    return {
        "rules": [
            {
                "name": rule.name,
                **{word: sorted(getattr(rule, word)) for word in _SETS},
                "last": rule.last,
            }
            for rule in model.rules
        ],
        "begins": sorted(model.begins),
        "unfinished": sorted(model.unfinished),
    }


def model_from_json(data: Mapping[str, Any]) -> Model:
    """The model that :func:`model_to_json` wrote; raises KeyError or TypeError."""
    rules = [
        Rule(**{**rule, **{word: frozenset(rule[word]) for word in _SETS}})
        for rule in data["rules"]
    ]
    return Model(tuple(rules), frozenset(data["begins"]), frozenset(data["unfinished"]))


_SETS = ("needs", "unless", "gives", "takes")


class Order:
    """Actions to be done one after the other: ``for act in case.order: act(desk)``."""

    def __init__(self, acts: Sequence[Callable[..., Any]]) -> None:
        self._acts = tuple(acts)

    @property
    def names(self) -> Names:
        """The actions' names."""
        return tuple(act.__name__ for act in self._acts)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(self._acts)

    def __len__(self) -> int:
        return len(self._acts)

    def __str__(self) -> str:
        return THEN.join(self.names)

    def __repr__(self) -> str:
        return f"Order({self})"


@dataclass(slots=True)
class Actions:
    """A small model of a page: its actions, and in which orders they make sense.

    begins are the facts that hold at the start; an order does not end while one of unfinished
    holds.
    """

    begins: Iterable[str] = ()
    unfinished: Iterable[str] = ()
    _acts: dict[str, Callable[..., Any]] = field(default_factory=dict)
    _rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begins = _facts(self.begins)
        self.unfinished = _facts(self.unfinished)

    def action(
        self,
        *,
        needs: Iterable[str] = (),
        unless: Iterable[str] = (),
        gives: Iterable[str] = (),
        takes: Iterable[str] = (),
        last: bool = False,
    ) -> Callable[[_Function], _Function]:
        """Make a function an action, under its own name.

        It may be done while every fact of needs holds and none of unless; afterwards those of
        takes hold no more and those of gives do. Nothing may be done after a last one.
        """
        given = {"needs": needs, "unless": unless, "gives": gives, "takes": takes}
        sets = {word: _facts(facts) for word, facts in given.items()}

        def mark(function: _Function) -> _Function:
            name = function.__name__
            if name in self._acts:
                raise ScenarioError(f"two actions are called {name!r}; an order names each once")
            self._acts[name] = function
            self._rules.append(Rule(name, last=last, **sets))
            return function

        return mark

    @property
    def model(self) -> Model:
        """The rules of all actions; raises ScenarioError where a fact is needed and never given."""
        begins, unfinished = frozenset(self.begins), frozenset(self.unfinished)
        given = begins.union(*(rule.gives for rule in self._rules))
        for rule in self._rules:
            if not rule.needs <= given:
                missing = min(rule.needs - given)
                near = _nearest(missing, given)
                raise ScenarioError(f"{rule.name} needs {missing!r}, which no action gives{near}")
        return Model(tuple(self._rules), begins, unfinished)

    def order(self, text: str) -> Order:
        """The order that a level's text spells; raises ScenarioError on an unknown action."""
        names = text.split(THEN)
        for name in names:
            self.known(name)
        return Order([self._acts[name] for name in names])

    def known(self, name: str) -> None:
        """Raise ScenarioError where no action has that name."""
        if name not in self._acts:
            raise ScenarioError(f"no action is called {name!r}{_nearest(name, self._acts)}")

    def __contains__(self, name: str) -> bool:
        return name in self._acts


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of a scenario: of these actions, of at least shortest of them."""

    actions: Actions
    shortest: int

    def spelled(self, orders: Iterable[Names]) -> tuple[Order, ...]:
        """Names of actions as orders that can be done."""
        return tuple(self.actions.order(THEN.join(names)) for names in orders)


def holds(order: Sequence[str], part: Sequence[str]) -> bool:
    """Whether the actions of part are done in that order, whatever is done between them."""
    left = iter(order)
    return all(name in left for name in part)


def names_of(level: str) -> Names:
    """The actions of an order, of its level's text."""
    return tuple(level.split(THEN))


_AFTER = re.compile(r"(\w+) after (\w+)")


def in_order(obligation: str) -> Names | None:
    """``shares after types`` as (types, shares); None where that is not what is said."""
    found = _AFTER.fullmatch(obligation)
    return (found[2], found[1]) if found else None


def check_obligation(obligation: str, actions: Actions | None) -> None:
    """Raise ScenarioError on one that names an action beside something that is none."""
    pair = in_order(obligation)
    if actions is not None and pair is not None and any(name in actions for name in pair):
        for name in pair:
            actions.known(name)


def _facts(facts: Iterable[str]) -> frozenset[str]:
    """One fact or several; a text is one."""
    return frozenset([facts] if isinstance(facts, str) else facts)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f", the nearest is {near[0]!r}" if near else f"; there is {', '.join(known) or 'none'}"
