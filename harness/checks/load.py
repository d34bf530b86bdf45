"""Load: what every save of it owes against what storage holds, and how fast it went."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from harness.checks.clustering import HIDDEN_SHARE_MAX, clustered, met, words_of
from harness.checks.controls import Controls
from harness.checks.course import Course, course_of, faults_within
from harness.checks.excusing import excuse
from harness.checks.findings import ordered, voted_layer
from harness.checks.history import Fault, History, Save
from harness.checks.injected import FAULT
from harness.checks.journeys import HIDDEN
from harness.checks.load_controls import plant_load_controls
from harness.checks.load_owed import LoadRecord, absent, unmeasured
from harness.checks.pace import (
    Figures,
    Reference,
    between,
    fell_short,
    measure,
    slower,
    took_too_long,
)
from harness.checks.sentences import plural
from harness.checks.sifted import Crowd, Sifted
from harness.checks.suspects import Looked, look
from harness.checks.volume import sift
from harness.errors import RecordUnreadable
from harness.exhibits import LoadSecond
from harness.journal.events import LoadBegan, LoadEnded
from harness.model import Finding, Form, Severity, Symptom, Trigger
from harness.observations import Observation
from harness.prints import Prints, load_of
from harness.promise import FAULTS_LOAD
from harness.sieve.gathering import gathered

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
    try:
        return _judge_load(record, history, forms, tag, observations, limits)
    except RecordUnreadable as error:
        told = (*record.unreadable, str(error))
        unread = replace(record, files=(), final=None, slices=(), unreadable=told)
        return _judge_load(unread, history, forms, tag, observations, limits)


def pace_of(record: LoadRecord, began: LoadBegan | None) -> Figures:
    """How fast a load was of which nothing else is judged; nothing where it is not there whole."""
    course = Course()
    with suppress(RecordUnreadable), gathered(record.files, {}, None, None) as load:
        found = course_of(load.told)
        if all(file.closed for file in record.files) and not absent(found, began):
            course = found
    return measure(course, began)


def _judge_load(
    record: LoadRecord,
    history: History,
    forms: Mapping[str, Form],
    tag: str,
    observations: Sequence[Observation],
    limits: LoadLimits,
) -> LoadGrounds:
    final, name = record.final, record.name
    began, ended = history.loads_began.get(name), history.loads_ended.get(name)
    observations = [o for o in observations if load_of(o.id) == name]
    sifted, looked, controls = Sifted(), Looked(), Controls(0, 0)
    with gathered(record.files, forms, record.before, final) as load:
        faults = faults_within(load.told.volume.schedules, history.faults)
        load.excuse = partial(excuse, faults=faults)
        adding_up = load.meanwhile(partial(course_of, faults=faults))
        if final is not None:
            sifted = sift(load, forms, record.before, final, slices=record.slices)
            looked = look(sifted, forms, tag, observations)
            controls = plant_load_controls(sifted.whole, forms, tag)
        course = adding_up()
        course.orphans_n = max(course.orphans_n, sifted.orphans_n)
    figures = measure(course, began)
    telling = _Telling(course, figures, sifted, looked, forms, final, name, faults)
    findings = telling.findings()
    owed = [
        *record.unreadable,
        *record.missing,
        *unmeasured(record, course, sifted, looked, figures, findings, history),
        *(f"under load the oracle missed a control: {missed}" for missed in controls.missed),
        *_uncontrolled(sifted, controls, figures),
        *_unharmed(record, course, faults),
    ]
    broken: list[str] = []
    # What only some of the processes did is no pace of the load, and where nothing was journaled
    # there is none.
    known = course.records_n and not absent(course, began)
    slow = _slow(figures, began, ended, limits, name) if known else []
    for sentence, of_application in slow:
        if sentence and of_application:
            # Where nothing was acknowledged, which is told, the load file may be wrong: no release
            # is blamed for it.
            broken += [sentence] if figures.saves_acknowledged else []
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
        warnings=(
            *_warnings(figures, sifted, ended, name, course.excused_n),
            *_of_journals(record, course),
        ),
        controls=controls,
        seconds=telling.seconds(),
        began_s=course.start_s,
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


def _unharmed(record: LoadRecord, course: Course, faults: Sequence[Fault]) -> list[str]:
    if record.name == FAULTS_LOAD and course.schedules and not faults:
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


def _of_journals(record: LoadRecord, course: Course) -> list[str]:
    """What is to be known of the journals themselves, and of who has compared them."""
    warnings = []
    if record.slices:
        folders = ", ".join(dict.fromkeys(str(path.parent) for path, _ in record.slices))
        warnings.append(
            f"the load {record.name} was put together from {plural(len(record.slices), 'slice')} "
            f"in {folders}, and not compared anew; without such a folder it is"
        )
    if course.cut_n:
        warnings.append(
            f"{plural(course.cut_n, 'journal')} of the load ended in the middle of a line, which "
            "counts for nothing: its process was killed"
        )
    return warnings + [
        f"the wall clock of the load's worker {file.name} was set by {file.jumped_s:.1f} s while "
        "it saved: its times may be off by as much"
        for file in record.files
        if file.jumped_s
    ]


@dataclass(frozen=True, slots=True)
class _Telling:
    """What findings of a load are made from."""

    course: Course
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

    def seconds(self) -> tuple[LoadSecond, ...]:
        """The course of the load, with the saves in each second that are not what storage holds."""
        wrong = [s for s in self.looked.symptoms if s.severity is Severity.BLOCK]
        alike = self._alike({symptom.record for symptom in wrong})
        made = self._made({symptom.save for symptom in wrong if symptom.save})
        told = [save for save in made if save.state == "acknowledged"]
        start_s = self.course.start_s
        lost = Counter(int(max(0.0, over_s - start_s)) for over_s in _ended_s(told, alike))
        return tuple(replace(each, lost_n=lost[each.second]) for each in self.course.seconds)

    def _alike(self, records: Set[str]) -> Crowd:
        """Records that were not looked at and differ as those that were."""
        shapes = {
            (s.owing.form.name, s.shape)
            for s in self.looked.failed
            if any(handle.id in records for handle in s.owing.handles)
        }
        alike = Crowd()
        for form_and_shape, crowd in self.looked.unlooked.items():
            if form_and_shape in shapes:
                alike.join(crowd)
        return alike

    def _finding(self, group: Sequence[Symptom]) -> Finding:
        first = group[0]
        records = {symptom.record for symptom in group}
        alike = self._alike(records)
        saves = {symptom.save for symptom in group if symptom.save}
        reads = dict.fromkeys(symptom.observation for symptom in group if symptom.observation)
        paths = [f"observations/{read}.jsonl" for read in reads]
        if self.final is not None:
            paths.append(f"observations/{self.final.path.name}")
        return Finding(
            check=self.name,
            anomaly=first.anomaly,
            form=first.form,
            fields=tuple(ordered({s.field for s in group}, self.forms[first.form])),
            saves_n=len(saves) + alike.saves_n,
            records_n=len(records) + alike.records_n,
            severity=first.severity,
            layer=voted_layer(group),
            trigger=self._trigger(saves, len(records), alike),
            evidence=tuple(paths)[:_EVIDENCE_MAX],
            breach=first.breach,
        )

    def _trigger(self, saves: Set[str], records_n: int, alike: Crowd) -> Trigger:
        """When it happened, and the faults of ours that it takes where all of it lies at some."""
        under = f"under load of {self.figures.target_saves_per_s:g} saves/s"
        under += " with faults" if self.name == FAULTS_LOAD else ""
        counted = f", {alike.records_n} of them only counted" if alike.records_n else ""
        saves_n = len(saves) + alike.saves_n
        if not saves_n:
            every_n = records_n + alike.records_n
            return Trigger(f"{under}: {plural(every_n, 'record')}{counted}")
        made = self._made(saves)
        began_s = [save.began_s for save in made]
        if alike.saves_n:
            began_s += [alike.first_s, alike.last_s]
        when = between(began_s, self.course.start_s)
        lost = met(_ended_s(made, alike), self.faults)
        around = words_of(lost) if self.faults else ""
        total = f"{self.figures.saves_acknowledged:,}"
        text = f"{under}: {saves_n:,} of {total} saves, {when}{around}{counted}"
        told_s = _ended_s((save for save in made if save.state == "acknowledged"), alike)
        all_told = self._tells_of_all()
        names = clustered(told_s, self.course.met, self.faults) if all_told else ()
        return Trigger(text, {FAULT: names} if names else {})

    def _tells_of_all(self) -> bool:
        """Whether storage tells of nearly every save, so that those that it lost can be compared.

        Of records that are saved over and over it tells of the last saves alone.
        """
        return self.sifted.hidden_n <= HIDDEN_SHARE_MAX * self.sifted.acknowledged_n

    def _made(self, saves: Set[str]) -> list[Save]:
        """Those of these saves that were looked at, as they were made."""
        every = (save for trial in self.looked.history.trials.values() for save in trial.saves)
        return [save for save in every if save.id in saves]


def _ended_s(made: Iterable[Save], alike: Crowd) -> list[float]:
    """When each of these saves had its outcome, counted ones to a tenth of a second."""
    looked_at = [save.began_s if save.ended_s is None else save.ended_s for save in made]
    return [*looked_at, *alike.ended_s.elements()]
