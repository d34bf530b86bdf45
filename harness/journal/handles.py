"""Record and save handles: the acts that a scenario, a load generator or a probe journals.

A handle knows no browser. What shows a save to its user, a page or an answer of the network, is a
:class:`Surface`; the one used without any is :class:`Told`, which takes the evidence as it is.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, TypeAlias

from harness import corpus, values
from harness.errors import EnvironmentBroken, ScenarioError
from harness.journal import events as ev
from harness.journal.writer import Writer
from harness.model import Field, FileValue, Form, Key, Value
from harness.values import Trace

REASON_CHARS_MAX = 300
EVIDENCE_CHARS_MAX = 300
# So many shapes of saves are remembered: a load may draw a text class for each field, each time.
SHAPES_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Exact:
    """A literal to type, as it is; it carries no marker of its own."""

    value: str | None


def exact(value: str | None) -> Exact:
    """A literal for a choice, a number, a date, a flag, or a text that is the point itself."""
    if value is not None and not isinstance(value, str):
        raise ScenarioError(f"exact({value!r}): a page holds text; write exact({str(value)!r})")
    return Exact(value)


Spec: TypeAlias = "str | corpus.TextClass | int | Exact | Sequence[str | corpus.TextClass | Exact]"
# A spec with text classes instead of their names.
Made: TypeAlias = "Exact | corpus.TextClass | int | tuple[corpus.TextClass | Exact, ...]"
# How a trial makes the texts of a save: of what is entered, by record and revision.
Make: TypeAlias = "Callable[[Entered, Trial, int, int], Texts]"
Typed: TypeAlias = str | Path | tuple[str | None, ...] | None
KeyLike: TypeAlias = object
# A form, an operation, and the names of text classes by field.
Asked: TypeAlias = tuple[object, ...]


class Surface(Protocol):
    """Where a save is acted out: it finds evidence of what the user was told, and takes input."""

    def witness(self, save: Save, evidence: object, level: str) -> str:
        """The text the user was told during this save; raises where there is none."""
        ...

    def enter(self, save: Save, name: str, place: object, how: str) -> None:
        """Put the field's value into a place of the page and journal what it then holds."""
        ...

    def told(self, save: Save) -> None:
        """The save has its acknowledgement, which is journaled."""
        ...


class Told:
    """The surface of whoever has no page: evidence is the text that was received."""

    def witness(self, save: Save, evidence: object, level: str) -> str:
        """The evidence itself; anything but a text that says something is a ScenarioError."""
        if not isinstance(evidence, str) or not evidence.strip():
            raise ScenarioError(
                f"{save.id}: the evidence of a {level} is a text, not {evidence!r}; "
                "pass what was received, such as '204 /notes/7'"
            )
        return evidence

    def enter(self, save: Save, name: str, place: object, how: str) -> None:
        """There is no page to type into: a ScenarioError."""
        raise ScenarioError(
            f"{save.id}: no page takes {name!r} here ({how} into {place!r}); "
            f"send save.{name} yourself and journal it with save.typed({name}=...)"
        )

    def told(self, save: Save) -> None:
        """Nobody waits for it."""


