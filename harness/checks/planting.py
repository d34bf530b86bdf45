"""A control for each anomaly: what a run holds, damaged in a copy as each of them damages it.

Nothing is written anywhere. A kind that nothing of the run could show is named with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeAlias

from harness.checks.collateral import CollateralCheck
from harness.checks.controls import Controls, Subject, changed, damaged, saved_of, subjects, whole
from harness.checks.due import Due, is_right
from harness.checks.elsewhere import are_apart
from harness.checks.oracle import Oracle
from harness.checks.rows import Rows
from harness.checks.shown import ShownCheck
from harness.checks.strays import StrayCheck
from harness.checks.targets import Target
from harness.contracts import is_nothing
from harness.model import ABSENT, Anomaly, Form, Symptom, Value
from harness.observations import Observation, Row
from harness.values import find_traces

_NOBODYS = "a text that nobody has ever saved anywhere"


@dataclass(frozen=True, slots=True)
class _Try:
    """One damage of one form, and whether a check called it what it is."""

    form: str
    damage: str
    caught: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """What damages are made from: the oracle's records, and the whole ones of each form."""

    oracle: Oracle
    whole: Mapping[str, Subject]


_Plant: TypeAlias = Callable[[_Run], Iterator[_Try]]


def plant_controls(oracle: Oracle) -> Controls:
    """Plant every damage that the run's records allow, and see that each is caught."""
    tries: list[tuple[Anomaly, _Try]] = [
        (control.anomaly, _Try(control.form, control.damage, control.is_caught()))
        for control in damaged(oracle)
    ]
    forms = frozenset(control.form for _, control in tries)
    run = _Run(oracle, subjects(oracle))
    for anomaly, plant in _PLANTS.items():
        tries += [(anomaly, one) for one in plant(run)]
    counts: dict[str, tuple[int, int]] = {}
    for anomaly, one in tries:
        planted, caught = counts.get(anomaly, (0, 0))
        counts[anomaly] = (planted + 1, caught + one.caught)
    missed = [f"{t.damage} in form {t.form} was not caught" for _, t in tries if not t.caught]
    return Controls(
        len(tries),
        sum(one.caught for _, one in tries),
        tuple(missed),
        forms,
        {a: counts[a] for a in Anomaly if a in counts},
        {a: why for a, why in _UNPLANTED.items() if a not in counts},
    )


_NONE_WHOLE = "no record of the run was whole enough"
_UNPLANTED: Mapping[str, str] = {
    Anomaly.MISPLACED: "no record has two values that could change places, nor a second record",
    Anomaly.COLLATERAL: "nothing stood there before that nobody worked on",
    Anomaly.LOST: _NONE_WHOLE,
    Anomaly.REVERTED: "no field was saved twice",
    Anomaly.TORN: "no field of many rows was saved",
    Anomaly.TRUNCATED: "no value that was saved has a part",
    Anomaly.ALTERED: _NONE_WHOLE,
    Anomaly.RESURRECTED: "nothing was deleted or emptied that had been saved",
    Anomaly.DUPLICATED: "no whole record can be told from its copy",
    Anomaly.PHANTOM: "no form has texts and only records with keys",
    Anomaly.STALE: "no reader was shown a whole record",
    Anomaly.LATE: _NONE_WHOLE,
    Anomaly.UNACKNOWLEDGED: "no text was refused",
    Anomaly.UNVERIFIED: _NONE_WHOLE,
}


# --- how each is planted: at most one of a form ----------------------------------------------


def _late(run: _Run) -> Iterator[_Try]:
    for form, subject in run.whole.items():
        name = _saved(subject)[0]
        missing = _read(subject, changed(subject.row, {name: None}))
        found = _judged(run, [subject.target], [missing, _read(subject, subject.row)])
        yield _Try(form, "a value that came late", _has(found, Anomaly.LATE))


def _unverified(run: _Run) -> Iterator[_Try]:
    for form, subject in run.whole.items():
        found = _judged(run, [subject.target], [])
        yield _Try(form, "a record that nobody read", _has(found, Anomaly.UNVERIFIED))


def _reverted(run: _Run) -> Iterator[_Try]:
    for form, target in _first_of_each_form(run, _earlier_value):
        subject, old = whole(run.oracle, target), _earlier_value(target)
        if subject is None or old is None:
            continue
        back = _read(subject, changed(subject.row, {old[0]: old[1]}))
        found = _judged(run, [target], [_read(subject, subject.row), back, back])
        yield _Try(form, "an earlier value put back", _has(found, Anomaly.REVERTED))


def _earlier_value(target: Target) -> tuple[str, Value] | None:
    """A field that was saved over, and what it held before; None where there is none."""
    if target.twins_n > 1:
        return None
    for name in saved_of(target.form, target.due):
        place = target.due.fields[name]
        for value in reversed(place.earlier):
            if isinstance(value, str) and value and not _right(target, name, place, value):
                return name, value
    return None


