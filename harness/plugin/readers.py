"""Readers: what a fresh page shows of a record, after a journey that completed."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from harness.contracts import same
from harness.errors import ScenarioError
from harness.journal import events as ev
from harness.journal.handles import Record, Save, file_value
from harness.journal.writer import Writer
from harness.model import ABSENT, FileValue, Value
from harness.plugin.signing import sign_in_shown

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

# What a reader is not shown twice in a row, this long apart, is no hiccup of a page.
CONFIRM_AFTER_S = 1.0
ERROR_CHARS_MAX = 300
GIVEN = ("context", "url", "key", "new_context")
Read: TypeAlias = Mapping[str, object] | None
_Function = TypeVar("_Function", bound=Callable[..., Read])


@dataclass(frozen=True, slots=True)
class Reader:
    """How a form's records are looked at: a function, and the fixture that signs it in."""

    form: str
    function: Callable[..., Read]
    storage_state: str | None = None

    @property
    def name(self) -> str:
        """The reader's name in the journal."""
        return self.function.__name__


class Actor(Protocol):
    """Whoever is called with a record: a reader, or a remover."""

    @property
    def function(self) -> Callable[..., Any]:
        """What is called."""
        ...

    @property
    def storage_state(self) -> str | None:
        """The fixture that signs it in."""
        ...


_READERS: list[Reader] = []


def reader(form: str, *, storage_state: str | None = None) -> Callable[[_Function], _Function]:
    """Say how a record of a form is shown to somebody else, in conftest.py or beside a scenario.

    The function is given any of context (a fresh browser context), url, key and new_context (to
    make one only where it is needed, or further ones), and returns what is shown by field: a text,
    a tuple for many rows, a FileValue or the path of a download; None where the record is not
    shown at all. storage_state names a session-scoped fixture that signs a user in and returns
    that context's storage state, with which every context of this reader starts.
    """

    def register(function: _Function) -> _Function:
        strange = [name for name in inspect.signature(function).parameters if name not in GIVEN]
        if strange:
            raise ScenarioError(
                f"the reader {function.__name__} asks for {strange[0]!r}; it may ask for "
                f"{', '.join(GIVEN)}"
            )
        _READERS.append(Reader(form, function, storage_state))
        return function

    return register


def forget() -> None:
    """Forget every reader, at the end of a pytest run: another one may follow in this process."""
    _READERS.clear()


def of_form(form: str) -> list[Reader]:
    """The readers of a form."""
    return [reader for reader in _READERS if reader.form == form]


def wanted(records: Iterable[Record]) -> bool:
    """Whether any of these records is to be read back."""
    return any(to_read(record) for record in records)


def to_read(record: Record) -> bool:
    """Whether a record is keyed, has been told stored, and somebody can look at it."""
    told = any(save.state == "acknowledged" for save in record.saves)
    return told and record.key is not None and bool(of_form(record.form.name))


@dataclass(slots=True)
class _Waiting:
    record: Record
    reader: Reader
    due: dict[str, Value]
    at_s: float


@dataclass(frozen=True, slots=True)
class Acted:
    """What a function returned of a record, and the contexts it had, still open."""

    read: Read
    contexts: Sequence[BrowserContext]

    @property
    def pages(self) -> list[Page]:
        """Every page that it opened."""
        return [page for context in self.contexts for page in context.pages]


