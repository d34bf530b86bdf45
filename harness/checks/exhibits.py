"""A finding's representative, field by field: what was typed, sent, stored and shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

from harness.checks.history import History, Record, Save, Trial
from harness.contracts import canonical
from harness.exhibits import Exhibit, Journey, Station
from harness.journal.events import RequestSent
from harness.model import Contract, Field, FileValue, Finding, Form, Layer, Symptom, Value

_LOOSE = Contract(newline="any")
_WORD = re.compile(r"\w+")
_PICTURES = (".png", ".jpg", ".jpeg")


def exhibit(
    finding: Finding,
    sentence: str,
    symptoms: Sequence[Symptom],
    history: History,
    form: Form | None,
) -> Exhibit:
    """The record that shows the finding best: run again and recorded if one was, else the first.

    Its fields are those that the finding names and this record shows, in the form's order.
    """
    mine = [s for s in symptoms if _is_of(s, finding)]
    chosen = _chosen(mine, history)
    if not chosen or form is None:
        kept = [path for path in finding.evidence if not path.startswith("observations/")]
        return Exhibit(finding, sentence, screenshots=_pictures(kept), traces=_traces(kept))
    trial = history.trials.get(chosen[0].trial)
    names = [spec.name for spec in form.fields]
    in_order = sorted(chosen, key=lambda s: names.index(s.field) if s.field in names else 0)
    by_field = {symptom.field: symptom for symptom in reversed(in_order)}
    kept = list(trial.ended.evidence) if trial and trial.ended else []
    return Exhibit(
        finding=finding,
        sentence=sentence,
        case=trial.began.case if trial else "",
        record=chosen[0].record,
        layer=chosen[0].layer,
        journeys=tuple(
            _journey(by_field[name], form.field(name), trial) for name in names if name in by_field
        ),
        screenshots=_pictures(kept),
        traces=_traces(kept),
    )


def _is_of(symptom: Symptom, finding: Finding) -> bool:
    return (symptom.check, symptom.anomaly, symptom.form) == (
        finding.check,
        finding.anomaly,
        finding.form,
    ) and symptom.field in finding.fields


def _chosen(symptoms: Iterable[Symptom], history: History) -> list[Symptom]:
    """All symptoms of one record: a recorded rerun first, then the one with most fields."""
    by_record: dict[tuple[str, str], list[Symptom]] = {}
    for symptom in symptoms:
        by_record.setdefault((symptom.trial, symptom.record), []).append(symptom)

    def worth(group: list[Symptom]) -> tuple[int, int]:
        trial = history.trials.get(group[0].trial)
        kept = trial.ended.evidence if trial and trial.ended else ()
        return len(_traces(kept)), len({s.field for s in group})

    return max(by_record.values(), key=worth, default=[])


def _pictures(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if path.endswith(_PICTURES))


def _traces(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if path.endswith(".zip"))


def _journey(symptom: Symptom, spec: Field, trial: Trial | None) -> Journey:
    if symptom.check == "collateral":
        pair = (Station("before", symptom.due), Station("now", symptom.found))
        return Journey(symptom.form, symptom.field, pair, symptom.note)
    record = _record(trial, symptom.record)
    save = next((s for s in record.saves if s.id == symptom.save), None) if record else None
    read_path = symptom.check == "shown"
    shown = Station("shown", symptom.found) if read_path else _shown(record, symptom.field)
    stations = (
        Station("typed", symptom.due),
        _sent(trial, save, spec, symptom.due),
        Station("stored", symptom.due if read_path else symptom.found),
        shown,
    )
    if symptom.layer is Layer.PAGE and stations[1].note is None:
        stations = (stations[0], _instead(trial, save, spec) or stations[1], *stations[2:])
    return Journey(symptom.form, symptom.field, stations, symptom.note)


def _record(trial: Trial | None, id_: str) -> Record | None:
    return next((r for r in trial.records if r.id == id_), None) if trial else None


def _shown(record: Record | None, name: str) -> Station:
    views = [view for view in record.shown if name in view.values] if record else []
    if not views:
        return Station("shown", note="nobody looked")
    if views[-1].error is not None:
        return Station("shown", note=f"could not be shown: {views[-1].error}")
    return Station("shown", views[-1].values[name])


def _sent(trial: Trial | None, save: Save | None, spec: Field, due: Value) -> Station:
    """What the browser sent of the value: itself, else what stood in the field's place."""
    if trial is None or save is None or not trial.requests:
        return Station("sent", note="nothing was recorded")
    requests = [request for request in trial.requests if request.at_s >= save.began_s]
    if any(_carries(request, due) for request in requests):
        return Station("sent", due)
    instead = _instead(trial, save, spec)
    if instead is not None:
        return instead
    if any(request.opaque for request in requests):
        return Station("sent", note="the browser withheld the body")
    return Station("sent", note="not sent")


def _instead(trial: Trial | None, save: Save | None, spec: Field) -> Station | None:
    """What the last request since the save began carried in the place called like the field."""
    if trial is None or save is None:
        return None
    names = {spec.name, spec.column}
    for request in reversed(trial.requests):
        for path, text in request.leaves if request.at_s >= save.began_s else ():
            if text is not None and names & set(_WORD.findall(path)):
                return Station("sent", text)
    return None


def _carries(request: RequestSent, due: Value) -> bool:
    if isinstance(due, tuple):
        return bool(due) and all(item is None or _carries(request, item) for item in due)
    if isinstance(due, FileValue):
        return due.sha256 in request.digests
    if not isinstance(due, str):
        return False
    wanted = canonical(due, _LOOSE)
    if any(text is not None and canonical(text, _LOOSE) == wanted for _, text in request.leaves):
        return True
    return not {_digest(due), _digest(wanted)}.isdisjoint(request.digests)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
