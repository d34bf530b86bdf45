"""A load told as a story: who saved what and when, what storage holds, and the reads around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.checks.load import LoadGrounds, LoadLimits, judge_load
from harness.checks.load_owed import LoadRecord
from harness.checks.pace import Reference
from harness.checks.retelling import LOAD
from harness.checks.sifted import Sifted
from harness.checks.volume import sift
from harness.contracts import fingerprint
from harness.corpus import CLASSES
from harness.journal import events as ev
from harness.journal.acts_files import ActsFile, find_acts
from harness.journal.schedule import Schedule
from harness.journal.volume import Owed, State, VolumeRecord, VolumeSave
from harness.judge import Grounds, weigh
from harness.model import Form, Key, Leg, Release, Value
from harness.observations import Observation, Purpose, Row
from harness.prints import Prints, PrintsWriter, blocks_of, find_prints, printed
from harness.promise import Promise
from harness.sieve.gathering import gathered
from harness.values import Trace, make_text, trial_number
from tests.checks.acts import write_acts
from tests.checks.story import NOTE, TAG, Story
from tests.journal.reading import Journaled

SAVE_S = 0.02


def at_once(hold_s: float) -> tuple[Leg, ...]:
    """The peak from the first moment on."""
    return (Leg(1.0, 0.0), Leg(1.0, hold_s))


def sifted_of(
    files: Sequence[ActsFile],
    forms: Mapping[str, Form],
    before: Prints | None,
    final: Prints,
    partitions_n: int | None = None,
    *,
    in_bulk: bool = True,
) -> Sifted:
    """What the sieve says of a load's journal and the reads around it."""
    with gathered(files, forms, before, final, partitions_n) as load:
        return sift(load, forms, before, final, in_bulk=in_bulk)


