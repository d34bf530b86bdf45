"""A run told as a story: what was saved, what the user was told, what storage holds.

A healthy application stores what it acknowledges. A test tells the healthy part, and then what went
wrong: ``record.holds(reason=None)``, ``record.vanishes()``, ``story.row(...)``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from harness.checks.findings import gather
from harness.corpus import CLASSES
from harness.journal import events as ev
from harness.judge import Grounds, conclude, weigh
from harness.model import (
    Anomaly,
    Case,
    Contract,
    Field,
    Form,
    Key,
    Release,
    Severity,
    Symptom,
    Value,
)
from harness.observations import Observation, Purpose, Row
from harness.promise import Promise
from harness.values import Trace, make_text, trial_number
from harness.verdict import Verdict

TAG = "ab12"
TICK_S = 0.01
FOUR = ("reason", "history", "examination", "conclusion")

NOTE = Form(
    name="note",
    storage="main",
    key=("id",),
    fields=tuple(Field(name, name, contract=Contract(newline="any")) for name in FOUR),
    table="note",
)


def form(name: str = "note", *fields: Field, **how: Any) -> Form:
    """A form; without fields it has two texts, ``reason`` and ``history``."""
    specs = fields or (Field("reason", "reason"), Field("history", "history"))
    return Form(name=name, storage="main", key=("id",), fields=specs, table=name, **how)


def single(name: str = "note", **how: Any) -> Form:
    """A form of one text, ``reason``."""
    return form(name, Field("reason", "reason"), **how)


@dataclass
class Story:
    """One run; its clock moves with every line."""

    form: Form = NOTE
    others: tuple[Form, ...] = ()
    scenario: str = "test_note"
    now_s: float = 100.0
    events: list[ev.Event] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    cases: list[Case] = field(default_factory=list)
    trials: list[TrialStory] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def forms(self) -> dict[str, Form]:
        """Every form by name."""
        return {spec.name: spec for spec in (self.form, *self.others)}

    def tell(self, event: ev.Event) -> float:
        """One line of the journal."""
        self.now_s = round(self.now_s + TICK_S, 6)
        self.events.append(replace(event, at_s=self.now_s))
        return self.now_s

    def waits(self, seconds: float) -> None:
        """Time goes by."""
        self.now_s = round(self.now_s + seconds, 6)

    # --- what is driven -----------------------------------------------------------------------

    def trial(
        self,
        *,
        again: TrialStory | None = None,
        role: str = "candidate",
        scenario: str | None = None,
        stage: str = "drive",
        lives: Mapping[str, str] | None = None,
        **levels: str,
    ) -> TrialStory:
        """A case begins; again runs the case of another trial once more, on any deployment.

        lives are the levels that a stage across versions adds.
        """
        if not any(o.role == role and o.purpose == "before" for o in self.observations):
            self.reads("before", role=role)
        case = again.case if again else self.case(scenario, **levels)
        attempt = 1 + sum(t.case == case and t.role == role for t in self.trials)
        trial = TrialStory(self, case, role, attempt)
        self.trials.append(trial)
        self.tell(
            ev.TrialBegan(
                trial=trial.id,
                case=case.id,
                number=case.number,
                role=role,
                attempt=attempt,
                round=stage,
                levels={**case.levels, **(lives or {})},
            )
        )
        return trial

    def another(self) -> None:
        """A trial in which all is well, which shows that the right storage is read."""
        self.trial().record("another").save("reason").acknowledged()

    def case(self, scenario: str | None = None, **levels: str) -> Case:
        """A case is promised."""
        name, number = scenario or self.scenario, len(self.cases)
        told = "-".join(levels.values()) or str(number)
        case = Case(f"test_x.py::{name}[{told}-{number}]", number, name, "test_x.py", 1, levels)
        self.cases.append(case)
        return case

    def stage(self, name: str, skipped: str | None = None) -> None:
        """A stage comes and goes."""
        self.tell(ev.StageEntered(stage=name))
        self.tell(ev.StageLeft(stage=name, skipped=skipped))

    def fault(
        self,
        name: str,
        lasts_s: float | None,
        trial: str | None = None,
        after: str | None = None,
    ) -> None:
        """A fault of ours; lasts_s None: nobody saw it end."""
        self.tell(ev.FaultBegan(fault=name, trial=trial, after=after))
        if lasts_s is not None:
            self.waits(lasts_s)
            self.tell(ev.FaultEnded(fault=name, trial=trial))

    # --- what storage holds -------------------------------------------------------------------

    def row(self, name: str, key: str, role: str = "candidate", **fields: Value) -> None:
        """A row stands in storage, whoever put it there."""
        empty: dict[str, Value] = dict.fromkeys((f.name for f in self.forms[name].fields), None)
        self.rows[role].append(Row(name, (key,), {**empty, **fields}))

    def put(self, role: str, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """The application stores fields of a row, which may be new."""
        if not any((row.form, row.key) == (name, key) for row in self.rows[role]):
            self.row(name, key[0], role)
        self.rows[role] = [
            replace(row, fields={**row.fields, **fields})
            if (row.form, row.key) == (name, key)
            else row
            for row in self.rows[role]
        ]

    def drop(self, role: str, name: str, key: Key) -> None:
        """A row is gone."""
        self.rows[role] = [row for row in self.rows[role] if (row.form, row.key) != (name, key)]

    def reads(self, *purposes: Purpose, role: str = "candidate", after_s: float = 0.0) -> Story:
        """Storage is read as it stands now, once for each purpose."""
        for purpose in purposes:
            self.waits(after_s)
            rows = {
                name: tuple(
                    replace(row, rest=self.rest.get((row.form, row.key[0]), ""))
                    for row in self.rows[role]
                    if row.form == name
                )
                for name in self.forms
            }
            began_s = self.now_s = round(self.now_s + TICK_S, 6)
            id_ = f"{len(self.observations) + 1:02d}-{role}-{purpose}"
            self.observations.append(
                Observation(id_, role, purpose, began_s, began_s, rows, self.columns.get(role, {}))
            )
        return self

    # --- how it ends --------------------------------------------------------------------------

    def ends(self, role: str = "candidate") -> Story:
        """Every open trial completes, time goes by, and storage is read twice."""
        for trial in self.trials:
            if not trial.over:
                trial.ends()
        return self.reads("final", "confirm", role=role, after_s=60)

    def promise(self) -> Promise:
        """What was promised of it all."""
        promise = Promise(
            run="r1",
            tag=TAG,
            app="clinic",
            release=Release("v2"),
            baseline=None,
            profile="commit",
            deployer="process",
            plan_digest="d",
            started="2024-01-01T00:00:00",
            today="2024-01-01",
            forms={"candidate": self.forms, "baseline": self.forms},
            cases=tuple(self.cases),
            stages={},
        )
        return replace(promise, **self.changes)

    def weighed(self) -> Grounds:
        """What every check says."""
        return weigh(self.promise(), self.events, self.observations)

    def judged(self) -> Verdict:
        """The verdict of a run that came to its end."""
        if not any(isinstance(event, ev.Closed) for event in self.events):
            self.tell(ev.Closed())
        return conclude(self.weighed())

    @property
    def symptoms(self) -> tuple[Symptom, ...]:
        """Every symptom of the candidate."""
        return self.weighed().symptoms

    @property
    def seen(self) -> dict[str, str]:
        """The anomaly of each field, with its severity where it does not block."""
        return {
            s.field: str(s.anomaly)
            if s.severity is Severity.BLOCK
            else f"{s.anomaly} ({s.severity})"
            for s in self.symptoms
        }


@dataclass
class TrialStory:
    """One trial, as it is told."""

    story: Story
    case: Case
    role: str
    attempt: int
    over: bool = False
    records: int = 0
    requests: int = 0

    @property
    def id(self) -> str:
        """Its id in the journal."""
        return f"{self.role}/{self.case.number}/{self.attempt}"

    def record(
        self,
        key: str | None = None,
        *,
        form: str | None = None,
        initial: Mapping[str, Value] | None = None,
    ) -> RecordStory:
        """A handle of a record is opened."""
        self.records += 1
        name = form or self.story.form.name
        record = RecordStory(self, name, self.records, (key,) if key else None)
        self.story.tell(
            ev.RecordOpened(
                trial=self.id,
                record=record.id,
                form=name,
                ordinal=self.records,
                key=record.key,
                initial=initial,
            )
        )
        return record

    def sends(
        self,
        path: str = "/api/notes/7",
        method: str = "PUT",
        status: int = 200,
        **leaves: str | None,
    ) -> None:
        """The page sends a body."""
        self.requests += 1
        body = tuple(leaves.items())
        self.story.tell(
            ev.RequestSent(
                trial=self.id,
                request=self.requests,
                method=method,
                path=path,
                leaves=body,
                digests=("",) * len(body),
            )
        )
        self.story.tell(ev.RequestAnswered(trial=self.id, request=self.requests, status=status))

    def sends_all(self, values: Mapping[str, Value]) -> None:
        """The page sends what is to be saved."""
        self.sends(**{name: str(value) for name, value in values.items()})  # type: ignore[arg-type]

    def sends_unseen(self) -> None:
        """The page sends a body that the browser withholds."""
        self.requests += 1
        self.story.tell(
            ev.RequestSent(
                trial=self.id, request=self.requests, method="POST", path="/beacon", opaque=True
            )
        )

    def switches(self, to: str = "upgraded") -> None:
        """From now on another release answers."""
        self.story.tell(ev.Switched(trial=self.id, to=to, served={}))

    def was_served(self, **by: int) -> None:
        """So many requests were answered by each release, by its role."""
        self.story.tell(ev.Served(trial=self.id, served=by))

    def ends(self, outcome: ev.Outcome = "completed", message: str = "", told: str = "") -> None:
        """The trial is over."""
        self.over = True
        self.story.tell(ev.TrialEnded(trial=self.id, outcome=outcome, message=message, told=told))


@dataclass
class RecordStory:
    """One handle of a record."""

    trial: TrialStory
    form: str
    ordinal: int
    key: Key | None
    revision: int = 0

    @property
    def id(self) -> str:
        """Its id in the journal."""
        return f"{self.trial.id}/r{self.ordinal}"

    @property
    def row(self) -> Key:
        """The key in storage, known or not."""
        return self.key or (f"row of {self.id}",)

    def text(self, name: str, text: str = "plain", revision: int | None = None) -> str:
        """The traceable text of a field at a revision; the next one where none is given."""
        story, trial = self.trial.story, self.trial
        number = trial_number(trial.role, trial.case.number, trial.attempt)  # type: ignore[arg-type]
        trace = Trace(
            TAG,
            number,
            list(story.forms).index(self.form),
            self.ordinal,
            story.forms[self.form].index(name),
            revision or self.revision + 1,
        )
        return make_text(CLASSES[text], trace)

    def save(self, *names: str, text: str = "plain", **values: Value) -> SaveStory:
        """A save is begun: names get a traceable text, values are typed as they are."""
        made: dict[str, Value] = {name: self.text(name, text) for name in names}
        classes = {**dict.fromkeys(names, text), **dict.fromkeys(values, ev.LITERAL)}
        return self._begin("save", {**made, **values}, classes)

    def clear(self, *names: str) -> SaveStory:
        """An emptying is begun."""
        return self._begin("clear", dict.fromkeys(names, ""))

    def delete(self) -> SaveStory:
        """A deletion is begun."""
        return self._begin("delete", {})

    def discard(self, *names: str) -> SaveStory:
        """Values are typed, to be given up."""
        return self._begin("discard", {name: self.text(name) for name in names})

    def _begin(
        self,
        operation: ev.Operation,
        values: Mapping[str, Value],
        classes: Mapping[str, str] | None = None,
    ) -> SaveStory:
        self.revision += 1
        save = SaveStory(self, f"{self.id}/s{self.revision}", operation, dict(values))
        self.trial.story.tell(
            ev.SaveIntended(
                save=save.id,
                record=self.id,
                revision=self.revision,
                operation=operation,
                values=values,
                classes=classes or {},
            )
        )
        return save

    def is_keyed(self, key: str) -> None:
        """The key becomes known, and is the row's."""
        story, role = self.trial.story, self.trial.role
        story.rows[role] = [
            replace(row, key=(key,)) if (row.form, row.key) == (self.form, self.row) else row
            for row in story.rows[role]
        ]
        self.key = (key,)
        story.tell(ev.RecordKeyed(record=self.id, key=self.key))

    def holds(self, **fields: Value) -> None:
        """Storage holds this, whatever was saved."""
        self.trial.story.put(self.trial.role, self.form, self.row, fields)

    def vanishes(self) -> None:
        """The row is gone."""
        self.trial.story.drop(self.trial.role, self.form, self.row)

    def is_shown(self, error: str | None = None, **values: Value) -> None:
        """A fresh reader looks at it."""
        story = self.trial.story
        began_s = story.now_s
        story.tell(
            ev.Shown(
                record=self.id, reader="colleague", began_s=began_s, values=values, error=error
            )
        )


