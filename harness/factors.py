"""Factors of a scenario and the covering array of their levels: which cases are promised.

A scenario is marked, not wrapped: :func:`factors`, :func:`orders`, :func:`obliged` and
:func:`absent_in` leave the function as it is and put what they say on it, so that nothing here
needs a test runner.
"""

from __future__ import annotations

import fnmatch
import itertools
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from harness import corpus
from harness.covering import cover
from harness.errors import ScenarioError
from harness.orders import ORDER, Actions, Orders, check_obligation

Levels: TypeAlias = tuple[object, ...]
Predicate: TypeAlias = Callable[["Levelled"], object]
_Scenario = TypeVar("_Scenario", bound=Callable[..., Any])
_MARK = "__harness_scenario__"
STRENGTH_DEFAULT = 2
SHORTEST_DEFAULT = 3
# Tries for each row by chance that the author's where=... is asked about.
TRIES_PER_ROW = 30


@dataclass(frozen=True, slots=True)
class Sequences:
    """How many orders of actions a profile drives, and how many actions the longest has."""

    n: int = 8
    length_max: int = 12


class Levelled:
    """One row of levels: each factor is an attribute that holds the author's own object."""

    def __init__(self, levels: Mapping[str, object]) -> None:
        self._levels = dict(levels)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        levels = self._levels
        if name in levels:
            return levels[name]
        known = ", ".join(levels) or "none"
        raise ScenarioError(f"this scenario has no factor {name!r}; it has {known}")

    @property
    def levels(self) -> dict[str, str]:
        """Each factor's level as text."""
        return {name: level_text(level) for name, level in self._levels.items()}

    @property
    def id(self) -> str:
        """The row as it stands in a case's id: ``shares=2,moment=after``."""
        return ",".join(f"{name}={text}" for name, text in self.levels.items())

    def __repr__(self) -> str:
        return f"case({self.id})"


class _Open(Exception):
    """The predicate asked for a factor that has no level yet."""


class _Partial(Levelled):
    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name not in self._levels:
            raise _Open(name)
        return super().__getattr__(name)


@dataclass(slots=True)
class Scenario:
    """What the decorators say of one scenario.

    absent holds (release pattern, reason), obliged what has to have happened in a run.
    """

    factors: dict[str, Levels] = field(default_factory=dict)
    where: Predicate | None = None
    release: dict[str, dict[str, Levels]] = field(default_factory=dict)
    absent: list[tuple[str, str]] = field(default_factory=list)
    orders: Orders | None = None
    obliged: tuple[str, ...] = ()

    @property
    def varies(self) -> bool:
        """Whether it has cases that differ."""
        return bool(self.factors or self.orders)


def factors(
    where: Predicate | None = None,
    release: Mapping[str, Mapping[str, Iterable[object]]] | None = None,
    **levels: Iterable[object],
) -> Callable[[_Scenario], _Scenario]:
    """Give a scenario factors, each with its levels; cases cover every t of them together.

    where leaves out rows that make no sense: it is called with a row and tells whether it may
    be. release narrows levels for releases whose name matches a pattern:
    ``release={"1.*": {"save": ["button"]}}``. Raises ScenarioError on a factor without levels, or
    with one alone: what never varies says nothing of when a loss happens.
    """
    if ORDER in levels:
        raise ScenarioError(
            f"{ORDER!r} is the factor that @orders(...) gives; call yours otherwise"
        )
    said = Scenario(
        factors={name: _varied(name, _levels_of(name, of)) for name, of in levels.items()},
        where=where,
        release={
            glob: {name: _levels_of(name, of) for name, of in narrowed.items()}
            for glob, narrowed in (release or {}).items()
        },
    )
    for glob, narrowed in said.release.items():
        for name, left in narrowed.items():
            _check_narrowing(said, glob, name, left)

    def mark(function: _Scenario) -> _Scenario:
        scenario = _marked(function)
        scenario.factors, scenario.where = said.factors, said.where
        scenario.release = said.release
        return function

    return mark


def orders(
    actions: Actions, *, shortest: int = SHORTEST_DEFAULT
) -> Callable[[_Scenario], _Scenario]:
    """Give a scenario the factor ``order``: orders of a model's actions, generated.

    The profile says how many there are and how long; together they hold each pair of actions,
    each way round, as far as the model allows it. shortest is the fewest actions of one.
    """

    def mark(function: _Scenario) -> _Scenario:
        scenario = _marked(function)
        scenario.orders = Orders(actions, shortest)
        for obligation in scenario.obliged:
            check_obligation(obligation, actions)
        return function

    return mark