@dataclass
class LoadStory:
    """One load of one form; a save takes twenty milliseconds unless a test says otherwise."""

    folder: Path
    form: Form = NOTE
    rate: float = 10.0
    hold_s: float = 10.0
    now_s: float = 1000.0
    volume: Journaled = field(default_factory=Journaled)
    rows: list[Row] = field(default_factory=list)
    before_rows: list[Row] | None = None
    observations: list[Observation] = field(default_factory=list)
    busy: float | None = 0.2
    ended: bool = True
    users: int = 20
    processes: int = 1
    limit_ms: float | None = None
    limits_ms: dict[int, float] = field(default_factory=dict)
    ratio_max: float | None = None
    baseline: Reference | None = None
    name: str = LOAD
    faults: list[tuple[str, float, float]] = field(default_factory=list)
    records: dict[int, int] = field(default_factory=dict)
    trouble: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.start_s = self.now_s
        self.volume.schedules.append(Schedule(self.now_s, self.rate, at_once(self.hold_s)))

    # --- what is driven -----------------------------------------------------------------------

    def stands(self, key: str, **fields: Value) -> None:
        """A row is there before the load."""
        empty: dict[str, Value] = dict.fromkeys((f.name for f in self.form.fields), None)
        self.rows.append(Row(self.form.name, (key,), {**empty, **fields}))

    def starts(self) -> None:
        """What stands now is what stood before."""
        self.before_rows = list(self.rows)

    def record(self, key: str | None, user: int = 0, *, late: bool = False) -> LoadRecordStory:
        """A handle of a record; late: its key is known once it was saved."""
        if self.before_rows is None:
            self.starts()
        self.records[user] = ordinal = self.records.get(user, 0) + 1
        id_ = f"{LOAD}/{user}/1/r{ordinal}"
        found = VolumeRecord(
            id_, self.form.name, self.now_s, (key,) if key else None, keyed_late=late
        )
        self.volume.records[id_] = found
        return LoadRecordStory(self, found, user, ordinal)

    def saves(self, count: int, *names: str, first: int = 0) -> list[LoadRecordStory]:
        """So many records, each saved once at its due time and kept."""
        made = []
        for n in range(first, first + count):
            record = self.record(f"k{n}", user=n % self.users)
            record.save(*(names or ("reason", "history"))).acknowledged()
            made.append(record)
        return made

    # --- what storage holds -------------------------------------------------------------------

    def put(self, key: Key, fields: Mapping[str, Value]) -> None:
        """The application stores fields of a row, which may be new."""
        for at, row in enumerate(self.rows):
            if row.key == key:
                self.rows[at] = replace(row, fields={**row.fields, **fields})
                return
        self.stands(key[0], **fields)

    def put_beside(self, key: Key, rest: str) -> None:
        """The digests of a row's other columns."""
        self.rows = [replace(row, rest=rest) if row.key == key else row for row in self.rows]

    def drop(self, key: Key) -> None:
        """A row is gone."""
        self.rows = [row for row in self.rows if row.key != key]

    def streamed(self, purpose: Purpose, rows: list[Row]) -> Prints:
        """A read of every row, of which fingerprints are kept."""
        writer = PrintsWriter(
            self.folder,
            {self.form.name: self.form},
            id=f"0{1 + (purpose == 'final')}-{self.name}-{purpose}",
            role=LOAD,
            purpose=purpose,
            began_s=self.now_s if purpose == "final" else 0.0,
        )
        writer.write(blocks_of(printed(row, self.form) for row in rows))
        writer.close(self.now_s)
        return next(p for p in find_prints(self.folder) if p.purpose == purpose)

    def looks(self, *purposes: Purpose) -> None:
        """What stands is read whole."""
        for purpose in purposes:
            self.now_s += 1.5
            id_ = f"0{3 + len(self.observations)}-{self.name}-{purpose}"
            rows = {self.form.name: tuple(self.rows)}
            self.observations.append(Observation(id_, LOAD, purpose, self.now_s, self.now_s, rows))

    # --- what is said of it -------------------------------------------------------------------

    def record_of(self, after_s: float = 60.0) -> LoadRecord:
        """The record of the load, read so long after it; once only."""
        if self.before_rows is None:
            self.starts()
        before = self.streamed("before", self.before_rows or [])
        self.now_s += after_s
        write_acts(self.folder, self.volume)
        files = tuple(find_acts(self.folder))
        return LoadRecord(files, before, self.streamed("final", self.rows), name=self.name)

    def sifted(self) -> Sifted:
        """What the sieve says."""
        record = self.record_of()
        assert record.before is not None
        assert record.final is not None
        return sifted_of(record.files, {self.form.name: self.form}, record.before, record.final)

    def judged(self, record: LoadRecord | None = None, *, looks: bool = True) -> LoadGrounds:
        """What is said of the load: storage stays as it is from the read of every row on."""
        record = record or self.record_of()
        if looks and not self.observations:
            self.looks("final", "confirm")
        story = Story(form=self.form)
        self._tell_to(story)
        history = weigh(self.promise(), story.events, []).history
        return judge_load(
            record, history, {self.form.name: self.form}, TAG, self.observations, self.limits
        )

    def weighed(self, record: LoadRecord | None = None, *more: ev.Event) -> Grounds:
        """The load within a run in which all else is well."""
        record = record or self.record_of()
        if not self.observations:
            self.looks("final", "confirm")
        story = Story(form=self.form)
        names = [spec.name for spec in self.form.fields]
        story.trial().record("another").save(*names).acknowledged()
        story.ends()
        story.tell(ev.StageEntered(stage=self.name))
        self._tell_to(story, *more)
        story.tell(ev.StageLeft(stage=self.name))
        story.tell(ev.Closed())
        story.changes = {"stages": {self.name: 1}, "save_p95_ms_max": self.limit_ms}
        observations = [*story.observations, *self.observations]
        return weigh(story.promise(), story.events, observations, [record])

    @property
    def limits(self) -> LoadLimits:
        """What the plan says of time."""
        p50_ms, p99_ms = self.limits_ms.get(50), self.limits_ms.get(99)
        return LoadLimits(self.limit_ms, self.ratio_max, self.baseline, p50_ms, p99_ms)

    def _tell_to(self, story: Story, *more: ev.Event) -> None:
        for event in (*self.events(), *more):
            story.tell(event)
        for name, began_s, ended_s in self.faults:
            story.events.append(ev.FaultBegan(at_s=began_s, fault=name))
            story.events.append(ev.FaultEnded(at_s=ended_s, fault=name))

    def fault(self, name: str, began_s: float, lasted_s: float = 1.0) -> None:
        """A fault of ours comes so long after the load began."""
        began_s += self.start_s
        self.faults.append((name, began_s, began_s + lasted_s))

    def events(self) -> list[ev.Event]:
        """What the gate journals of it."""
        began = ev.LoadBegan(
            target_saves_per_s=self.rate,
            lasts_s=self.hold_s,
            hold_s=self.hold_s,
            users=self.users,
            processes=self.processes,
            load=self.name,
        )
        ended = ev.LoadEnded(
            exit_code=0, generator_busy=self.busy, trouble=self.trouble, load=self.name
        )
        return [began, ended] if self.ended else [began]

    def promise(self) -> Promise:
        """What was promised: a load, and nothing else."""
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
            forms={"candidate": {self.form.name: self.form}},
            cases=(),
            stages={"load": 1},
        )
        return replace(promise, save_p95_ms_max=self.limit_ms)