class Trial:
    """One execution of a case, open for writing: it hands out records and journals faults.

    id is ``role/number/attempt``; run is the run's four-character tag and number what
    :func:`harness.values.trial_number` gives, both for traceable values. Generated files go to
    files, which exists; None where no form of this trial has one. pace waits until the next save
    may begin, and says when that was to be (monotonic seconds). entered is what was worked out for
    trials with the same forms before, of SHAPES_MAX shapes at most. keeps says that somebody reads
    back what was saved; make makes what a save of nothing but texts types.
    """

    def __init__(  # noqa: PLR0913 - a trial is all that its handles need to know
        self,
        writer: Writer,
        *,
        id: str,  # noqa: A002 - the journal's own word
        run: str,
        number: int,
        forms: Mapping[str, Form],
        files: Path | None = None,
        surface: Surface | None = None,
        pace: Callable[[], float | None] = lambda: None,
        entered: dict[Asked, Entered] | None = None,
        keeps: bool = True,
        make: Make | None = None,
    ) -> None:
        self.writer = writer
        self.id = id
        self.run = run
        self.number = number
        self.forms = forms
        self.files = files
        self.surface: Surface = surface or Told()
        self.pace = pace
        self.records: list[Record] = []
        self.records_n = 0
        self._faults: list[_Fault] = []
        self.keeps = keeps
        self.make: Make = make or texts_now
        self._entered = {} if entered is None else entered

    def entered(self, form: Form, operation: ev.Operation, specs: Mapping[str, Spec]) -> Entered:
        """What a save with these specs enters into a form.

        Raises ScenarioError where the form has no such field, or it cannot be given this.
        """
        # Under load the same few are asked for thousands of times a second.
        key = (form.name, operation, *specs.items())
        try:
            known = self._entered.get(key)
        except TypeError:  # a list, for a field of many rows
            known = None
        if known is None:
            known = self._enter(form, operation, specs)
            if all(isinstance(spec, str) for spec in specs.values()):
                if len(self._entered) >= SHAPES_MAX:
                    self._entered.clear()
                self._entered[key] = known
        return known

    def _enter(self, form: Form, operation: ev.Operation, specs: Mapping[str, Spec]) -> Entered:
        entries = {}
        for name, spec in specs.items():
            field = _field(form, name)
            if operation != "clear":
                _check_spec(form, field, spec)
            entries[name] = Entry(field, form.index(name), _text_classes(spec), _class_of(spec))
        return Entered(form, list(self.forms).index(form.name), entries)

    def record(
        self,
        form: str,
        key: KeyLike = None,
        initial: Mapping[str, Value] | None = None,
    ) -> Record:
        """A handle of one record of a form; initial is what its fields hold before any save.

        An initial without a field says that the record is there, and of its fields nothing.
        A key may be text, a number, or a tuple of them, one per key column; None where it only
        becomes known later. Raises ScenarioError on an unknown form or field, or a key that
        does not fit.
        """
        of = self.forms.get(form)
        if of is None:
            raise ScenarioError(_unknown("form", form, self.forms))
        for name in initial or ():
            _field(of, name)
        record = Record(self, of, self.records_n + 1, initial, key)
        self.records_n += 1
        if self.keeps:
            self.records.append(record)
        self.writer.opened(record)
        return record

    @property
    def mark(self) -> str:
        """A word for texts that are spelled out, by which this trial's records are known again."""
        return values.mark(self.run, self.number)

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """A fault of this trial's own making (a network cut): saves it overlaps may be unknown."""
        fault = _Fault(name, began_s=self.writer.write(ev.FaultBegan(fault=name, trial=self.id)))
        self._faults.append(fault)
        try:
            yield
        finally:
            fault.ended_s = self.writer.write(ev.FaultEnded(fault=name, trial=self.id))

    def happened(self, what: str) -> None:
        """Tell that something happened, in the words of ``@obliged(...)``."""
        if not what.strip():
            raise ScenarioError("journal.happened(...) needs the words of what happened")
        self.writer.write(ev.Happened(trial=self.id, what=what))

    @property
    def faults_ended_s(self) -> float:
        """When the last fault of this trial was over; 0 without any."""
        return max((fault.ended_s or 0.0 for fault in self._faults), default=0.0)

    def fault_since(self, began_s: float) -> str | None:
        """The latest fault of this trial that was on at began_s or later."""
        for fault in reversed(self._faults):
            if fault.ended_s is None or fault.ended_s >= began_s:
                return fault.name
        return None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a save enters into one field.

    place is where the field stands in its form, as traceable values spell it; text_class is what
    the journal calls the spec.
    """

    field: Field
    place: int
    spec: Made
    text_class: str


class Texts(NamedTuple):
    """What a save types, by field; spelled is that for the journal, "" where it is yet to do so."""

    by_field: dict[str, str]
    spelled: str = ""


class Entered:
    """What a save enters into a form, which stands at form_at in the plan.

    classes is what the journal calls each field's spec; texts are the fields whose value is nothing
    but the text of a class, as :func:`harness.values.make_texts` takes them; others says that there
    are more than these.
    """

    __slots__ = ("classes", "entries", "form", "form_at", "others", "texts")

    def __init__(self, form: Form, form_at: int, entries: Mapping[str, Entry]) -> None:
        self.form = form
        self.form_at = form_at
        self.entries = entries
        self.classes = {name: entry.text_class for name, entry in entries.items()}
        self.texts = [
            (name, entry.spec, entry.place, entry.field.max_chars)
            for name, entry in entries.items()
            if isinstance(entry.spec, corpus.TextClass)
        ]
        self.others = len(self.texts) < len(entries)


@dataclass(slots=True)
class _Fault:
    name: str
    began_s: float
    ended_s: float | None = None


class Record:
    """One record: its key, once known, and the saves that are made of it."""

    __slots__ = ("_key", "form", "id", "initial", "ordinal", "saves", "saves_n", "trial")

    def __init__(
        self,
        trial: Trial,
        form: Form,
        ordinal: int,
        initial: Mapping[str, Value] | None,
        key: KeyLike = None,
    ) -> None:
        self.trial = trial
        self.form = form
        self.ordinal = ordinal
        self.id = f"{trial.id}/r{ordinal}"
        self.initial = initial
        self.saves: list[Save] = []
        self.saves_n = 0
        self._key: Key | None = None if key is None else self.key_of(key)

    @property
    def key(self) -> Key | None:
        """The key's parts as text; None while it is not known."""
        return self._key

    @key.setter
    def key(self, key: KeyLike) -> None:
        known = self.key_of(key)
        if self._key is not None and known != self._key:
            raise ScenarioError(
                f"{self.id} is keyed {self._key}, and is now given {known}; "
                "another record is another journal.record(...)"
            )
        if self._key is None:
            self.trial.writer.write(ev.RecordKeyed(record=self.id, key=known))
            self._key = known

    def key_of(self, key: KeyLike) -> Key:
        """The key as the journal has it; raises ScenarioError where it cannot name a record."""
        if type(key) is int and len(self.form.key) == 1:
            return (str(key),)
        parts = key if isinstance(key, tuple) else (key,)
        spelled = tuple(str(part) for part in parts)
        if len(spelled) != len(self.form.key):
            raise ScenarioError(
                f"{self.form.name} is keyed by {', '.join(self.form.key)}; {key!r} has "
                f"{len(spelled)} part(s)"
            )
        unusable = [p for p in parts if p is None or isinstance(p, bool) or not str(p).strip()]
        if unusable:
            raise ScenarioError(
                f"{key!r} is no key of {self.form.name}: {unusable[0]!r} names nothing"
            )
        return spelled

    def save(self, **specs: Spec) -> Save:
        """A save of these fields, for ``with``; see :func:`value_of` for what a field may be given.

        Raises ScenarioError on an unknown field or text class, naming the nearest one.
        """
        if not specs:
            raise ScenarioError(f"{self.id}: a save without a field; name what is typed")
        return self._begin("save", specs)

    def clear(self, *names: str) -> Save:
        """An emptying of these fields, for ``with``."""
        if not names:
            raise ScenarioError(f"{self.id}: a clear without a field; name what is emptied")
        return self._begin("clear", {name: Exact("") for name in names})

    def delete(self) -> Save:
        """A deletion of the record, for ``with``."""
        return self._begin("delete", {})

    def discard(self, **specs: Spec) -> Save:
        """Values typed and then given up, for ``with``; none of them is to be stored."""
        return self._begin("discard", specs)

    def _begin(self, operation: ev.Operation, specs: Mapping[str, Spec]) -> Save:
        return Save(self, operation, self.trial.entered(self.form, operation, specs))


