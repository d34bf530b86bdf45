"""Load: what every save of it owes against what storage holds, and how fast it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from harness.checks.controls import Controls
from harness.checks.excusing import excuse, faults_within, where_they_fall
from harness.checks.findings import ordered, voted_layer
from harness.checks.history import Fault, History
from harness.checks.journeys import HIDDEN
from harness.checks.load_controls import plant_load_controls
from harness.checks.load_owed import LoadRecord, unmeasured
from harness.checks.pace import (
    Figures,
    Reference,
    between,
    fell_short,
    measure,
    seconds,
    slower,
    start_of,
    took_too_long,
)
from harness.checks.sentences import plural
from harness.checks.suspects import Looked, look
from harness.checks.volume import Sifted, Suspect, sift
from harness.exhibits import LoadSecond
from harness.journal.events import LoadBegan, LoadEnded
from harness.journal.volume import Volume
from harness.model import Finding, Form, Severity, Symptom, Trigger
from harness.observations import Observation
from harness.prints import Prints, load_of
from harness.promise import FAULTS_LOAD

_EVIDENCE_MAX = 20


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """What the plan says of the time that saves may take at the peak; None where it says nothing.

    baseline is how fast the baseline was under its own load.
    """

    save_p95_ms_max: float | None = None
    save_p95_ratio_max: float | None = None
    baseline: Reference | None = None
    save_p50_ms_max: float | None = None
    save_p99_ms_max: float | None = None


NO_LIMITS = LoadLimits()


@dataclass(frozen=True, slots=True)
class LoadGrounds:
    """What is to be said of a load, by its name.

    owed are sentences on evidence that is missing, broken on limits that the release broke.
    faults are those of ours that came within it, baseline how fast another release was; began_s
    is on the host's monotonic clock.
    """

    name: str
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
    began_s: float
    faults: tuple[Fault, ...] = ()
    baseline: Reference | None = None


def judge_load(
    record: LoadRecord,
    history: History,
    forms: Mapping[str, Form],
    tag: str,
    observations: Sequence[Observation],
    limits: LoadLimits = NO_LIMITS,
) -> LoadGrounds:
    """Every save against the read after the load, the suspects looked at, and the rate.

    How fast a load under faults of ours was is nobody's merit and nobody's fault.
    """
    volume, final, name = record.volume, record.final, record.name
    began, ended = history.loads_began.get(name), history.loads_ended.get(name)
    faults = faults_within(volume, history.faults)
    excused_n = excuse(volume.saves, faults)
    figures = measure(volume, began)
    observations = [o for o in observations if load_of(o.id) == name]
    sifted, looked, controls = Sifted(), Looked(), Controls(0, 0)
    if final is not None:
        sifted = sift(volume, forms, record.before.rows() if record.before else (), final)
        looked = look(sifted, forms, tag, observations)
        controls = plant_load_controls(sifted.whole, forms, tag)
    telling = _Telling(volume, figures, sifted, looked, forms, final, name, faults)
    findings = telling.findings()
    owed = [
        *record.unreadable,
        *unmeasured(record, sifted, looked, figures, findings, history),
        *(f"under load the oracle missed a control: {missed}" for missed in controls.missed),
        *_uncontrolled(sifted, controls, figures),
        *_unharmed(record, faults),
    ]
    broken: list[str] = []
    for sentence, of_application in _slow(figures, began, ended, limits, name):
        # Where nothing was acknowledged the load file may be wrong: no release is blocked for it.
        if sentence and of_application and figures.saves_acknowledged:
            broken.append(sentence)
        elif sentence and ended is not None and not record.unreadable:
            owed.append(sentence)
    return LoadGrounds(
        name=name,
        figures=figures,
        saves_verified=sifted.verified_n + sum(len(s.owing.visible) for s in looked.whole),
        fields_read=sifted.fields_read,
        history=looked.history,
        symptoms=tuple(replace(symptom, check=name) for symptom in looked.symptoms),
        findings=findings,
        owed=tuple(owed),
        broken=tuple(broken),
        warnings=tuple(_warnings(figures, sifted, ended, name, excused_n)),
        controls=controls,
        seconds=seconds(volume, telling.lost()),
        began_s=start_of(volume),
        faults=faults,
        baseline=limits.baseline,
    )


def _slow(
    figures: Figures,
    began: LoadBegan | None,
    ended: LoadEnded | None,
    limits: LoadLimits,
    name: str,
) -> list[tuple[str, bool]]:
    """What is to be said of rate and time, and whether it was the application."""
    if name == FAULTS_LOAD:
        return []
    ratio = limits.save_p95_ratio_max
    return [
        fell_short(figures, began, ended, limits.save_p95_ms_max),
        took_too_long(figures, ended, (50, figures.p50_ms), limits.save_p50_ms_max),
        took_too_long(figures, ended, (95, figures.p95_ms), limits.save_p95_ms_max),
        took_too_long(figures, ended, (99, figures.p99_ms), limits.save_p99_ms_max),
        slower(figures, ended, limits.baseline, ratio) if ratio is not None else ("", False),
    ]


def _unharmed(record: LoadRecord, faults: Sequence[Fault]) -> list[str]:
    if record.name == FAULTS_LOAD and record.volume.schedules and not faults:
        return ["no fault of ours came within the load that was to meet some"]
    return []


def _uncontrolled(sifted: Sifted, controls: Controls, figures: Figures) -> list[str]:
    if sifted.verified_n and figures.saves_acknowledged and not controls.planted:
        return ["no record of the load was whole enough to plant a control in"]
    return []


def _warnings(
    figures: Figures, sifted: Sifted, ended: LoadEnded | None, name: str, excused_n: int
) -> list[str]:
    warnings = []
    load = "load with faults" if name == FAULTS_LOAD else "load"
    if ended is not None and ended.trouble:
        warnings.append(f"the load file raised: {ended.trouble}")
    if figures.refused_n:
        warnings.append(f"refused under {load}: {plural(figures.refused_n, 'save')}")
    if unknown_n := figures.unknown_n - excused_n:
        warnings.append(f"of unknown outcome under {load}: {plural(unknown_n, 'save')}")
    if excused_n:
        warnings.append(
            f"of unknown outcome while a fault of ours lasted: {plural(excused_n, 'save')}"
        )
    if sifted.hidden_n:
        saves = plural(sifted.hidden_n, "acknowledged save")
        warnings.append(f"not compared under {load}: {saves}; {HIDDEN}")
    if sifted.strays_n:
        warnings.append(
            f"the {load} made {plural(sifted.strays_n, 'row')} that no record of it names"
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
    name: str
    faults: Sequence[Fault]

    def findings(self) -> tuple[Finding, ...]:
        """One per anomaly, form and severity, those that were only counted within."""
        groups: dict[tuple[object, ...], list[Symptom]] = defaultdict(list)
        for symptom in self.looked.symptoms:
            key = (symptom.anomaly, symptom.form, symptom.severity, symptom.breach)
            groups[key].append(symptom)
        return tuple(self._finding(group) for group in groups.values())

    def lost(self) -> frozenset[str]:
        """Every save that is not what storage holds, those that were only counted within."""
        wrong = [s for s in self.looked.symptoms if s.severity is Severity.BLOCK]
        alike = self._alike({symptom.record for symptom in wrong})
        return frozenset({s.save for s in wrong if s.save} | _last_saves(alike))

    def _alike(self, records: Set[str]) -> list[Suspect]:
        """Records that were not looked at and differ as those that were."""
        shapes = {
            (s.owing.form.name, s.shape)
            for s in self.looked.failed
            if any(handle.id in records for handle in s.owing.handles)
        }
        return [s for s in self.looked.unlooked if (s.owing.form.name, s.shape) in shapes]

    def _finding(self, group: Sequence[Symptom]) -> Finding:
        first = group[0]
        records = {symptom.record for symptom in group}
        alike = self._alike(records)
        saves = {symptom.save for symptom in group if symptom.save} | _last_saves(alike)
        reads = dict.fromkeys(symptom.observation for symptom in group if symptom.observation)
        paths = [f"observations/{read}.jsonl" for read in reads]
        if self.final is not None:
            paths.append(f"observations/{self.final.path.name}")
        return Finding(
            check=self.name,
            anomaly=first.anomaly,
            form=first.form,
            fields=tuple(ordered({s.field for s in group}, self.forms[first.form])),
            saves_n=len(saves),
            records_n=len(records) + len(alike),
            severity=first.severity,
            layer=voted_layer(group),
            trigger=Trigger(self._when(saves, len(records), len(alike))),
            evidence=tuple(paths)[:_EVIDENCE_MAX],
            breach=first.breach,
        )

    def _when(self, saves: set[str], records_n: int, alike_n: int) -> str:
        under = f"under load of {self.figures.target_saves_per_s:g} saves/s"
        under += " with faults" if self.name == FAULTS_LOAD else ""
        counted = f", {alike_n} of them only counted" if alike_n else ""
        if not saves:
            return f"{under}: {plural(records_n + alike_n, 'record')}{counted}"
        made = [save for save in self.volume.saves if save.id in saves]
        total = f"{self.figures.saves_acknowledged:,}"
        when = between(made, start_of(self.volume))
        around = where_they_fall((s.ended_s or s.began_s for s in made), self.faults)
        return f"{under}: {len(saves):,} of {total} saves, {when}{around}{counted}"


def _last_saves(suspects: Iterable[Suspect]) -> set[str]:
    """The last save of each that its user was told is stored."""
    return {s.owing.acknowledged[-1].id for s in suspects if s.owing.acknowledged}