@dataclass
class SaveStory:
    """One save, from its intent to its outcome."""

    record: RecordStory
    id: str
    operation: ev.Operation
    values: dict[str, Value]

    def typed(self, name: str, value: Value, how: str = "fill") -> SaveStory:
        """What the page holds after input."""
        self.values[name] = value
        self.record.trial.story.tell(ev.FieldTyped(save=self.id, field=name, value=value, how=how))
        return self

    def acknowledged(self, *, stores: bool = True, level: Any = "page") -> RecordStory:
        """The user is told that it is stored; a row is there, whatever is stored of it."""
        if stores:
            self._store()
        elif self.operation == "save":
            self.record.holds()
        self.record.trial.story.tell(
            ev.SaveAcknowledged(save=self.id, evidence="Saved", level=level)
        )
        return self.record

    def refused(self, *, stores: bool = False) -> RecordStory:
        """The user is told that it failed."""
        if stores:
            self._store()
        self.record.trial.story.tell(ev.SaveRefused(save=self.id, evidence="Too long"))
        return self.record

    def unknown(self, fault: str | None = "cut", *, stores: bool = False) -> RecordStory:
        """Nobody knows."""
        if stores:
            self._store()
        self.record.trial.story.tell(ev.SaveUnknown(save=self.id, reason="cut", fault=fault))
        return self.record

    def _store(self) -> None:
        record = self.record
        if self.operation == "delete":
            record.vanishes()
        elif self.operation != "discard":
            record.holds(**self.values)


def lost_when_shared(levels_of: Mapping[str, list[str]] | None = None) -> Story:
    """The incident: with a shared document, none of the four fields is stored."""
    story = Story(scenario="test_consultation_then_share")
    number = 0
    for shares in ("0", "1", "2", "5"):
        for moment in ("before", "between", "after"):
            number += 1
            trial = story.trial(shares=shares, moment=moment)
            record = trial.record(str(number))
            record.holds()
            save = record.save(*FOUR)
            if shares == "0":
                trial.sends_all(save.values)
            else:
                trial.sends(shared=shares)
            save.acknowledged(stores=shares == "0")
    return story


__all__ = [
    "FOUR",
    "NOTE",
    "Anomaly",
    "RecordStory",
    "SaveStory",
    "Story",
    "TrialStory",
    "form",
    "gather",
    "lost_when_shared",
    "single",
]