State: TypeAlias = Literal["new", "open", "acknowledged", "refused", "unknown"]


class Save:
    """One write as the user lives it, between entering its block and leaving it.

    ``save.FIELD`` is the value to type; a field whose name a method has is ``save.value(NAME)``.
    held is what each field held last, as far as it was journaled: what was intended, or typed.
    """

    __slots__ = (
        "_asked", "_entered", "_values", "began_s", "ended_s", "held", "id", "operation", "record",
        "revision", "signed_out", "state",
    )  # fmt: skip

    def __init__(self, record: Record, operation: ev.Operation, entered: Entered) -> None:
        self.record = record
        self.operation = operation
        self.revision = 0
        self.id = record.id
        self.state: State = "new"
        self.signed_out = False
        self.began_s = 0.0
        self.ended_s = 0.0
        self.held: dict[str, Value] = {}
        self._entered = entered
        self._values: dict[str, Typed] = {}
        self._asked: set[str] = set()

    def __enter__(self) -> Save:
        if self.state != "new":
            raise ScenarioError(
                f"{self.id} was entered before; make another save for another write"
            )
        record = self.record
        trial = record.trial
        self.revision = record.saves_n + 1
        self.id = f"{record.id}/s{self.revision}"
        self.held, spelled = self._make_values()
        due_s = trial.pace()
        self.state = "open"
        record.saves_n += 1
        if trial.keeps:
            record.saves.append(self)
        self.began_s = trial.writer.intended(self, self._entered, spelled, due_s)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.state != "open":
            return
        fault = self.record.trial.fault_since(self.began_s)
        if exc is not None:
            self._unknown(_reason(exc), fault)
        elif fault is not None:
            self._unknown(f"cut by the fault {fault!r}", fault)
        else:
            self._unknown("the block was left without an acknowledgement or a refusal", None)
            raise ScenarioError(
                f"{self.id}: a block left without an acknowledgement or a refusal is no evidence; "
                "end it with save.acknowledged(WHERE THE PAGE SAYS SO) or save.refused(...)"
            )

    def __getattr__(self, name: str) -> Typed:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.value(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields this save writes."""
        return tuple(self._entered.entries)

    @property
    def values(self) -> Mapping[str, Typed]:
        """Every field and the value to type, for who sends them all at once."""
        if self.state != "open":
            raise self._misplaced("save.values")
        self._asked.update(self._entered.entries)
        return dict(self._values)

    def value(self, name: str) -> Typed:
        """The value to type: a text, the path of a generated file, or a tuple for many rows."""
        if self.state != "open":
            raise self._misplaced(f"save.{name}")
        if name not in self._values:
            _field(self.record.form, name)
            raise ScenarioError(
                f"{self.id} does not write {name!r}; name it in record.save({name}=...)"
            )
        self._asked.add(name)
        return self._values[name]

    def enter(self, name: str, place: object, how: str = "fill") -> None:
        """Put the field's value into a place of the page by an input method; journal what it holds.

        how is ``fill``, ``typing``, ``paste`` or ``composition``.
        """
        self.value(name)
        self.record.trial.surface.enter(self, name, place, how)

    def typed(self, *, how: str = ev.BY_HAND, **held: Value | Path) -> None:
        """Journal what the page holds after input, read back from it."""
        if self.state != "open":
            raise self._misplaced("save.typed")
        for name, value in held.items():
            if name not in self._entered.entries:
                _field(self.record.form, name)
                raise ScenarioError(f"{self.id} does not write {name!r}, so nothing of it is typed")
            self._asked.add(name)
            plain = file_value(value) if isinstance(value, Path) else value
            self.held[name] = plain
            self.record.trial.writer.typed(self, name, plain, how)

    def acknowledged(
        self, evidence: object, level: ev.AckLevel = "page", *, signed_out: bool = False
    ) -> None:
        """The user was told during this save that it is stored; evidence is what said so.

        level is ``page`` for what a page says, ``transport`` for an answer, and ``leaving`` for a
        page that let its user go without a question. signed_out says that the user ended the
        session themselves, so that a sign-in page is where they are to be.

        Raises ScenarioError where a value to be typed was never asked for: a save that did not
        type it would be blamed for losing it.
        """
        if self.state != "open":
            raise self._misplaced("save.acknowledged")
        if len(self._asked) < len(self._entered.entries):
            self._be_asked_for()
        self.signed_out = signed_out
        trial = self.record.trial
        said = trial.surface.witness(self, evidence, level)
        self.ended_s = trial.writer.acknowledged(self, said[:EVIDENCE_CHARS_MAX], level)
        self.state = "acknowledged"
        trial.surface.told(self)

    def refused(self, evidence: object) -> None:
        """The user was told during this save that it failed."""
        if self.state != "open":
            raise self._misplaced("save.refused")
        said = self.record.trial.surface.witness(self, evidence, "refusal")
        self.ended_s = self.record.trial.writer.write(
            ev.SaveRefused(save=self.id, evidence=said[:EVIDENCE_CHARS_MAX])
        )
        self.state = "refused"

    def unanswered(self, reason: str) -> None:
        """Nobody told the user anything: the connection broke, or no answer came in time."""
        if self.state != "open":
            raise self._misplaced("save.unanswered")
        self._unknown(reason, self.record.trial.fault_since(self.began_s))

    def _misplaced(self, act: str) -> ScenarioError:
        hint = {
            "new": f"enter its block first: with record.{self.operation}(...) as save",
            "acknowledged": "it was acknowledged before; what follows is another save",
            "refused": "it was refused before; another try is another save",
            "unknown": "its block is over; what follows is another save",
        }
        return ScenarioError(f"{self.id}: {act} comes at the wrong time: {hint[self.state]}")

    def _be_asked_for(self) -> None:
        left = [
            name
            for name, entry in self._entered.entries.items()
            if name not in self._asked and not isinstance(entry.spec, Exact)
        ]
        if left and self.operation == "save":
            raise ScenarioError(
                f"{self.id}: {', '.join(left)} is saved, and its value was never asked for; type "
                f"save.{left[0]}, or leave it out of record.save(...)"
            )

    def _unknown(self, reason: str, fault: str | None) -> None:
        self.ended_s = self.record.trial.writer.write(
            ev.SaveUnknown(save=self.id, reason=reason[:REASON_CHARS_MAX], fault=fault)
        )
        self.state = "unknown"

    def _make_values(self) -> tuple[dict[str, Value], str]:
        """The value of each field, and what is ready of the journal's line.

        What is typed is kept, what it means is returned.
        """
        entered, record = self._entered, self.record
        trial = record.trial
        make = texts_now if entered.others else trial.make
        try:
            texts, spelled = make(entered, trial, record.ordinal, self.revision)
        except ValueError as error:
            raise self._valueless(", ".join(text[0] for text in entered.texts), error) from error
        self._values.update(texts)
        meant: dict[str, Value] = {**texts}
        if not entered.others:
            return meant, spelled
        trace = _place(entered, trial, record.ordinal, self.revision)
        for name, entry in entered.entries.items():
            if name not in texts:
                meant[name] = self._make(name, entry, trace)
        self._values = {name: self._values[name] for name in entered.entries}
        return {name: meant[name] for name in entered.entries}, spelled

    def _make(self, name: str, entry: Entry, trace: Trace) -> Value:
        """The value of one field that is not the text of a class alone."""
        field, spec = entry.field, entry.spec
        if self.operation == "clear":
            empty: Value = () if field.rows == "many" else None if field.kind == "file" else ""
            self._values[name] = empty if isinstance(empty, str | tuple) else None
            return empty
        here = trace._replace(field=entry.place)
        try:
            if isinstance(spec, int):
                return self._make_file(name, values.file_bytes(here, spec))
            made = value_of(spec, here, field.max_chars)
        except ValueError as error:
            raise self._valueless(name, error) from error
        self._values[name] = made
        return made

    def _valueless(self, name: str, error: ValueError) -> ScenarioError:
        return ScenarioError(f"{self.id}: no traceable value for {name!r}: {error}")

    def _make_file(self, name: str, content: bytes) -> FileValue:
        folder = self.record.trial.files
        if folder is None:
            raise ScenarioError(
                f"{self.id}: {name!r} is a file, and this trial has no folder for one"
            )
        path = folder / f"{self.id.replace('/', '-')}-{name}.bin"
        try:
            path.write_bytes(content)
        except OSError as error:
            raise EnvironmentBroken(f"the file {path} cannot be written: {error}") from error
        self._values[name] = path
        return FileValue(len(content), hashlib.sha256(content).hexdigest())


def texts_now(entered: Entered, trial: Trial, ordinal: int, revision: int) -> Texts:
    """The texts of one save of a trial's record; raises ValueError where there is none."""
    if not entered.texts:
        return Texts({})
    return Texts(values.make_texts(entered.texts, _place(entered, trial, ordinal, revision)))


def _place(entered: Entered, trial: Trial, ordinal: int, revision: int) -> Trace:
    """Where a save's values belong, but for their fields."""
    return Trace(trial.run, trial.number, entered.form_at, ordinal, 0, revision)


def value_of(
    spec: Exact | corpus.TextClass | tuple[corpus.TextClass | Exact, ...],
    trace: Trace,
    max_chars: int | None,
) -> str | tuple[str | None, ...] | None:
    """The value that a field's spec stands for at one place: a text, or a tuple for many rows."""
    if isinstance(spec, corpus.TextClass):
        return values.make_text(spec, trace, max_chars)
    if isinstance(spec, Exact):
        return spec.value
    return tuple(
        item.value if isinstance(item, Exact) else values.make_text(_nth(item, n), trace, max_chars)
        for n, item in enumerate(spec)
    )


def file_value(path: Path) -> FileValue:
    """Size and digest of a file; raises EnvironmentBroken where it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EnvironmentBroken(f"the file {path} cannot be read: {error}") from error
    return FileValue(len(content), hashlib.sha256(content).hexdigest())


def _nth(text_class: corpus.TextClass, n: int) -> corpus.TextClass:
    """The same class with another number in its text, so that equal rows can be told apart."""
    if n == 0:
        return text_class
    return dataclasses.replace(
        text_class, write=lambda number: text_class.write((number + n * 7919) % 1_000_000)
    )


def _text_classes(spec: Spec) -> Made:
    if isinstance(spec, Exact | corpus.TextClass | int):
        return spec
    if isinstance(spec, str):
        return corpus.by_name(spec)
    return tuple(corpus.by_name(item) if isinstance(item, str) else item for item in spec)


def _check_spec(form: Form, field: Field, spec: Spec) -> None:
    where = f"{form.name}.{field.name}"
    if isinstance(spec, bool) or not isinstance(
        spec, str | corpus.TextClass | int | Exact | list | tuple
    ):
        raise ScenarioError(
            f"{where} cannot be {spec!r}; name a text class, give a file's size, or exact('...')"
        )
    if (field.kind == "file") != isinstance(spec, int) and not isinstance(spec, Exact):
        raise ScenarioError(
            f"{where} is of kind {field.kind}, and {spec!r} is not; {_HINT[field.kind]}"
        )
    if isinstance(spec, int) and spec < 0:
        raise ScenarioError(f"{where}: a file of {spec} bytes cannot be made")
    if (field.rows == "many") != isinstance(spec, list | tuple):
        needed = "a list" if field.rows == "many" else "one value"
        raise ScenarioError(f"{where} takes {needed}, not {spec!r}")
    items: Iterable[object] = spec if isinstance(spec, list | tuple) else [spec]
    for item in items:
        _check_item(where, field, item)


_HINT = {
    "file": "give its size in bytes",
    "text": "name a text class, or exact('...')",
    "number": "write exact('12.5')",
    "date": "write exact('2024-02-29')",
    "choice": "write exact('...') with one of its choices",
    "flag": "write exact('true') or exact('false')",
}


def _check_item(where: str, field: Field, item: object) -> None:
    if isinstance(item, Exact):
        if field.choices and item.value is not None and item.value not in field.choices:
            near = _nearest(item.value, field.choices)
            raise ScenarioError(f"{where}: {item.value!r} is none of its choices{near}")
        return
    if isinstance(item, int) and field.rows == "one":
        return
    if field.kind != "text":
        raise ScenarioError(f"{where} is of kind {field.kind}: {_HINT[field.kind]}")
    if isinstance(item, str):
        corpus.by_name(item)
    elif not isinstance(item, corpus.TextClass):
        raise ScenarioError(f"{where}: {item!r} is neither a text class nor exact('...')")


def _class_of(spec: Spec) -> str:
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Exact):
        return ev.LITERAL
    if isinstance(spec, int):
        return f"{spec} bytes"
    if isinstance(spec, corpus.TextClass):
        return spec.name
    return ",".join(_class_of(item) for item in spec)


def _field(form: Form, name: str) -> Field:
    try:
        return form.field(name)
    except KeyError:
        known = [field.name for field in form.fields]
        raise ScenarioError(_unknown(f"field of {form.name}", name, known)) from None


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    return (
        f"no {what} is called {name!r}{_nearest(name, names)}; the plan has "
        f"{', '.join(names) or 'none'}"
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f", the nearest is {near[0]!r}" if near else ""


def _reason(exc: BaseException) -> str:
    first = str(exc).strip().splitlines()
    return f"{type(exc).__name__}: {first[0]}" if first else type(exc).__name__