def _misplaced(run: _Run) -> Iterator[_Try]:
    for form, subject in run.whole.items():
        found = _another(run, subject)
        if found is None:
            continue
        name, other = found
        theirs = changed(other.row, {name: subject.row.fields[name]})
        reads = [_read(subject, subject.row, theirs)] * 2
        symptoms = _judged(run, [subject.target, other.target], reads)
        caught = any(s.anomaly is Anomaly.MISPLACED and s.breach for s in symptoms)
        yield _Try(form, "a value in another record", caught)


def _another(run: _Run, subject: Subject) -> tuple[str, Subject] | None:
    """A record of the form that has nothing to do with this one, and a text that both saved."""
    mine = subject.target
    texts = [n for n in _saved(subject) if _says_whose(run, subject.row.fields[n])]
    for target in run.oracle.targets.all:
        if target.form != mine.form or target.key is None or not are_apart(mine, target):
            continue
        for name in texts:
            place, value = target.due.fields[name], subject.row.fields[name]
            if place.save is None or not place.certain or _right(target, name, place, value):
                continue
            other = whole(run.oracle, target)
            if other is not None and other.row.key != subject.row.key:
                return name, other
    return None


def _says_whose(run: _Run, value: Value) -> bool:
    """Whether a text tells of itself which record it is of; a word that any may hold does not."""
    if not isinstance(value, str):
        return False
    return bool(find_traces(value)) or value in run.oracle.targets.by_value


def _resurrected(run: _Run) -> Iterator[_Try]:
    for form, target in _first_of_each_form(run, _given_up):
        fields = _given_up(target)
        if fields is None or target.key is None:
            continue
        rows = run.oracle.valid(target)[-1]
        home = run.oracle.targets.home(target, rows)
        row = changed(home[0] if home else Row(form, target.key, {}), fields)
        read = replace(rows.observation, rows={form: (row,)})
        found = _judged(run, [target], [read, read])
        yield _Try(form, "what was given up, back again", _has(found, Anomaly.RESURRECTED))


def _given_up(target: Target) -> dict[str, Value] | None:
    """What a record held before it was deleted, or a field before it was emptied."""
    if target.due.deleted_by:
        held = {
            name: save.due(name)
            for handle in target.handles
            for save in handle.saves
            for name in save.intended.values
            if not is_nothing(save.due(name))
        }
        return held or None
    if target.due.maybe_deleted:
        return None
    for name, place in target.due.fields.items():
        old = [v for v in place.earlier if isinstance(v, str) and v.strip()]
        if place.save is not None and place.certain and is_nothing(place.value) and old:
            return {name: old[-1]}
    return None


def _phantom(run: _Run) -> Iterator[_Try]:
    for form, subject in run.whole.items():
        spec, targets = subject.target.form, run.oracle.targets
        texts = [field.name for field in spec.fields if field.kind == "text"]
        key = ("planted",) * len(spec.key)
        if not texts or targets.keyless(form) or not targets.is_new(form, key):
            continue
        texts = [name for name in texts if spec.field(name).rows == "one"] or texts
        read = _read(subject, Row(form, key, {texts[0]: _NOBODYS}))
        bench = _bench(run, [subject.target], [read, read])
        found = StrayCheck(bench).judge().symptoms
        yield _Try(form, "a row of nobody's", _has(found, Anomaly.PHANTOM))


def _stale(run: _Run) -> Iterator[_Try]:
    for form, target in _first_of_each_form(run, _viewed):
        name, at = _viewed(target) or ("", 0)
        if whole(run.oracle, target) is None or not name:
            continue
        handle = target.handles[at]
        limit_s = target.form.settle_s_max + target.form.late_s_max
        began_s = max(target.due.ready_s, *(v.began_s for v in handle.shown)) + limit_s
        old = [v for v in target.due.fields[name].earlier if not _is_due(target, name, v)]
        values: dict[str, Value] = {name: old[-1] if old else None}
        view = replace(handle.shown[-1], began_s=began_s, values=values, error=None)
        seen = replace(target, handles=[replace(handle, shown=[view, view])], faults=())
        found = ShownCheck(_bench(run, [seen], [])).judge().symptoms
        yield _Try(form, "a view that shows the old", _has(found, Anomaly.STALE))


def _viewed(target: Target) -> tuple[str, int] | None:
    """A saved field that a reader was shown, and the place of the handle it was shown through."""
    for at, handle in enumerate(target.handles):
        shown = {name for view in handle.shown if view.error is None for name in view.values}
        for name in saved_of(target.form, target.due):
            if name in shown:
                return name, at
    return None