def obliged(*obligations: str) -> Callable[[_Scenario], _Scenario]:
    """Name what has to have happened in a run at least once, or nothing is proved.

    Either two actions of its orders, ``shares after types``, or any words that a trial tells with
    ``journal.happened(WORDS)``.
    """
    empty = [text for text in obligations if not text.strip()]
    if empty or not obligations:
        raise ScenarioError("obliged(...) needs words: they stand in the promise")

    def mark(function: _Scenario) -> _Scenario:
        scenario = _marked(function)
        for obligation in obligations:
            check_obligation(obligation, scenario.orders.actions if scenario.orders else None)
        scenario.obliged = (*obligations, *scenario.obliged)
        return function

    return mark


def absent_in(pattern: str, *, reason: str) -> Callable[[_Scenario], _Scenario]:
    """Do not promise this scenario for releases of that name; the reason is listed."""
    if not reason.strip():
        raise ScenarioError(f"absent_in({pattern!r}) needs a reason: it stands in the promise")

    def mark(function: _Scenario) -> _Scenario:
        scenario = _marked(function)
        scenario.absent = [*scenario.absent, (pattern, reason)]
        return function

    return mark


def _marked(function: object) -> Scenario:
    """What was said of the function so far, to say more."""
    scenario = scenario_of(function)
    setattr(function, _MARK, scenario)
    return scenario


