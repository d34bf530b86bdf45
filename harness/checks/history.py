"""The journal as trials, records and saves: what each check reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.journal import events as ev
from harness.model import PLANT, Key, Value

State: TypeAlias = Literal["acknowledged", "refused", "unknown"]
FOREVER_S = float("inf")


@dataclass(slots=True)
class Fault:
    """A fault of ours; one that nobody saw end lasts. after is the trial that brought it."""

    name: str
    began_s: float
    ended_s: float = FOREVER_S
    after: str | None = None


@dataclass(slots=True)
class Save:
    """One write of a trial as the user lived it; one without an end is unknown: it was cut."""

    intended: ev.SaveIntended
    trial: str
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

    @property
    def over_s(self) -> float:
        """When its outcome was there; a save that was cut is never over."""
        return FOREVER_S if self.ended_s is None else self.ended_s

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
    def last_views(self) -> list[ev.Shown]:
        """What each reader was shown last."""
        return list({view.reader: view for view in self.shown}.values())

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
    """One execution of a case on one deployment; outcome None: it was cut.

    answered_by and shown_by are the releases that requests and saves were answered by, as far as
    an answer or a page said so.
    """

    began: ev.TrialBegan
    ended: ev.TrialEnded | None = None
    records: list[Record] = field(default_factory=list)
    requests: list[ev.RequestSent] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    answered_by: dict[int, str] = field(default_factory=dict)
    shown_by: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    happened: set[str] = field(default_factory=set)
    switched: ev.Switched | None = None
    served: Mapping[str, int] = field(default_factory=dict)

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
    """A whole journal, by trial; orphans_n are lines of a trial, record or save nobody began."""

    trials: dict[str, Trial] = field(default_factory=dict)
    troubles: list[ev.Trouble] = field(default_factory=list)
    tried: list[ev.TriggerTried] = field(default_factory=list)
    stages: dict[str, tuple[float, float | None, str | None]] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    loads_began: dict[str, ev.LoadBegan] = field(default_factory=dict)
    loads_ended: dict[str, ev.LoadEnded] = field(default_factory=dict)
    began_s: float = 0.0
    ended_s: float = 0.0
    closed: bool = False
    orphans_n: int = 0

    def of_role(self, role: str) -> list[Trial]:
        """The trials on one deployment, in order of their beginning."""
        return [trial for trial in self.trials.values() if trial.began.role == role]

    def promised(self, role: str) -> list[Trial]:
        """Those of them that run a promised case: neither probes nor what plants records."""
        trials = self.of_role(role)
        return [t for t in trials if not t.began.probe and t.began.round != PLANT]


def read_history(events: Iterable[ev.Event]) -> History:
    """The journal's events, in order of time, as a history.

    A line that speaks of an unknown trial, record or save is counted and left out: what it
    belongs to was written first, so the journal has lost something.
    """
    history = History()
    records: dict[str, Record] = {}
    saves: dict[str, Save] = {}
    for event in events:
        history.began_s = min(history.began_s, event.at_s) if history.ended_s else event.at_s
        history.ended_s = max(history.ended_s, event.at_s)
        match event:
            case ev.TrialBegan():
                history.trials[event.trial] = Trial(event)
            case ev.RecordOpened():
                records[event.record] = Record(event, event.key)
                if event.trial in history.trials:
                    history.trials[event.trial].records.append(records[event.record])
                else:
                    history.orphans_n += 1
            case ev.SaveIntended() if event.record in records:
                record = records[event.record]
                saves[event.save] = Save(event, record.opened.trial)
                record.saves.append(saves[event.save])
            case ev.RecordKeyed() if event.record in records:
                records[event.record].key = event.key
            case ev.Shown() if event.record in records:
                records[event.record].shown.append(event)
            case ev.Closed():
                history.closed = True
            case _:
                known = (
                    _of_save(saves, event)
                    or _of_trial(history.trials, event)
                    or _of_run(history, event)
                )
                history.orphans_n += not known
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
            if event.release:
                trials[event.trial].answered_by[event.request] = event.release
        case ev.ReleaseShown() if event.trial in trials:
            trials[event.trial].shown_by[event.save] = event.release
        case ev.Happened() if event.trial in trials:
            trials[event.trial].happened.add(event.what)
        case ev.Switched() if event.trial in trials:
            trials[event.trial].switched = event
        case ev.Served() if event.trial in trials:
            trials[event.trial].served = event.served
        case ev.FaultBegan() | ev.FaultEnded() if event.trial is not None and event.trial in trials:
            _of_fault(trials[event.trial].faults, event)
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
        case ev.StageChosen():
            history.chosen[event.stage] = event.cases_n
        case ev.Trouble():
            history.troubles.append(event)
        case ev.FaultBegan() | ev.FaultEnded():
            _of_fault(history.faults, event)
        case ev.TriggerTried():
            history.tried.append(event)
        case ev.LoadBegan():
            history.loads_began[event.load] = event
        case ev.LoadEnded():
            history.loads_ended[event.load] = event
        case ev.Opened():
            pass
        case _:
            return False
    return True


def _of_fault(faults: list[Fault], event: ev.FaultBegan | ev.FaultEnded) -> None:
    if isinstance(event, ev.FaultBegan):
        faults.append(Fault(event.fault, event.at_s, after=event.after))
        return
    lasting = [f for f in faults if f.name == event.fault and f.ended_s == FOREVER_S]
    if lasting:
        lasting[-1].ended_s = event.at_s
    else:
        faults.append(Fault(event.fault, event.at_s, event.at_s))
