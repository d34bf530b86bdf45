"""When a finding happens, by experiment: what to drive next, from what was driven before."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks.reduction import Reduction, reduction
from harness.checks.trigger import by_size
from harness.model import Case

Conditions: TypeAlias = Mapping[str, tuple[str, ...]]

# What a probe is for, in the journal; "without FACTOR" beside them.
WITH = "with"
AGAIN = "again"
BETWEEN = "between"
WITHOUT = "without "

RUNS_N = 3
FLAKY_RUNS_N = 5
# Once for what was supposed, and again for what the first round made of it.
ROUNDS_MAX = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """A probe that is wanted; see :class:`harness.model.Probe`."""

    part: str
    preferred: Mapping[str, str]
    wanted: Conditions = field(default_factory=dict)
    unwanted: Conditions = field(default_factory=dict)
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a wish: levels None: no row is there; failed None: it shows nothing."""

    levels: Mapping[str, str] | None
    failed: bool | None


@dataclass(frozen=True, slots=True)
class Step:
    """Probes to drive at once, and what is supposed of the finding while they run."""

    conditions: Conditions
    wishes: tuple[Wish, ...]


Experiment: TypeAlias = Generator[Step, Sequence[Ran], None]


@dataclass(frozen=True, slots=True)
class Supposed:
    """What the promised cases make one suppose of a finding.

    case stands for it; flaky: it did not fail whenever it ran; passing are cases of its scenario
    that could have failed and did not.
    """

    case: Case
    passing: tuple[Case, ...]
    conditions: Conditions
    flaky: bool = False


def experiment(supposed: Supposed) -> Experiment:
    """Confirm what is supposed; where it does not come out, mend it and try once more."""
    conditions = dict(supposed.conditions)
    if supposed.flaky:
        yield Step(conditions, _again(supposed.case, FLAKY_RUNS_N))
        return
    if not conditions and supposed.passing:
        near = min(supposed.passing, key=lambda case: len(_apart(supposed.case, case.levels)))
        conditions = yield from _reduced(supposed, near.levels, {})
    for _ in range(ROUNDS_MAX):
        if not conditions:
            yield Step({}, _again(supposed.case, RUNS_N))
            return
        step = Step(conditions, (*_with(supposed, conditions), *_without(supposed, conditions)))
        ran = yield step
        runs = list(zip(step.wishes, ran, strict=True))
        whole = [r.levels for w, r in runs if w.part == WITH and r.failed is False and r.levels]
        if whole:
            mended = yield from _reduced(supposed, whole[0], conditions)
        else:
            mended = _mended(conditions, runs)
        if mended == conditions:
            return
        conditions = mended


def holds(conditions: Conditions, levels: Mapping[str, str]) -> bool:
    """Whether a case has one of the levels of each factor."""
    return all(levels.get(factor) in some for factor, some in conditions.items())


def _again(case: Case, runs_n: int) -> tuple[Wish, ...]:
    same = {factor: (level,) for factor, level in case.levels.items()}
    return tuple(Wish(AGAIN, case.levels, same) for _ in range(runs_n))


def _with(supposed: Supposed, conditions: Conditions) -> list[Wish]:
    """The condition on levels that pass without it."""
    near = sorted(supposed.passing, key=lambda case: len(_apart(supposed.case, case.levels)))
    base = [case.levels for case in near] or [supposed.case.levels]
    return [Wish(WITH, base[n % len(base)], conditions, nth=n) for n in range(RUNS_N)]


def _without(supposed: Supposed, conditions: Conditions) -> list[Wish]:
    """The failing case with one factor flipped, and the rest of the condition kept."""
    return [
        Wish(
            f"{WITHOUT}{factor}",
            supposed.case.levels,
            {other: some for other, some in conditions.items() if other != factor},
            {factor: levels},
            n,
        )
        for factor, levels in conditions.items()
        for n in range(RUNS_N)
    ]


def _mended(conditions: Conditions, runs: Sequence[tuple[Wish, Ran]]) -> dict[str, tuple[str, ...]]:
    """The condition without factors that do not matter, and with levels that fail as well.

    A factor that cannot be flipped while the rest holds says nothing beside the rest: of those,
    which may hold each other, one goes at a time.
    """
    mended = dict(conditions)
    fixed = ""
    for factor, levels in conditions.items():
        mine = [ran for wish, ran in runs if wish.part == f"{WITHOUT}{factor}"]
        there = [ran for ran in mine if ran.levels is not None]
        failed = {ran.levels[factor] for ran in there if ran.failed and ran.levels}
        if not there:
            fixed = factor
        elif all(ran.failed for ran in there):
            del mended[factor]
        elif failed:
            mended[factor] = tuple(sorted({*levels, *failed}, key=by_size))
    if fixed and mended == conditions and len(mended) > 1:
        del mended[fixed]
    return mended


def _reduced(
    supposed: Supposed, passing: Mapping[str, str], conditions: Conditions
) -> Generator[Step, Sequence[Ran], dict[str, tuple[str, ...]]]:
    """The condition with the factors that make a passing row fail; as it is where none do."""
    failing = supposed.case.levels
    apart = _apart(supposed.case, passing)
    halving = reduction(apart)
    found = yield from _driven(
        halving, conditions, lambda taken: _hybrid(failing, passing, apart, taken)
    )
    needed = {factor: (failing[factor],) for factor in apart if factor in found}
    return {**conditions, **{f: some for f, some in needed.items() if f not in conditions}}


def _driven(
    halving: Reduction, conditions: Conditions, hybrid: Callable[[frozenset[str]], Wish]
) -> Generator[Step, Sequence[Ran], frozenset[str]]:
    """Drive what a reduction asks for, round by round, to its end."""
    answers: list[bool] | None = None
    while True:
        try:
            asked = next(halving) if answers is None else halving.send(answers)
        except StopIteration as ended:
            found: frozenset[str] = ended.value
            return found
        ran = yield Step(conditions, tuple(map(hybrid, asked)))
        # What cannot be, or shows nothing, is taken for passing: the condition is narrower then.
        answers = [run.failed is True for run in ran]


def _hybrid(
    failing: Mapping[str, str],
    passing: Mapping[str, str],
    apart: Sequence[str],
    taken: frozenset[str],
) -> Wish:
    """The passing row with some levels of the failing one, and none of its others."""
    levels = {f: failing[f] if f in taken else passing[f] for f in apart}
    wanted = {factor: (level,) for factor, level in levels.items()}
    return Wish(BETWEEN, {**passing, **levels}, wanted)


def _apart(case: Case, levels: Mapping[str, str]) -> list[str]:
    return [factor for factor, level in case.levels.items() if levels.get(factor) != level]
