"""The records to judge: all handles that name one record of storage, and what is due of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from harness.checks.classify import is_telling
from harness.checks.due import RecordDue, is_right, record_due
from harness.checks.history import Fault, History, Record, Save, Trial
from harness.checks.rows import BeforeRows, Origin, Rows
from harness.journal.events import LITERAL
from harness.model import ABSENT, Form, Key, Role, Value
from harness.observations import Row
from harness.values import find_traces, trial_number


@dataclass(slots=True)
class Target:
    """One record of storage: its handles, what is due of it, and how it is recognised.

    origins are how its traceable values spell it; twin counts the records before it that have no
    key either and owe the very same, twins_n all of these.
    """

    form: Form
    handles: list[Record]
    origins: frozenset[Origin]
    due: RecordDue
    faults: tuple[Fault, ...] = ()
    twin: int = 0
    twins_n: int = 1

    @property
    def key(self) -> Key | None:
        """The record's key; None while nobody knew it."""
        return self.handles[0].key

    @property
    def record(self) -> str:
        """The id of the first handle."""
        return self.handles[0].id

    @property
    def trial(self) -> str:
        """The trial of the first handle."""
        return self.handles[0].opened.trial

    def record_of(self, save: Save | None) -> str:
        """The handle through which a save was made."""
        return save.intended.record if save else self.record

    def trial_of(self, save: Save | None) -> str:
        """The trial in which a save was made."""
        return save.trial if save else self.trial


@dataclass(slots=True)
class Targets:
    """Every record that the trials of one deployment worked on, and what stood there before.

    assumed are sentences on records that were taken for one without proof.
    """

    forms: Mapping[str, Form]
    all: list[Target] = field(default_factory=list)
    before: BeforeRows | None = None
    owners: dict[tuple[str, Key], Target] = field(default_factory=dict)
    by_origin: dict[Origin, Target] = field(default_factory=dict)
    by_value: dict[Value, list[tuple[Target, str]]] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)

    def keyless(self, form: str) -> bool:
        """Whether a record of the form has no key, so that any row may be its own."""
        return any(t.key is None and t.form.name == form for t in self.all)

    def is_new(self, form: str, key: Key) -> bool:
        """Whether a row was certainly not there before the first trial."""
        return self.before is not None and (form, key) not in self.before

    def home(self, target: Target, rows: Rows) -> list[Row]:
        """The rows that are this record: by key, else by traceable values, else by content."""
        if target.key is not None:
            return rows.at(target.form.name, target.key)
        places = [place for origin in target.origins for _, place in rows.of_origin(origin)]
        mine = {
            id(place.row): place.row
            for place in places
            if place.row.form == target.form.name
            and (place.row.form, place.row.key) not in self.owners
        }
        return list(mine.values()) or self._alike(target, rows)

    def _alike(self, target: Target, rows: Rows) -> list[Row]:
        """A new row that nobody owns and that holds all that was saved; one for each twin."""
        saved = [(n, d) for n, d in target.due.fields.items() if d.save is not None]
        if not saved or any(map(_has_token, (d.value for _, d in saved))):
            return []
        found = [
            row
            for row in rows.of_form(target.form.name)
            if self._is_free(row, rows)
            and all(
                is_right(due, row.fields.get(name, ABSENT), target.form.field(name))
                for name, due in saved
            )
        ]
        ordered = sorted(found, key=lambda row: row.key)
        is_last = target.twin == target.twins_n - 1
        if is_last and any(is_telling(due.value) for _, due in saved):
            return ordered[target.twin :]
        return ordered[target.twin : target.twin + 1]

    def _is_free(self, row: Row, rows: Rows) -> bool:
        place = (row.form, row.key)
        known = place in self.owners or place in (self.before or {})
        return not known and not rows.is_traced(row)


