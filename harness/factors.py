"""Factors of a scenario and the covering array of their levels: which cases are promised.

A scenario is marked, not wrapped: :func:`factors` and :func:`absent_in` leave the function as it
is and put what they say on it, so that nothing here needs a test runner.
"""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from harness import corpus
from harness.covering import cover
from harness.errors import ScenarioError

Levels: TypeAlias = tuple[object, ...]
Predicate: TypeAlias = Callable[["Levelled"], object]
_Scenario = TypeVar("_Scenario", bound=Callable[..., Any])
_MARK = "__harness_scenario__"
STRENGTH_DEFAULT = 2


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
    """What the decorators say of one scenario; absent holds (release pattern, reason)."""

    factors: dict[str, Levels] = field(default_factory=dict)
    where: Predicate | None = None
    release: dict[str, dict[str, Levels]] = field(default_factory=dict)
    absent: list[tuple[str, str]] = field(default_factory=list)


def factors(
    where: Predicate | None = None,
    release: Mapping[str, Mapping[str, Iterable[object]]] | None = None,
    **levels: Iterable[object],
) -> Callable[[_Scenario], _Scenario]:
    """Give a scenario factors, each with its levels; cases cover every t of them together.

    where leaves out rows that make no sense: it is called with a row and tells whether it may
    be. release narrows levels for releases whose name matches a pattern:
    ``release={"1.*": {"save": ["button"]}}``. Raises ScenarioError on a factor without levels.
    """
    scenario = Scenario(
        factors={name: _levels_of(name, of) for name, of in levels.items()},
        where=where,
        release={
            glob: {name: _levels_of(name, of) for name, of in narrowed.items()}
            for glob, narrowed in (release or {}).items()
        },
    )
    for glob, narrowed in scenario.release.items():
        for name, left in narrowed.items():
            _check_narrowing(scenario, glob, name, left)

    def mark(function: _Scenario) -> _Scenario:
        known = scenario_of(function)
        scenario.absent = known.absent
        setattr(function, _MARK, scenario)
        return function

    return mark


def absent_in(pattern: str, *, reason: str) -> Callable[[_Scenario], _Scenario]:
    """Do not promise this scenario for releases of that name; the reason is listed."""
    if not reason.strip():
        raise ScenarioError(f"absent_in({pattern!r}) needs a reason: it stands in the promise")

    def mark(function: _Scenario) -> _Scenario:
        scenario = scenario_of(function)
        scenario.absent = [*scenario.absent, (pattern, reason)]
        setattr(function, _MARK, scenario)
        return function

    return mark


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
) -> tuple[Levelled, ...]:
    """The rows of a scenario, always the same for the same factors.

    Every strength factors occur together in each way that where allows. texts stands for
    ``corpus.classes`` wherever it is a factor's levels. Raises ScenarioError where no row is
    possible.
    """
    narrowed = narrow(scenario, release, texts)
    if not narrowed:
        return (Levelled({}),)
    empty = [name for name, levels in narrowed.items() if not levels]
    if empty:
        raise ScenarioError(f"the factor {empty[0]!r} has no level left; give it one")
    texts_of = [name for name, levels in scenario.factors.items() if levels == corpus.classes]
    groups = _groups(narrowed, texts_of, strength)
    levels_n = {name: len(levels) for name, levels in narrowed.items()}
    chosen = cover(levels_n, groups, _Allowed(narrowed, scenario.where))
    if not chosen:
        raise ScenarioError(
            f"no row of {', '.join(narrowed)} is allowed by where=...; loosen it, or drop levels"
        )
    return tuple(Levelled({name: narrowed[name][at] for name, at in row.items()}) for row in chosen)


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


def _groups(names: Iterable[str], texts: Sequence[str], strength: int) -> list[tuple[str, ...]]:
    """The factors that are to meet: strength at a time, and the corpus each other one alone.

    The corpus has so many levels that triples with it would be most of the rows.
    """
    rest = [name for name in names if name not in texts]
    groups = [*itertools.combinations(rest, min(strength, len(rest)))] if rest else []
    pairs = itertools.combinations(names, min(2, len(rest) + len(texts)))
    return groups + [pair for pair in pairs if set(pair) & set(texts)]


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