@dataclass(slots=True)
class Reading:
    """Reads records back, at once, and once more after the settle time where that was too early.

    The second look waits while other trials run, so that it costs none of their time; at_once it
    does not, where another release may answer by then.
    """

    open_context: Callable[..., BrowserContext]
    storage_state: Callable[[str], Any]
    url: str
    writer: Writer
    waiting: list[_Waiting] = field(default_factory=list)
    states: dict[str, Any] = field(default_factory=dict)
    at_once: bool = False

    def read(self, records: Iterable[Record]) -> None:
        """Look at every record of a trial that has a reader, and at those whose time has come."""
        for record in records:
            if to_read(record):
                for found in of_form(record.form.name):
                    self._first(record, found)
        self.again(only_due=not self.at_once)

    def again(self, *, only_due: bool) -> None:
        """Look again at what was not whole; wait for the rest unless only_due."""
        now_s = time.monotonic()
        ready = [w for w in self.waiting if not only_due or w.at_s <= now_s]
        self.waiting = [w for w in self.waiting if w not in ready]
        for waiting in sorted(ready, key=lambda w: w.at_s):
            time.sleep(max(0.0, waiting.at_s - time.monotonic()))
            if not self._looked_whole(waiting):
                time.sleep(CONFIRM_AFTER_S)
                self._looked_whole(waiting)

    def sees(self, record: Record, found: Reader, due: Mapping[str, Value]) -> bool:
        """Whether a reader is shown something of what is due, and nothing else; not journaled."""
        shown = self._look(record, found, due)
        told = shown.error is None and any(name in shown.values for name in due)
        return told and _whole(record, due, shown.values)

    def see_again(self, record: Record, found: Reader, due: Mapping[str, Value]) -> None:
        """Look and journal it, and once more a little later where it is not whole."""
        waiting = _Waiting(record, found, dict(due), 0.0)
        if not self._looked_whole(waiting):
            time.sleep(CONFIRM_AFTER_S)
            self._looked_whole(waiting)

    def _looked_whole(self, waiting: _Waiting) -> bool:
        """Look and journal it; whether all that is due was shown."""
        shown = self._look(waiting.record, waiting.reader, waiting.due)
        self.writer.write(shown)
        return shown.error is None and _whole(waiting.record, waiting.due, shown.values)

    def _first(self, record: Record, found: Reader) -> None:
        due = due_shown(record)
        shown = self._look(record, found, due)
        self.writer.write(shown)
        if shown.error is not None or not _whole(record, due, shown.values):
            self.waiting.append(_Waiting(record, found, due, _counts_from_s(record)))

    def _look(self, record: Record, found: Reader, due: Mapping[str, Value]) -> ev.Shown:
        from playwright.sync_api import Error as PlaywrightError

        began_s = time.monotonic()
        values: dict[str, Value] = {}
        error: str | None = None
        try:
            with self.acted(record, found) as acted:
                values = _values(record, acted.read)
                if found.storage_state is not None and not _whole(record, due, values):
                    # Whoever was signed in and is asked who they are was not shown the record.
                    error = sign_in_shown(acted.pages) or None
                    values = {} if error else values
        except (PlaywrightError, AssertionError, LookupError, TypeError, ValueError) as problem:
            first = str(problem).strip().splitlines() or [""]
            error = f"{type(problem).__name__}: {first[0]}"[:ERROR_CHARS_MAX]
        return ev.Shown(
            record=record.id, reader=found.name, began_s=began_s, values=values, error=error
        )

    @contextmanager
    def acted(self, record: Record, found: Actor) -> Iterator[Acted]:
        """What a function made of a record; not journaled.

        The contexts it had are closed at the end of the block: a download is gone with its own.
        """
        contexts: list[BrowserContext] = []

        def new_context(**how: Any) -> BrowserContext:
            signed_in = self._signed_in(found.storage_state)
            contexts.append(self.open_context(**{**signed_in, **how}))
            return contexts[-1]

        try:
            yield Acted(self._call(found, record, new_context), contexts)
        finally:
            for context in contexts:
                context.close()

    def _call(
        self, found: Actor, record: Record, new_context: Callable[..., BrowserContext]
    ) -> Read:
        given: dict[str, object] = {}
        names = inspect.signature(found.function).parameters
        if "context" in names:
            given["context"] = new_context()
        key = record.key or ()
        given["url"] = self.url
        given["key"] = key[0] if len(key) == 1 else key
        given["new_context"] = new_context
        read: Read = found.function(**{name: given[name] for name in names})
        return read

    def _signed_in(self, fixture: str | None) -> dict[str, Any]:
        """Asked for once: the last looks come when the session's fixtures are torn down."""
        if fixture is None:
            return {}
        if fixture not in self.states:
            self.states[fixture] = self.storage_state(fixture)
        state = self.states[fixture]
        return {"storage_state": state} if state else {}


def _counts_from_s(record: Record) -> float:
    """From when a page has no excuse left: no save and no fault of ours is any fresher."""
    ended_s = max(save.ended_s for save in record.saves)
    form = record.form
    return max(ended_s, record.trial.faults_ended_s) + form.settle_s_max + form.late_s_max


def due_shown(record: Record) -> dict[str, Value]:
    """What a page has to show of each field, as far as one value is right and no other."""
    due: dict[str, Value] = {}
    for save in sorted(record.saves, key=lambda s: s.ended_s):
        if save.operation == "delete":
            due = {f.name: ABSENT for f in record.form.fields} if _told(save) else {}
        elif _told(save) and save.operation in ("save", "clear"):
            due |= save.held
        elif save.state == "unknown":
            due = {name: value for name, value in due.items() if name not in save.names}
    return due


def _told(save: Save) -> bool:
    return save.state == "acknowledged"


def _whole(record: Record, due: Mapping[str, Value], shown: Mapping[str, Value]) -> bool:
    for name, value in due.items():
        if name in shown:
            spec = record.form.field(name)
            contract = replace(spec.contract, newline="any", codec=None)
            if not same(value, shown[name], contract, spec.kind):
                return False
    return True


def _values(record: Record, shown: Read) -> dict[str, Value]:
    if shown is None:
        return {f.name: ABSENT for f in record.form.fields}
    for name in shown:
        record.form.field(name)
    return {name: _value(value) for name, value in shown.items()}


def _value(value: object) -> Value:
    if isinstance(value, Path):
        return file_value(value)
    if isinstance(value, list | tuple):
        return tuple(None if item is None else str(item) for item in value)
    if value is None or value is ABSENT or isinstance(value, str | FileValue):
        return value
    raise TypeError(f"a page shows texts, not {value!r}")
