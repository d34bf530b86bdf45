"""The journal as trials, records and saves: what each check reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.journal import events as ev
from harness.model import Key, Value

State: TypeAlias = Literal["acknowledged", "refused", "unknown"]


@dataclass(slots=True)
class Save:
    """One write as the user lived it; open ended (ended_s None) is unknown: the run was cut."""

    intended: ev.SaveIntended
    typed: dict[str, list[ev.FieldTyped]] = field(default_factory=dict)
    state: State = "unknown"
    ended_s: float | None = None
    evidence: str = "the run was cut while this save was open"
    level: str = "page"
    fault: str | None = None

    @property
    def id(self) -> str:
        """The save's id in the journal."""
        return self.intended.save

    @property
    def began_s(self) -> float:
        """When the block was entered."""
        return self.intended.at_s

    def due(self, name: str) -> Value:
        """What the page held last for the field, else what was intended."""
        typed = self.typed.get(name)
        return typed[-1].value if typed else self.intended.values[name]


@dataclass(slots=True)
class Record:
    """One record a trial worked on, its saves in the order they were intended."""

    opened: ev.RecordOpened
    key: Key | None
    saves: list[Save] = field(default_factory=list)
    shown: list[ev.Shown] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The record's id in the journal."""
        return self.opened.record

    @property
    def form(self) -> str:
        """The form's name."""
        return self.opened.form


@dataclass(slots=True)
class Trial:
    """One execution of a case on one deployment; outcome None: it was cut."""

    began: ev.TrialBegan
    ended: ev.TrialEnded | None = None
    records: list[Record] = field(default_factory=list)
    requests: list[ev.RequestSent] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    faults_ended_s: list[float] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The trial's id in the journal."""
        return self.began.trial

    @property
    def saves(self) -> list[Save]:
        """Every save of every record."""
        return [save for record in self.records for save in record.saves]


@dataclass(slots=True)
class History:
    """A whole journal, by trial."""

    trials: dict[str, Trial] = field(default_factory=dict)
    troubles: list[ev.Trouble] = field(default_factory=list)
    stages: dict[str, tuple[float, float | None, str | None]] = field(default_factory=dict)
    faults_ended_s: list[float] = field(default_factory=list)
    began_s: float = 0.0
    ended_s: float = 0.0
    closed: bool = False

    def of_role(self, role: str) -> list[Trial]:
        """The trials on one deployment, in order of their beginning."""
        return [trial for trial in self.trials.values() if trial.began.role == role]


def read_history(events: Iterable[ev.Event]) -> History:
    """The journal's events, in order of time, as a history.

    A line that speaks of an unknown trial, record or save is left out: its own process was
    cut before it could say what it belongs to.
    """
    history = History()
    records: dict[str, Record] = {}
    saves: dict[str, Save] = {}
    for event in events:
        history.began_s = history.began_s or event.at_s
        history.ended_s = event.at_s
        match event:
            case ev.TrialBegan():
                history.trials[event.trial] = Trial(event)
            case ev.RecordOpened():
                records[event.record] = Record(event, event.key)
                if event.trial in history.trials:
                    history.trials[event.trial].records.append(records[event.record])
            case ev.SaveIntended() if event.record in records:
                saves[event.save] = Save(event)
                records[event.record].saves.append(saves[event.save])
            case ev.RecordKeyed() if event.record in records:
                records[event.record].key = event.key
            case ev.Shown() if event.record in records:
                records[event.record].shown.append(event)
            case ev.Closed():
                history.closed = True
            case _:
                _of_save(saves, event) or _of_trial(history.trials, event) or _of_run(
                    history, event
                )
    return history


def _of_save(saves: Mapping[str, Save], event: ev.Event) -> bool:
    match event:
        case ev.FieldTyped() if event.save in saves:
            saves[event.save].typed.setdefault(event.field, []).append(event)
        case ev.SaveAcknowledged() if event.save in saves:
            save = saves[event.save]
            save.state, save.ended_s, save.evidence = "acknowledged", event.at_s, event.evidence
            save.level = event.level
        case ev.SaveRefused() if event.save in saves:
            save = saves[event.save]
            save.state, save.ended_s, save.evidence = "refused", event.at_s, event.evidence
        case ev.SaveUnknown() if event.save in saves:
            save = saves[event.save]
            save.state, save.ended_s, save.evidence = "unknown", event.at_s, event.reason
            save.fault = event.fault
        case _:
            return False
    return True


def _of_trial(trials: Mapping[str, Trial], event: ev.Event) -> bool:
    match event:
        case ev.TrialEnded() if event.trial in trials:
            trials[event.trial].ended = event
        case ev.RequestSent() if event.trial in trials:
            trials[event.trial].requests.append(event)
        case ev.RequestAnswered() if event.trial in trials:
            trials[event.trial].answers[event.request] = event.status
        case ev.FaultEnded() if event.trial in trials:
            trials[event.trial].faults_ended_s.append(event.at_s)
        case _:
            return False
    return True


def _of_run(history: History, event: ev.Event) -> bool:
    match event:
        case ev.StageEntered():
            history.stages[event.stage] = (event.at_s, None, None)
        case ev.StageLeft() if event.stage in history.stages:
            began_s = history.stages[event.stage][0]
            history.stages[event.stage] = (began_s, event.at_s, event.skipped)
        case ev.Trouble():
            history.troubles.append(event)
        case ev.FaultEnded():
            history.faults_ended_s.append(event.at_s)
        case _:
            return False
    return True