def find_targets(
    history: History, role: Role, forms: Mapping[str, Form], before: BeforeRows | None
) -> Targets:
    """The records of one deployment.

    Two handles are one record where they were opened with the same key, within one case or on a
    row that stood there before: a scenario that edits what it was given. A key that two cases
    made is one record where the baseline's cases share keys as well (a row per user); where they
    do not, it is two records in one place, and one of them is lost.
    """
    targets = Targets(forms, before=before)
    shares = _key_sharing(history) if role == "candidate" else {}
    for trial, record in _records(history, role, forms):
        known = targets.owners.get((record.form, record.key)) if record.key else None
        if known is None or not _is_same(targets, known, trial, record, shares):
            known = Target(forms[record.form], [], frozenset(), RecordDue({}))
            targets.all.append(known)
        known.handles.append(record)
        known.origins |= {_origin(trial, record, role, forms)}
        known.faults = (*known.faults, *trial.faults)
        if record.key is not None:
            targets.owners.setdefault((record.form, record.key), known)
    for target in targets.all:
        target.due = _due(target, before)
        target.faults = (*target.faults, *history.faults)
        targets.by_origin |= dict.fromkeys(target.origins, target)
    _index(targets)
    return targets


def _records(
    history: History, role: Role, forms: Mapping[str, Form]
) -> Iterator[tuple[Trial, Record]]:
    for trial in history.of_role(role):
        for record in trial.records:
            if record.form in forms:
                yield trial, record


def _is_same(
    targets: Targets, target: Target, trial: Trial, record: Record, shares: Mapping[str, bool]
) -> bool:
    if record.opened.key is None or record.key is None:
        return False
    case = f"{trial.began.role}/{trial.began.number}/"
    if any(handle.opened.trial.startswith(case) for handle in target.handles):
        return True
    if not targets.is_new(record.form, record.key):
        return True
    if record.form not in shares:
        key = "/".join(record.key)
        targets.assumed.append(
            f"several cases made {record.form} {key}, which was not there before; "
            "they are judged as one record"
        )
    return shares.get(record.form, True)


def _key_sharing(history: History) -> dict[str, bool]:
    """Whether cases of the baseline share a key of a form; without a form of two cases unknown."""
    keys: dict[str, dict[Key, set[int]]] = {}
    for trial in history.of_role("baseline"):
        for record in trial.records:
            if record.opened.key is not None:
                cases = keys.setdefault(record.form, {}).setdefault(record.opened.key, set())
                cases.add(trial.began.number)
    return {
        form: any(len(cases) > 1 for cases in by_key.values())
        for form, by_key in keys.items()
        if len(set().union(*by_key.values())) > 1
    }


def _origin(trial: Trial, record: Record, role: Role, forms: Mapping[str, Form]) -> Origin:
    number = trial_number(role, trial.began.number, trial.began.attempt)
    return number, list(forms).index(record.form), record.opened.ordinal


def _due(target: Target, before: BeforeRows | None) -> RecordDue:
    given = [h.opened.initial for h in target.handles if h.opened.initial is not None]
    initial: Mapping[str, Value] | None = given[0] if given else None
    if initial is None and target.key is not None:
        row = (before or {}).get((target.form.name, target.key))
        initial = row.fields if row else None
    return record_due((s for h in target.handles for s in h.saves), target.form, initial)


def _index(targets: Targets) -> None:
    """Values without a token by what they are, and how many records owe the very same."""
    twins: dict[tuple[object, ...], list[Target]] = defaultdict(list)
    for target in targets.all:
        saved = [(n, d.value) for n, d in target.due.fields.items() if d.save is not None]
        for name, value in saved:
            if is_telling(value) and not _has_token(value) and not _is_literal(target, name):
                targets.by_value.setdefault(value, []).append((target, name))
        if target.key is None:
            owed = (target.form.name, *saved)
            target.twin = len(twins[owed])
            twins[owed].append(target)
    for alike in twins.values():
        for target in alike:
            target.twins_n = len(alike)


def _is_literal(target: Target, name: str) -> bool:
    """Whether a save wrote what the scenario spelled out, which other records may hold as well."""
    save = target.due.fields[name].save
    return save is not None and save.intended.classes.get(name) == LITERAL


def _has_token(value: Value) -> bool:
    texts: Iterable[str | Value | None] = value if isinstance(value, tuple) else (value,)
    return any(isinstance(text, str) and bool(find_traces(text)) for text in texts)
