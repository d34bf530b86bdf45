"""What no field covers: columns of the plan's tables, and keys that people newly send."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

from harness.checks.classify import TELLING_CHARS
from harness.checks.history import History, Trial
from harness.contracts import LOOSE, canonical, is_nothing
from harness.journal.events import RequestSent
from harness.model import FileValue, Form, Value
from harness.observations import Observation

# Sent once may be a timer's whim; sent in two cases is the release's habit.
_CASES_MIN = 2
# How likely the baseline's silence may be if it had the same habit.
_CHANCE_MAX = 0.05
_NUMBERED = re.compile(r"\b(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})\b")

# Where a request goes and the place of a leaf in its body, ordinals left out.
Sent: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class _Habits:
    """In which cases an endpoint was sent what people type, and which keys with it."""

    cases: dict[str, set[str]] = field(default_factory=dict)
    keys: dict[Sent, set[str]] = field(default_factory=dict)


def uncovered(
    history: History,
    observations: Sequence[Observation],
    forms: Mapping[str, Mapping[str, Form]],
) -> tuple[list[str], list[str]]:
    """(keys newly sent that no field covers: evidence is missing, warnings).

    Warnings are columns that no field covers, and keys too seldom sent to call them new.
    """
    names = _covered_names(forms["candidate"].values())
    habitual, seldom = _new_keys(history, names)
    return habitual, [*_columns(observations, names), *seldom]


def _covered_names(forms: Iterable[Form]) -> set[str]:
    names: set[str] = set()
    for form in forms:
        names |= {*form.key, *form.unchecked}
        for spec in form.fields:
            names |= {spec.name, spec.column}
    return names


def _new_keys(history: History, names: set[str]) -> tuple[list[str], list[str]]:
    """Keys the candidate sends where the baseline, driven alike, never does.

    Only requests that carry what somebody typed count: what timers send of themselves comes and
    goes. A key that few of them carry may be a timer's as well, which the baseline's few cases
    just did not meet.
    """
    shared = {trial.began.case for trial in history.of_role("baseline")}
    old = _habits(history.of_role("baseline"))
    new = _habits([t for t in history.of_role("candidate") if t.began.case in shared])
    old_keys = {key for _, key in old.keys}
    lines: tuple[list[str], list[str]] = ([], [])
    said: set[str] = set()
    for (endpoint, key), cases in sorted(new.keys.items()):
        asked_n = len(old.cases.get(endpoint, ()))
        if key in old_keys or not asked_n or key in said or _is_covered(key, names):
            continue
        said.add(key)
        often = len(cases) / len(new.cases[endpoint])
        by_chance = (1 - often) ** asked_n > _CHANCE_MAX
        seldom = by_chance or len(cases) < min(_CASES_MIN, len(shared))
        lines[seldom].append(
            f"{len(cases)} of {len(new.cases[endpoint])} cases newly send {key!r} to {endpoint}, "
            "which no field covers; add it to a form, or to unchecked"
        )
    return lines


def _habits(trials: Iterable[Trial]) -> _Habits:
    habits = _Habits()
    for trial in trials:
        typed = _typed(trial)
        telling = {text for text in typed if len(text.strip()) >= TELLING_CHARS}
        for request in trial.requests:
            if not any(_text(leaf) in telling for leaf in _leaves(request)):
                continue
            endpoint = f"{request.method} {_NUMBERED.sub('*', request.path)}"
            habits.cases.setdefault(endpoint, set()).add(trial.began.case)
            for path, text, digest in _leaves(request):
                if _text((path, text, digest)) not in typed:
                    sent = (endpoint, _NUMBERED.sub("*", path))
                    habits.keys.setdefault(sent, set()).add(trial.began.case)
    return habits


_Leaf: TypeAlias = tuple[str, str | None, str]


def _leaves(request: RequestSent) -> list[_Leaf]:
    digests = (*request.digests, *[""] * len(request.leaves))
    return [(p, t, d) for (p, t), d in zip(request.leaves, digests, strict=False)]


def _text(leaf: _Leaf) -> str:
    """What a leaf says: its text, or the digest that stands for it."""
    return leaf[2] if leaf[1] is None else canonical(leaf[1], LOOSE)


def _typed(trial: Trial) -> set[str]:
    """Everything the trial typed, as its requests may spell it."""
    said: set[str] = set()
    for save in trial.saves:
        held = [event.value for events in save.typed.values() for event in events]
        for value in (*save.intended.values.values(), *held):
            said |= _spellings(value)
    return said


def _spellings(value: Value) -> set[str]:
    if is_nothing(value):
        return set()
    if isinstance(value, FileValue):
        return {value.sha256}
    found: set[str] = set()
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str):
            loose = canonical(text, LOOSE)
            found |= {loose, *(_digest(t) for t in (text, loose, loose.replace("\n", "\r\n")))}
    return found


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_covered(key: str, names: set[str]) -> bool:
    return key in names or any(part in names for part in re.split(r"[.\[\]*]+", key))


def _columns(observations: Sequence[Observation], names: set[str]) -> list[str]:
    last: dict[str, Observation] = {o.role: o for o in observations}
    candidate, baseline = last.get("candidate"), last.get("baseline")
    if candidate is None:
        return []
    lines = []
    for table, columns in sorted(candidate.columns.items()):
        old = baseline.columns.get(table, ()) if baseline else columns
        new = [column for column in columns if column not in old and column not in names]
        rest = [column for column in columns if column not in names and column not in new]
        if new:
            lines.append(f"new columns of {table} that no field covers: {', '.join(new)}")
        if rest:
            lines.append(f"columns of {table} that no field covers: {', '.join(rest)}")
    return lines
