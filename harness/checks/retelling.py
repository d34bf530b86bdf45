"""A load's suspects as an ordinary history: the values that only had fingerprints, made again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.checks.history import History, read_history
from harness.checks.sifting import place_of
from harness.contracts import fingerprint
from harness.corpus import by_name
from harness.errors import RecordUnreadable, ScenarioError
from harness.journal import events as ev
from harness.journal.volume import Owed, VolumeRecord, VolumeSave
from harness.model import Form, Key, Role, Value
from harness.values import RECORD_CHARS, Trace, make_text, token, trial_number

LOAD: Role = "load"


def retold(records: Iterable[VolumeRecord], forms: Mapping[str, Form], tag: str) -> History:
    """The records as trials of the role "load", a trial per user.

    A record that was made owns its key, also of those who opened it before it said so; a second
    one made in the same place is another record. Raises RecordUnreadable where a value that is
    made again has another fingerprint than the one journaled: the corpus is not the run's.
    """
    events: list[ev.Event] = []
    made: set[tuple[str, Key | None]] = set()
    for record in sorted(records, key=lambda record: place_of(record.id)):
        spot = (record.form, record.key)
        is_second = record.keyed_late and spot in made
        made |= {spot} if record.keyed_late else set()
        events += _record(record, forms, tag, is_second)
    users = {place_of(e.record)[0]: e.at_s for e in events if isinstance(e, ev.RecordOpened)}
    began = [_trial(user, at_s) for user, at_s in users.items()]
    return read_history([*began, *events])


def _trial(user: int, at_s: float) -> ev.TrialBegan:
    return ev.TrialBegan(
        at_s=at_s,
        trial=f"{LOAD}/{user}/1",
        case="",
        number=user,
        role=LOAD,
        attempt=1,
        round=LOAD,
        levels={},
    )


def _record(
    record: VolumeRecord, forms: Mapping[str, Form], tag: str, is_second: bool
) -> Iterator[ev.Event]:
    user, ordinal = place_of(record.id)
    trial = record.id.rpartition("/")[0]
    yield ev.RecordOpened(
        at_s=record.opened_s,
        trial=trial,
        record=record.id,
        form=record.form,
        ordinal=ordinal,
        key=None if is_second else record.key,
    )
    if is_second and record.key is not None:
        yield ev.RecordKeyed(at_s=record.opened_s, record=record.id, key=record.key)
    place = list(forms).index(record.form)
    for save in record.saves:
        trace = Trace(
            tag, trial_number(LOAD, user, 1), place, ordinal, 0, int(save.id.rpartition("/s")[2])
        )
        yield from _save(save, record, forms[record.form], trace)


def _save(save: VolumeSave, record: VolumeRecord, form: Form, trace: Trace) -> Iterator[ev.Event]:
    yield ev.SaveIntended(
        at_s=save.began_s,
        save=save.id,
        record=record.id,
        revision=trace.revision,
        operation=save.operation,
        values={name: _value(owed, form, name, trace) for name, owed in save.fields.items()},
        classes={name: owed.text_class for name, owed in save.fields.items()},
        due_s=save.due_s,
    )
    if save.ended_s is None:
        return
    at_s = save.ended_s
    if save.state == "acknowledged":
        yield ev.SaveAcknowledged(at_s=at_s, save=save.id, evidence=save.told, level="transport")
    elif save.state == "refused":
        yield ev.SaveRefused(at_s=at_s, save=save.id, evidence=save.told)
    else:
        yield ev.SaveUnknown(at_s=at_s, save=save.id, reason=save.told, fault=save.fault)


def _value(owed: Owed, form: Form, name: str, trace: Trace) -> Value:
    if owed.value is not None:
        return owed.value[0]
    spec = form.field(name)
    place = Trace(
        trace.run, trace.trial, trace.form, trace.record, form.index(name), trace.revision
    )
    try:
        made = make_text(by_name(owed.text_class), place, spec.max_chars)
    except ScenarioError as error:
        raise RecordUnreadable(f"{form.name}.{name} of {place}: {error}") from error
    if fingerprint(made, spec.contract, spec.kind) != owed.fingerprint:
        raise RecordUnreadable(
            f"{form.name}.{name} of {place}: the text class {owed.text_class} no longer makes "
            "what this run saved; judge it with the version of the harness that ran it"
        )
    return made


def marks(record: VolumeRecord, forms: Mapping[str, Form], tag: str) -> str:
    """What every token of a record begins with, and no token of another record."""
    user, ordinal = place_of(record.id)
    place = list(forms).index(record.form)
    whole = token(Trace(tag, trial_number(LOAD, user, 1), place, ordinal, 0, 1))
    return whole[:RECORD_CHARS]
