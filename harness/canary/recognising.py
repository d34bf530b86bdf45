"""Which rows of storage are a probe's own: by their key and by what stands in them, both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.checks.history import History, Record, Trial
from harness.model import FileValue, Form, Key, Role, Value
from harness.observations import Row
from harness.plan.schema import CleanTable
from harness.values import TOKEN_CHARS, find_marks, find_traces, trial_number


@dataclass(frozen=True, slots=True)
class Recognised:
    """Records of a probe that storage still holds, by form and key.

    strange are rows that have a key of ours and nothing that proves them to be: somebody else's,
    for all anybody knows. copies are rows that hold our words under a key that nobody journaled.
    """

    mine: tuple[tuple[str, Key], ...]
    strange: tuple[tuple[str, Key], ...] = ()
    copies: tuple[tuple[str, Key], ...] = ()

    @property
    def rows_n(self) -> int:
        """How many rows that is."""
        return len(self.mine) + len(self.strange) + len(self.copies)


def recognise(
    history: History,
    role: Role,
    tag: str,
    forms: Mapping[Role, Mapping[str, Form]],
    rows: Mapping[str, Sequence[Row]],
    clean: Mapping[str, CleanTable],
) -> Recognised:
    """What of a deployment's rows is the probe's own; nothing else can ever be removed.

    A key alone proves nothing: storage that was restored gives a key again. Words alone prove
    nothing: an application may have copied them into somebody's record.
    """
    held = {(form, row.key): row for form, found in rows.items() for row in found}
    journaled: dict[tuple[str, Key], list[tuple[Trial, Record]]] = {}
    everywhere = {(r.form, r.key) for t in history.trials.values() for r in t.records}
    for trial in history.of_role(role):
        for record in trial.records:
            if record.key is not None:
                journaled.setdefault((record.form, record.key), []).append((trial, record))
    shown = {
        place
        for place, handles in journaled.items()
        if place in held and any(_proves(held[place], *h, tag, forms) for h in handles)
    }
    ours = shown | {
        place for place in journaled if place in held and _by_others(place, shown, forms, clean)
    }
    return Recognised(
        mine=tuple(sorted(ours)),
        strange=tuple(sorted(place for place in journaled if place in held and place not in ours)),
        copies=tuple(
            sorted(
                place
                for place, row in held.items()
                if place not in everywhere and _holds_words(row, tag)
            )
        ),
    )


def _proves(
    row: Row, trial: Trial, record: Record, tag: str, forms: Mapping[Role, Mapping[str, Form]]
) -> bool:
    """Whether a word of this very record stands in the row, or a file that was made for it."""
    role: Role = trial.began.role  # type: ignore[assignment]
    number = trial_number(role, trial.began.number, trial.began.attempt)
    place = list(forms[role]).index(record.form) if record.form in forms[role] else -1
    for text in _texts(row.fields.values()):
        if (tag, number) in find_marks(text):
            return True
        for trace in find_traces(text):
            if (trace.run, trace.trial, trace.form, trace.record) == (
                tag, number, place, record.opened.ordinal
            ):  # fmt: skip
                return True
    files = [value for value in row.fields.values() if isinstance(value, FileValue)]
    return any(
        file == save.due(name)
        for file in files
        # A file as long as two tokens holds them, so that its digest is nobody else's.
        if file.size_bytes >= 2 * TOKEN_CHARS
        for save in record.saves
        for name in save.intended.values
    )


def _by_others(
    place: tuple[str, Key],
    shown: set[tuple[str, Key]],
    forms: Mapping[Role, Mapping[str, Form]],
    clean: Mapping[str, CleanTable],
) -> bool:
    """Whether a record that is proved to be ours names this one in its key, as the plan says."""
    form, key = place
    table = clean.get(form)
    if table is None or len(key) != 1:
        return False
    keys = {name: spec.key for by_name in forms.values() for name, spec in by_name.items()}
    return any(
        other == name and key_of[keys[name].index(column)] == key[0]
        for name, column in table.proved_by.items()
        if name in keys and column in keys[name]
        for other, key_of in shown
    )


def _holds_words(row: Row, tag: str) -> bool:
    return any(
        any(trace.run == tag for trace in find_traces(text))
        or any(run == tag for run, _ in find_marks(text))
        for text in _texts(row.fields.values())
    )


def _texts(values: Iterable[Value]) -> Iterable[str]:
    for value in values:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                yield text