def scenario_of(function: object) -> Scenario:
    """What the decorators said of this function; an empty Scenario where they said nothing."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Scenario) else Scenario()


def absence(scenario: Scenario, release: str) -> str | None:
    """Why the scenario is not promised for this release; None where it is."""
    for pattern, reason in scenario.absent:
        if fnmatch.fnmatchcase(release, pattern):
            return reason
    return None


def rows(
    scenario: Scenario,
    *,
    release: str = "",
    strength: int = STRENGTH_DEFAULT,
    texts: Sequence[str] | None = None,
    sequences: Sequences | None = None,
) -> tuple[Levelled, ...]:
    """The rows of a scenario, always the same for the same factors.

    Every strength factors occur together in each way that where allows. texts stands for
    ``corpus.classes`` wherever it is a factor's levels. Raises ScenarioError where no row is
    possible.
    """
    narrowed = narrow(scenario, release, texts)
    if scenario.orders is not None:
        from harness.sequences import generate

        asked = sequences or Sequences()
        names = generate(scenario.orders, n=asked.n, longest=asked.length_max)
        narrowed[ORDER] = scenario.orders.spelled(names)
    if not narrowed:
        return (Levelled({}),)
    empty = [name for name, levels in narrowed.items() if not levels]
    if empty:
        raise ScenarioError(f"the factor {empty[0]!r} has no level left; give it one")
    many = [name for name, levels in scenario.factors.items() if levels == corpus.classes]
    groups = _groups(narrowed, [*many, *([ORDER] if scenario.orders else [])], strength)
    levels_n = {name: len(levels) for name, levels in narrowed.items()}
    chosen = cover(levels_n, groups, _Allowed(narrowed, scenario.where))
    if not chosen:
        raise ScenarioError(
            f"no row of {', '.join(narrowed)} is allowed by where=...; loosen it, or drop levels"
        )
    return tuple(Levelled({name: narrowed[name][at] for name, at in row.items()}) for row in chosen)


def random_rows(
    scenario: Scenario,
    *,
    n: int,
    seed: int,
    release: str = "",
    texts: Sequence[str] | None = None,
    length_max: int,
) -> tuple[Levelled, ...]:
    """At most n rows by chance, the same for the same seed; none where nothing varies."""
    narrowed = narrow(scenario, release, texts)
    if scenario.orders is not None:
        from harness.sequences import random_orders

        names = random_orders(scenario.orders, n=n, longest=length_max, seed=seed)
        narrowed[ORDER] = scenario.orders.spelled(names)
    if not narrowed or not all(narrowed.values()):
        return ()
    chance, allowed = random.Random(seed), _Allowed(narrowed, scenario.where)
    found: dict[str, Levelled] = {}
    for _ in range(n * TRIES_PER_ROW):
        row = {name: chance.randrange(len(levels)) for name, levels in narrowed.items()}
        if len(found) < n and allowed(row) is True:
            made = Levelled({name: narrowed[name][at] for name, at in row.items()})
            found.setdefault(made.id, made)
    return tuple(found.values())


def row_of(scenario: Scenario, levels: Mapping[str, str]) -> Levelled:
    """The row whose levels read so; raises ScenarioError where a factor has no such level."""
    row: dict[str, object] = {}
    for name, text in levels.items():
        if name == ORDER and scenario.orders is not None:
            row[name] = scenario.orders.actions.order(text)
            continue
        known = scenario.factors.get(name, ())
        found = [level for level in known if level_text(level) == text]
        if not found:
            raise ScenarioError(f"the factor {name!r} has no level that reads {text!r}")
        row[name] = found[0]
    return Levelled(row)


def level_text(level: object) -> str:
    """A level as text, the same in every process; raises ScenarioError where it has no such."""
    if isinstance(level, list | tuple):
        return "+".join(level_text(item) for item in level) or "none"
    if callable(level) and hasattr(level, "__name__"):
        return str(level.__name__)
    if type(level).__str__ is object.__str__ and type(level).__repr__ is object.__repr__:
        raise ScenarioError(
            f"a level of type {type(level).__name__} has no text of its own; give it a __str__"
        )
    return str(level)


def _levels_of(name: str, levels: Iterable[object]) -> Levels:
    if isinstance(levels, str):
        raise ScenarioError(f"the levels of {name!r} are a list, not the text {levels!r}")
    found = tuple(levels)
    texts = [level_text(level) for level in found]
    twice = [text for text in texts if texts.count(text) > 1]
    if twice:
        raise ScenarioError(
            f"two levels of {name!r} read {twice[0]!r}; a case could not be told apart"
        )
    if not found:
        raise ScenarioError(f"the factor {name!r} has no levels; give it at least one")
    return found


def _varied(name: str, levels: Levels) -> Levels:
    """Levels of which there are several; only a release may be left with one."""
    if len(levels) == 1:
        raise ScenarioError(
            f"the factor {name!r} has one level, {level_text(levels[0])!r}, and so it never "
            "varies: give it another one, or write the level into the scenario; for releases "
            "that have no other, narrow it with release={...}"
        )
    return levels


def _check_narrowing(scenario: Scenario, glob: str, name: str, left: Levels) -> None:
    if name not in scenario.factors:
        raise ScenarioError(
            f"release={{{glob!r}: ...}} narrows {name!r}, which is no factor of this scenario"
        )
    known = {level_text(level) for level in scenario.factors[name]}
    strange = [text for text in map(level_text, left) if text not in known]
    if strange:
        raise ScenarioError(f"release={{{glob!r}: ...}}: {strange[0]!r} is no level of {name!r}")


def narrow(scenario: Scenario, release: str, texts: Sequence[str] | None) -> dict[str, Levels]:
    """The levels of each factor that a release has, as :func:`rows` takes them."""
    narrowed: dict[str, Levels] = {}
    for name, levels in scenario.factors.items():
        whole_corpus = levels == corpus.classes and texts is not None
        left: Levels = tuple(texts or ()) if whole_corpus else levels
        for glob, per_factor in scenario.release.items():
            if name in per_factor and fnmatch.fnmatchcase(release, glob):
                kept = {level_text(level) for level in per_factor[name]}
                left = tuple(level for level in left if level_text(level) in kept)
        narrowed[name] = left
    return narrowed


def _groups(names: Iterable[str], many: Sequence[str], strength: int) -> list[tuple[str, ...]]:
    """The factors that are to meet: strength at a time, and corpus and orders each other one alone.

    These have so many levels that triples with them would be most of the rows.
    """
    rest = [name for name in names if name not in many]
    groups = [*itertools.combinations(rest, min(strength, len(rest)))] if rest else []
    pairs = itertools.combinations(names, min(2, len(rest) + len(many)))
    return groups + [pair for pair in pairs if set(pair) & set(many)]


@dataclass(slots=True)
class _Allowed:
    """The author's predicate, asked about rows that may still be incomplete."""

    narrowed: Mapping[str, Levels]
    where: Predicate | None

    def __call__(self, row: Mapping[str, int]) -> bool | str:
        """Whether the row may be, or the factor without a level that the predicate asks for."""
        if self.where is None:
            return True
        levels = {name: self.narrowed[name][at] for name, at in row.items()}
        try:
            return bool(self.where(_Partial(levels)))
        except _Open as asked:
            if str(asked) not in self.narrowed:
                known = ", ".join(self.narrowed)
                raise ScenarioError(
                    f"where=... asks for {asked}, which is no factor: {known}"
                ) from None
            return str(asked)
