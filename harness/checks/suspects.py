"""A load's suspects under the oracle: which are looked at, and what two reads of them say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.checks.collateral import CollateralCheck
from harness.checks.history import History
from harness.checks.oracle import Oracle
from harness.checks.owing import Owing, stand_in
from harness.checks.retelling import LOAD, marks, retold
from harness.checks.sifted import LOOKED_AT_MAX, Crowd, Crowds, Sifted, Spot, Suspect, crowded
from harness.checks.strays import StrayCheck
from harness.contracts import fingerprint
from harness.journal.volume import key_of, key_word
from harness.model import (
    ABSENT,
    Anomaly,
    Form,
    Key,
    Layer,
    Severity,
    Symptom,
    Value,
)
from harness.observations import Observation, Row
from harness.prints import PrintRow

CHECK = "load"
# Each takes a look at every row of its form.
SOUGHT_MAX = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read of one form: rows by key, and rows in which a mark stands."""

    keys: tuple[Key, ...]
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of the suspects that were looked at.

    symptoms of those and of the rows beside them, with the saves they are of; whole are suspects
    that are as they should be; failed are those that are not; unlooked counts all the others.
    unlooked_changes_n are rows that changed and were not read twice more.
    """

    history: History = field(default_factory=History)
    symptoms: tuple[Symptom, ...] = ()
    whole: tuple[Suspect, ...] = ()
    failed: tuple[Suspect, ...] = ()
    unlooked: Crowds = field(default_factory=dict)
    unlooked_changes_n: int = 0


def chosen(sifted: Sifted) -> list[Suspect]:
    """The suspects to look at: as many of each shape as there is room for."""
    by_shape: dict[object, list[Suspect]] = defaultdict(list)
    for suspect in sifted.suspects:
        by_shape[suspect.owing.form.name, suspect.shape].append(suspect)
    found: list[Suspect] = []
    most_n = max(map(len, by_shape.values()), default=0)
    for at in range(most_n):
        found += [alike[at] for alike in by_shape.values() if at < len(alike)]
        if len(found) >= LOOKED_AT_MAX:
            break
    return found[:LOOKED_AT_MAX]


def wanted(sifted: Sifted, forms: Mapping[str, Form], tag: str) -> dict[str, Wanted]:
    """What has to be read, by form, to judge what a sieve did not let through."""
    keys: dict[str, dict[Key, None]] = {name: {} for name in forms}
    sought: dict[str, list[str]] = {name: [] for name in forms}
    for form, word in _spots(sifted):
        keys[form][_key(word)] = None
    for suspect in sorted(chosen(sifted), key=lambda s: s.owing.handles[0].key is not None):
        record = suspect.owing.handles[0]
        if record.key is not None:
            keys[record.form][record.key] = None
        if len(sought[record.form]) < SOUGHT_MAX or record.key is None:
            sought[record.form].append(marks(record, forms, tag))
    return {
        name: Wanted(tuple(keys[name]), tuple(sought[name]))
        for name in forms
        if keys[name] or sought[name]
    }


def look(
    sifted: Sifted, forms: Mapping[str, Form], tag: str, observations: Iterable[Observation]
) -> Looked:
    """Judge the suspects on the reads of them; without one they all stay unlooked at."""
    reads = sorted((o for o in observations if o.role == LOAD), key=lambda o: o.began_s)
    if not reads:
        unlooked = _crowds(sifted, frozenset())
        return Looked(unlooked=unlooked, unlooked_changes_n=sifted.changed_n)
    suspects = chosen(sifted)
    history = retold((r for s in suspects for r in s.owing.handles), forms, tag)
    reads = [_stood(sifted, suspects, reads), *reads]
    oracle = Oracle(LOAD, tag, forms, history, reads)
    symptoms = [
        *oracle.judge().symptoms,
        *StrayCheck(oracle).judge().symptoms,
        *CollateralCheck(LOAD, forms).judge(history, reads).symptoms,
    ]
    wrong = {s.record for s in symptoms if s.severity is not Severity.WARN}
    failed = [s for s in suspects if any(h.id in wrong for h in s.owing.handles)]
    healed = [s for s in suspects if not any(h.id in wrong for h in s.owing.handles)]
    seen = {symptom.record for symptom in symptoms}
    late = [
        symptom
        for s in healed
        if s.shape.sure and not any(h.id in seen for h in s.owing.handles)
        for symptom in _late(s, sifted.read_s)
    ]
    too_late = {s.record for s in late if s.severity is Severity.BLOCK}
    failed += [s for s in healed if s.owing.handles[0].id in too_late]
    return Looked(
        history,
        tuple(_of_load(symptom) for symptom in (*symptoms, *late)),
        tuple(s for s in healed if s.owing.handles[0].id not in too_late),
        tuple(failed),
        _crowds(sifted, frozenset(map(id, suspects))),
        max(0, sifted.changed_n - LOOKED_AT_MAX),
    )


def _crowds(sifted: Sifted, looked_at: frozenset[int]) -> Crowds:
    """All suspects but those that were looked at, counted."""
    crowds: Crowds = {}
    for look, crowd in sifted.crowds.items():
        crowds.setdefault(look, Crowd()).join(crowd)
    for suspect in sifted.suspects:
        if id(suspect) not in looked_at:
            crowded(crowds, suspect)
    return crowds


def _of_load(symptom: Symptom) -> Symptom:
    """What a load sends has no page: what was acknowledged and is not there, the server lost."""
    layer = Layer.SERVER if symptom.save and symptom.layer is Layer.UNKNOWN else symptom.layer
    return replace(symptom, check=CHECK, layer=layer)


def _late(suspect: Suspect, read_s: float) -> Iterator[Symptom]:
    """Wrong in the read of every row, and right when it was looked at."""
    owing, saves = suspect.owing, suspect.owing.acknowledged
    late_s = read_s - owing.ready_s - owing.form.settle_s_max
    severity = Severity.BLOCK if late_s >= owing.form.late_s_max else Severity.WARN
    after_s = read_s - owing.ready_s
    for name in suspect.shape.fields if saves else ():
        save = next((s for s in reversed(saves) if name in s.fields), saves[-1])
        yield Symptom(
            check=CHECK,
            anomaly=Anomaly.LATE,
            severity=severity,
            form=owing.form.name,
            field=name,
            trial=owing.handles[0].id.rpartition("/")[0],
            record=owing.handles[0].id,
            save=save.id,
            observation=None,
            layer=Layer.SERVER,
            due=ABSENT,
            found=ABSENT,
            note=f"not right {after_s:.1f} s after it was acknowledged, right later",
        )


def _stood(
    sifted: Sifted, suspects: Sequence[Suspect], reads: Sequence[Observation]
) -> Observation:
    """What stood before the load, as far as fingerprints tell: what has not changed is known.

    In place of a value that has changed stands a text that no row holds.
    """
    held: dict[Spot, list[Row]] = defaultdict(list)
    for read in reads:
        for form, rows in read.rows.items():
            for row in rows:
                held[form, key_word(row.key)].append(row)
    stood: dict[str, list[Row]] = {form: [] for form in reads[0].rows}
    for was in _before(sifted, suspects):
        spec = sifted.forms[was.form]
        fields = {
            each.name: _known(spec, each.name, print_, held[was.form, was.key])
            for each, print_ in zip(spec.fields, was.prints, strict=True)
        }
        stood.setdefault(spec.name, []).append(Row(spec.name, _key(was.key), fields, was.rest))
    return Observation(
        "load-before", LOAD, "before", 0.0, 0.0, {form: tuple(rows) for form, rows in stood.items()}
    )


def _before(sifted: Sifted, suspects: Sequence[Suspect]) -> Iterator[PrintRow]:
    for suspect in suspects:
        owing: Owing = suspect.owing
        key = owing.handles[0].key
        if owing.before is not None and key is not None:
            yield PrintRow(owing.form.name, key_word(key), owing.before)
    yield from sifted.changed[:LOOKED_AT_MAX]


def _known(form: Form, name: str, print_: str, rows: Sequence[Row]) -> Value:
    spec = form.field(name)
    for row in rows:
        value = row.fields.get(name, ABSENT)
        if fingerprint(value, spec.contract, spec.kind) == print_:
            return value
    known = stand_in(print_)
    return f"a value with the fingerprint {print_}" if known == print_ else known


def _spots(sifted: Sifted) -> Iterator[Spot]:
    """Rows beside the suspects; those that nobody names tell nothing where nothing is missed."""
    yield from ((row.form, row.key) for row in sifted.changed[:LOOKED_AT_MAX])
    missed = {suspect.owing.form.name for suspect in sifted.suspects}
    yield from ((row.form, row.key) for row in sifted.strays if row.form in missed)


def _key(word: str) -> Key:
    key = key_of(word)
    return () if key is None else key
