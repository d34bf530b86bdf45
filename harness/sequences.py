"""Generates orders of actions that a model allows: few that hold each pair in both orders."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.errors import ScenarioError
from harness.orders import Facts, Model, Names, Orders, Rule

# Seeds the choice of orders that a gate promises: the same in every run and on every machine.
GATE_SEED = 1
POOL_N = 24
STARTS_N = 4
STATES_MAX = 5_000
# Coins thrown for one choice; a few more than actions need, so that none is much favoured.
CHOICE_BITS = 6

Pair: TypeAlias = tuple[str, str]


def generate(orders: Orders, *, n: int, longest: int, seed: int = GATE_SEED) -> list[Names]:
    """At most n orders of the model, always the same for the same model, limits and seed.

    Together they hold as many pairs of actions, each way round, as so many can. Raises
    ScenarioError where the model allows no order of that length.
    """
    walk = _Walk(orders.actions.model, orders.shortest, longest)
    pool = _pool(walk, seed, max(POOL_N, 3 * n))
    if not pool:
        raise ScenarioError(
            f"the model allows no order of {orders.shortest} to {longest} actions; "
            "change length=..., or what its actions need"
        )
    chosen: list[Names] = []
    held: set[Pair] = set()
    while len(chosen) < n:
        tried = [_better(start, walk, held, chosen) for start in _starts(pool, walk, held)]
        able = [order for order in tried if len(order) >= walk.shortest]
        best = max(able, key=lambda order: len(pairs(order) - held), default=())
        if not pairs(best) - held:
            break
        chosen.append(best)
        held |= pairs(best)
    rest = [order for order in pool if order not in chosen]
    return [*chosen, *rest[: n - len(chosen)]]


def _starts(pool: Sequence[Names], walk: _Walk, held: set[Pair]) -> Iterator[Names]:
    """Orders from which a good next one may be made: they hold much, or what is still missing."""
    yield from sorted(pool, key=lambda order: -len(pairs(order) - held))[:STARTS_N]
    missing = (walk.shortest_with(pair) for pair in _every_pair(walk.model) if pair not in held)
    found = (order for order in missing if order is not None)
    yield from itertools.islice(found, STARTS_N)


def random_orders(orders: Orders, *, n: int, longest: int, seed: int) -> list[Names]:
    """At most n orders of the model by chance alone, the same for the same seed."""
    walk = _Walk(orders.actions.model, orders.shortest, longest)
    return _pool(walk, seed, 3 * n)[:n]


def pairs(order: Sequence[str]) -> set[Pair]:
    """Every two actions of which one is done somewhere before the other."""
    return set(itertools.combinations(order, 2))


def _every_pair(model: Model) -> Iterator[Pair]:
    names = [rule.name for rule in model.rules]
    return ((first, second) for first in names for second in names)


@dataclass(slots=True)
class _Walk:
    """Steps through a model that never lead where an order could not end in time."""

    model: Model
    shortest: int
    longest: int
    _to_end: dict[Facts, int | None] = field(default_factory=dict)

    def steps(self, state: Facts, done_n: int) -> list[Rule]:
        """What may be done next so that an order can still end within its length."""
        left_n = self.longest - done_n - 1
        return [rule for rule in self.model.next(state) if self._ends(state.after(rule), left_n)]

    def may_end(self, state: Facts, done_n: int) -> bool:
        """Whether an order may end here."""
        return done_n >= self.shortest and not state.holding & self.model.unfinished

    def _ends(self, state: Facts, left_n: int) -> bool:
        distance = self._distance(state)
        return distance is not None and distance <= left_n

    def _distance(self, state: Facts) -> int | None:
        """The fewest actions from here to where an order may end; None without a way."""
        if state not in self._to_end:
            fits = self._search(state, lambda at, _: not at.holding & self.model.unfinished)
            self._to_end[state] = None if fits is None else len(fits)
        return self._to_end[state]

    def shortest_with(self, pair: Pair) -> Names | None:
        """The shortest order in which these two are done one before the other."""

        def done(at: Facts, met_n: int) -> bool:
            return met_n == 2 and not at.holding & self.model.unfinished

        return self._search(Facts(self.model.begins), done, pair)

    def _search(
        self, start: Facts, done: Callable[[Facts, int], bool], pair: Sequence[str] = ()
    ) -> Names | None:
        """The shortest way from start to where it is done, meeting the pair in its order."""
        seen = {(start, 0)}
        edge: list[tuple[Facts, int, Names]] = [(start, 0, ())]
        for _ in range(self.longest + 1):
            for state, met_n, names in edge:
                if done(state, met_n):
                    return names
            further: list[tuple[Facts, int, Names]] = []
            for state, met_n, names in edge:
                for rule in self.model.next(state):
                    met = met_n + (met_n < len(pair) and rule.name == pair[met_n])
                    place = (state.after(rule), met)
                    if place not in seen:
                        seen.add(place)
                        further.append((*place, (*names, rule.name)))
            if len(seen) > STATES_MAX:
                raise ScenarioError(
                    f"the model has more than {STATES_MAX} states; give its actions fewer facts"
                )
            edge = further
        return None


def _pool(walk: _Walk, seed: int, n: int) -> list[Names]:
    """About n orders that Hypothesis makes of the model, those of a seed always the same."""
    # A fifth of a second to import, which only who makes a promise has to pay.
    import hypothesis
    from hypothesis import strategies as st

    found: dict[Names, None] = {}
    # Coins and nothing else: whole numbers are drawn in part from the constants of whatever
    # modules a process has loaded, and orders have to be the same in each.
    coins = st.tuples(*[st.booleans()] * (CHOICE_BITS * (walk.longest + 1)))

    @hypothesis.seed(seed)
    @hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=n,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(coins)
    def collect(fallen: tuple[bool, ...]) -> None:
        left = iter(fallen)

        def choose(options_n: int) -> int:
            bits = itertools.islice(left, CHOICE_BITS)
            return sum(bit << place for place, bit in enumerate(bits)) % options_n

        order = _walked(walk, choose)
        if order:
            found[order] = None

    collect()
    return list(found)


def _walked(walk: _Walk, choose: Callable[[int], int]) -> Names:
    """One order, by choices; empty where the model leads nowhere."""
    state = Facts(walk.model.begins)
    names: Names = ()
    wanted_n = walk.shortest + choose(walk.longest - walk.shortest + 1)
    while len(names) < wanted_n or not walk.may_end(state, len(names)):
        steps = walk.steps(state, len(names))
        if not steps:
            break
        # What ends an order comes last, or orders would be short.
        going_on = [rule for rule in steps if not rule.last]
        steps = going_on if going_on and len(names) + 1 < wanted_n else steps
        rule = steps[choose(len(steps))]
        state, names = state.after(rule), (*names, rule.name)
    return names if walk.may_end(state, len(names)) else ()


def _better(order: Names, walk: _Walk, held: set[Pair], chosen: Iterable[Names]) -> Names:
    """The order with single actions put in or put in place of others, while it holds more."""
    taken = set(chosen)
    names = [rule.name for rule in walk.model.rules]
    gain, at = len(pairs(order) - held), 0
    while at <= len(order):
        for other in _near(order, at, names):
            if len(other) > walk.longest or other in taken:
                continue
            more = len(pairs(other) - held)
            if more > gain and walk.model.allows(other):
                # What was put in may make room before it.
                order, gain, at = other, more, -1
                break
        at += 1
    return order


def _near(order: Names, at: int, names: Iterable[str]) -> Iterator[Names]:
    """Orders that differ in one place: an action more, or another one."""
    for name in names:
        yield (*order[:at], name, *order[at:])
        yield (*order[:at], name, *order[at + 1 :])
