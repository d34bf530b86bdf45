"""Load: what every save of it owes against what storage holds, and how fast it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.checks.controls import Controls
from harness.checks.findings import ordered, voted_layer
from harness.checks.history import History
from harness.checks.journeys import HIDDEN
from harness.checks.load_controls import plant_load_controls
from harness.checks.load_owed import LoadRecord, unmeasured
from harness.checks.pace import (
    Figures,
    between,
    fell_short,
    measure,
    seconds,
    start_of,
    took_too_long,
)
from harness.checks.sentences import plural
from harness.checks.sifted import Crowd, Sifted
from harness.checks.suspects import CHECK, Looked, look
from harness.checks.volume import sift
from harness.exhibits import LoadSecond
from harness.journal.volume import Volume
from harness.model import Finding, Form, Symptom, Trigger
from harness.observations import Observation
from harness.prints import Prints

_EVIDENCE_MAX = 20


@dataclass(frozen=True, slots=True)
class LoadGrounds:
    """What is to be said of a load.

    owed are sentences on evidence that is missing, broken on limits that the release broke.
    """

    figures: Figures
    saves_verified: int
    fields_read: int
    history: History
    symptoms: tuple[Symptom, ...]
    findings: tuple[Finding, ...]
    owed: tuple[str, ...]
    broken: tuple[str, ...]
    warnings: tuple[str, ...]
    controls: Controls
    seconds: tuple[LoadSecond, ...]


def judge_load(
    record: LoadRecord,
    history: History,
    forms: Mapping[str, Form],
    tag: str,
    observations: Sequence[Observation],
    save_p95_ms_max: float | None,
) -> LoadGrounds:
    """Every save against the read after the load, the suspects looked at, and the rate."""
    volume, final = record.volume, record.final
    figures = measure(volume, history.load_began)
    sifted, looked, controls = Sifted(), Looked(), Controls(0, 0)
    if final is not None:
        _, sifted = sift(record.files, forms, record.before, final)
        looked = look(sifted, forms, tag, observations)
        controls = plant_load_controls(sifted.whole, forms, tag)
    telling = _Telling(volume, figures, sifted, looked, forms, final)
    findings = telling.findings()
    owed = [
        *record.unreadable,
        *unmeasured(record, sifted, looked, figures, findings, history),
        *(f"under load the oracle missed a control: {missed}" for missed in controls.missed),
        *_uncontrolled(sifted, controls, figures),
    ]
    broken: list[str] = []
    for sentence, of_application in (
        fell_short(figures, history.load_began, history.load_ended, save_p95_ms_max),
        took_too_long(figures, history.load_ended, save_p95_ms_max),
    ):
        # Where nothing was acknowledged the load file may be wrong: no release is blocked for it.
        if sentence and of_application and figures.saves_acknowledged:
            broken.append(sentence)
        elif sentence and history.load_ended is not None and not record.unreadable:
            owed.append(sentence)
    return LoadGrounds(
        figures=figures,
        saves_verified=sifted.verified_n + sum(len(s.owing.visible) for s in looked.whole),
        fields_read=sifted.fields_read,
        history=looked.history,
        symptoms=looked.symptoms,
        findings=findings,
        owed=tuple(owed),
        broken=tuple(broken),
        warnings=tuple(_warnings(figures, sifted, history)),
        controls=controls,
        seconds=seconds(volume),
    )


def _uncontrolled(sifted: Sifted, controls: Controls, figures: Figures) -> list[str]:
    if sifted.verified_n and figures.saves_acknowledged and not controls.planted:
        return ["no record of the load was whole enough to plant a control in"]
    return []


def _warnings(figures: Figures, sifted: Sifted, history: History) -> list[str]:
    warnings = []
    if history.load_ended is not None and history.load_ended.trouble:
        warnings.append(f"the load file raised: {history.load_ended.trouble}")
    if figures.refused_n:
        warnings.append(f"refused under load: {plural(figures.refused_n, 'save')}")
    if figures.unknown_n:
        warnings.append(f"of unknown outcome under load: {plural(figures.unknown_n, 'save')}")
    if sifted.hidden_n:
        saves = plural(sifted.hidden_n, "acknowledged save")
        warnings.append(f"not compared under load: {saves}; {HIDDEN}")
    if sifted.strays_n:
        warnings.append(
            f"the load made {plural(sifted.strays_n, 'row')} that no record of it names"
        )
    return warnings


@dataclass(frozen=True, slots=True)
class _Telling:
    """What findings of a load are made from."""

    volume: Volume
    figures: Figures
    sifted: Sifted
    looked: Looked
    forms: Mapping[str, Form]
    final: Prints | None

    def findings(self) -> tuple[Finding, ...]:
        """One per anomaly, form and severity, those that were only counted within."""
        groups: dict[tuple[object, ...], list[Symptom]] = defaultdict(list)
        for symptom in self.looked.symptoms:
            key = (symptom.anomaly, symptom.form, symptom.severity, symptom.breach)
            groups[key].append(symptom)
        return tuple(self._finding(group) for group in groups.values())

    def _finding(self, group: Sequence[Symptom]) -> Finding:
        first = group[0]
        saves = {symptom.save for symptom in group if symptom.save}
        records = {symptom.record for symptom in group}
        shapes = {
            (s.owing.form.name, s.shape)
            for s in self.looked.failed
            if any(handle.id in records for handle in s.owing.handles)
        }
        alike = Crowd()
        for form_and_shape, crowd in self.looked.unlooked.items():
            if form_and_shape in shapes:
                alike.join(crowd)
        reads = dict.fromkeys(symptom.observation for symptom in group if symptom.observation)
        paths = [f"observations/{read}.jsonl" for read in reads]
        if self.final is not None:
            paths.append(f"observations/{self.final.path.name}")
        return Finding(
            check=CHECK,
            anomaly=first.anomaly,
            form=first.form,
            fields=tuple(ordered({s.field for s in group}, self.forms[first.form])),
            saves_n=len(saves) + alike.saves_n,
            records_n=len(records) + alike.records_n,
            severity=first.severity,
            layer=voted_layer(group),
            trigger=Trigger(self._when(saves, len(records), alike)),
            evidence=tuple(paths)[:_EVIDENCE_MAX],
            breach=first.breach,
        )

    def _when(self, saves: set[str], records_n: int, alike: Crowd) -> str:
        under = f"under load of {self.figures.target_saves_per_s:g} saves/s"
        counted = f", {alike.records_n} of them only counted" if alike.records_n else ""
        saves_n = len(saves) + alike.saves_n
        if not saves_n:
            return f"{under}: {plural(records_n + alike.records_n, 'record')}{counted}"
        made = [save for trial in self.looked.history.trials.values() for save in trial.saves]
        began_s = [save.began_s for save in made if save.id in saves]
        if alike.saves_n:
            began_s += [alike.first_s, alike.last_s]
        total = f"{self.figures.saves_acknowledged:,}"
        when = between(began_s, start_of(self.volume))
        return f"{under}: {saves_n:,} of {total} saves, {when}{counted}"