def _unacknowledged(run: _Run) -> Iterator[_Try]:
    for form, target in _first_of_each_form(run, _refused):
        name, value = _refused(target) or ("", None)
        rows = run.oracle.valid(target)[-1]
        home = run.oracle.targets.home(target, rows)
        if not name or (not home and target.key is None):
            continue
        row = home[0] if home else Row(form, target.key or (), {})
        read = replace(rows.observation, rows={form: (changed(row, {name: value}),)})
        found = _judged(run, [target], [read, read])
        yield _Try(form, "a refused value, stored", _has(found, Anomaly.UNACKNOWLEDGED))


def _refused(target: Target) -> tuple[str, Value] | None:
    if target.due.deleted_by or target.due.maybe_deleted:
        return None
    for name, place in target.due.fields.items():
        for told in place.refused:
            if isinstance(told.value, str) and told.value and not place.discarded:
                if place.checked and _right(target, name, place, told.value):
                    continue
                return name, told.value
    return None


def _collateral(run: _Run) -> Iterator[_Try]:
    before = next((r for r in run.oracle.reads if r.observation.purpose == "before"), None)
    if before is None:
        return
    for name, form in run.oracle.forms.items():
        yield from _lost_column(run, form, before.observation)
        row = next((r for r in before.of_form(name) if _is_left_alone(run, r)), None)
        if row is None:
            continue
        held = [n for n, value in row.fields.items() if not is_nothing(value)]
        without = replace(before.observation, columns={})
        damages = {"a row that nobody touched, gone": ()}
        if held:
            emptied = changed(row, {held[0]: None})
            damages["a row that nobody touched, changed"] = (emptied,)  # type: ignore[assignment]
        for damage, rows in damages.items():
            stood = replace(without, rows={name: (row,)})
            later = replace(without, purpose="final", rows={name: rows})
            yield _Try(name, damage, _is_collateral(run, stood, later))


def _lost_column(run: _Run, form: Form, before: Observation) -> Iterator[_Try]:
    for table in (form.table,) if form.table else form.tables:
        kept = [c for c in before.columns.get(table, ()) if c not in form.unchecked]
        if kept:
            stood = replace(before, rows={}, columns={table: tuple(kept)})
            later = replace(stood, purpose="final", columns={table: tuple(kept[1:])})
            yield _Try(form.name, "a column, gone", _is_collateral(run, stood, later))
            return


def _is_collateral(run: _Run, before: Observation, later: Observation) -> bool:
    check = CollateralCheck(run.oracle.role, run.oracle.forms)
    found = check.judge(run.oracle.history, [before, later, later]).symptoms
    return _has(found, Anomaly.COLLATERAL)


def _is_left_alone(run: _Run, row: Row) -> bool:
    """Whether no record of any form is, or may be, this row."""
    return all(target.key is None or target.key != row.key for target in run.oracle.targets.all)


_PLANTS: Mapping[Anomaly, _Plant] = {
    Anomaly.MISPLACED: _misplaced,
    Anomaly.COLLATERAL: _collateral,
    Anomaly.REVERTED: _reverted,
    Anomaly.RESURRECTED: _resurrected,
    Anomaly.PHANTOM: _phantom,
    Anomaly.STALE: _stale,
    Anomaly.LATE: _late,
    Anomaly.UNACKNOWLEDGED: _unacknowledged,
    Anomaly.UNVERIFIED: _unverified,
}


# --- what they are made of --------------------------------------------------------------------


def _first_of_each_form(
    run: _Run, fits: Callable[[Target], object]
) -> Iterator[tuple[str, Target]]:
    """The first record of each form that a damage fits, and of which a read counts."""
    seen: set[str] = set()
    for target in run.oracle.targets.all:
        form = target.form.name
        if form not in seen and fits(target) and run.oracle.valid(target):
            seen.add(form)
            yield form, target


def _bench(run: _Run, targets: Sequence[Target], reads: Sequence[Observation]) -> Oracle:
    """The run's oracle before these records and these reads alone."""
    bench = copy(run.oracle)
    bench.targets = replace(run.oracle.targets, all=list(targets))
    bench.reads = [Rows(read, run.oracle.tag) for read in reads]
    return bench


def _judged(
    run: _Run, targets: Sequence[Target], reads: Sequence[Observation]
) -> Sequence[Symptom]:
    return _bench(run, targets, reads).judge().symptoms


def _read(subject: Subject, *rows: Row) -> Observation:
    """The read in which the record was whole, with these rows of its form in it."""
    return replace(subject.rows.observation, rows={subject.target.form.name: rows})


def _saved(subject: Subject) -> list[str]:
    return list(subject.fields)


def _right(target: Target, name: str, place: Due, value: Value) -> bool:
    return is_right(place, value, target.form.field(name))


def _is_due(target: Target, name: str, value: Value) -> bool:
    return value is ABSENT or _right(target, name, target.due.fields[name], value)


def _has(symptoms: Sequence[Symptom], anomaly: Anomaly) -> bool:
    return any(symptom.anomaly is anomaly for symptom in symptoms)
