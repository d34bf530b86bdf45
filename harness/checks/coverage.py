"""What no field covers: columns of the plan's tables, and keys that people newly send."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from harness.checks.history import History, Trial
from harness.contracts import Contract, canonical
from harness.model import Form
from harness.observations import Observation

# Sent once may be a timer's whim; sent in two cases is the release's habit.
_CASES_MIN = 2
_LOOSE = Contract(newline="any")
_NUMBERED = re.compile(r"\b(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})\b")


def uncovered(
    history: History,
    observations: Sequence[Observation],
    forms: Mapping[str, Mapping[str, Form]],
) -> tuple[list[str], list[str]]:
    """(keys newly sent that no field covers: evidence is missing, columns: a warning)."""
    names = _covered_names(forms["candidate"].values())
    return _new_keys(history, names), _columns(observations, names)


def _covered_names(forms: Iterable[Form]) -> set[str]:
    names: set[str] = set()
    for form in forms:
        names |= {*form.key, *form.unchecked}
        for spec in form.fields:
            names |= {spec.name, spec.column}
    return names


def _new_keys(history: History, names: set[str]) -> list[str]:
    """Keys the candidate sends in a case where the baseline, driven alike, never does."""
    baseline = history.of_role("baseline")
    shared = {trial.began.case for trial in baseline}
    if not shared:
        return []
    old_keys = {key for trial in baseline for _, key in _keys(trial)}
    old_endpoints = {endpoint for trial in baseline for endpoint, _ in _keys(trial)}
    seen: dict[str, set[str]] = {}
    for trial in history.of_role("candidate"):
        if trial.began.case not in shared:
            continue
        for endpoint, key in _keys(trial):
            if endpoint in old_endpoints and key not in old_keys:
                seen.setdefault(key, set()).add(trial.began.case)
    return [
        f"requests newly carry {key!r}, which no field covers; add it to a form, or to unchecked"
        for key, cases in seen.items()
        if len(cases) >= min(_CASES_MIN, len(shared)) and not _is_covered(key, names)
    ]


def _is_covered(key: str, names: set[str]) -> bool:
    return key in names or any(part in names for part in re.split(r"[.\[\]*]+", key))


def _keys(trial: Trial) -> Iterable[tuple[str, str]]:
    due = {
        canonical(value, _LOOSE)
        for save in trial.saves
        for value in save.intended.values.values()
        if isinstance(value, str)
    }
    for request in trial.requests:
        endpoint = f"{request.method} {_NUMBERED.sub('*', request.path)}"
        for path, text in request.leaves:
            if text is None or canonical(text, _LOOSE) not in due:
                yield endpoint, _plain(path)


def _plain(path: str) -> str:
    return _NUMBERED.sub("*", path)


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