@dataclass
class LoadRecordStory:
    """One handle of a record."""

    story: LoadStory
    volume: VolumeRecord
    user: int
    ordinal: int

    @property
    def row(self) -> Key:
        """The key in storage, known or not."""
        return self.volume.key or (f"row of {self.volume.id}",)

    def text(self, name: str, text: str = "plain", revision: int | None = None) -> str:
        """The traceable text of a field at a revision; the next one where none is given."""
        trace = Trace(
            TAG,
            trial_number("load", self.user, 1),
            0,
            self.ordinal,
            self.story.form.index(name),
            revision or len(self.volume.saves) + 1,
        )
        return make_text(CLASSES[text], trace)

    def save(
        self, *names: str, text: str = "plain", operation: Any = "save", **literal: Value
    ) -> LoadSaveStory:
        """A save begins, now; names get a traceable text, the others are saved as they are."""
        story, form = self.story, self.story.form
        values: dict[str, Value] = {name: self.text(name, text) for name in names}
        fields = {
            name: Owed(text, fingerprint(value, form.field(name).contract, form.field(name).kind))
            for name, value in values.items()
        }
        for name, value in literal.items():
            spec = form.field(name)
            fields[name] = Owed(ev.LITERAL, fingerprint(value, spec.contract, spec.kind), (value,))
        id_ = f"{self.volume.id}/s{len(self.volume.saves) + 1}"
        save = VolumeSave(id_, operation, story.now_s, story.now_s, fields)
        self.volume.saves.append(save)
        story.now_s = round(story.now_s + 1 / story.rate, 6)
        return LoadSaveStory(self, save, {**values, **literal})

    def holds(self, **fields: Value) -> None:
        """Storage holds this, whatever was saved."""
        self.story.put(self.row, fields)

    def vanishes(self) -> None:
        """The row is gone."""
        self.story.drop(self.row)


@dataclass
class LoadSaveStory:
    """One save, from its intent to its outcome."""

    record: LoadRecordStory
    save: VolumeSave
    values: dict[str, Value]

    def acknowledged(self, *, stores: bool = True, took_s: float = SAVE_S) -> LoadRecordStory:
        """The user is told that it is stored."""
        return self._ends("acknowledged", "204 PATCH /api/notes/7", took_s, stores)

    def refused(self, *, stores: bool = False) -> LoadRecordStory:
        """The user is told that it failed."""
        return self._ends("refused", "500 PATCH /api/notes/7", SAVE_S, stores)

    def unknown(self, *, stores: bool = False) -> LoadRecordStory:
        """Nobody knows."""
        return self._ends("unknown", "no answer", SAVE_S, stores)

    def _ends(self, state: State, told: str, took_s: float, stores: bool) -> LoadRecordStory:
        save, record = self.save, self.record
        save.state, save.told, save.ended_s = state, told, round(save.began_s + took_s, 6)
        record.story.now_s = max(record.story.now_s, save.ended_s)
        if stores and save.operation == "delete":
            record.vanishes()
        elif stores and save.operation != "discard":
            record.holds(**self.values)
        return record
