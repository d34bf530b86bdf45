"""Writes the journal of a load; :mod:`harness.journal.volume` says how a line is made."""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from harness.contracts import fingerprint, printer
from harness.corpus import CLASSES
from harness.errors import EnvironmentBroken
from harness.hiding import scrub, without_user
from harness.journal import events as ev
from harness.journal.append_only import AppendOnly
from harness.journal.clocks import boot_name
from harness.journal.schedule import Schedule
from harness.journal.volume import SCHEMA, UNKNOWN, key_word, schedule_words
from harness.model import Field, Value, value_to_json

if TYPE_CHECKING:
    from harness.journal.handles import Entered, Record, Save

TROUBLE_CHARS_MAX = 200
NAMES_MAX = 4096
# So many lines are summed up together: what is spoiled is known to within as many.
SUM_LINES = 1_000
# So many records may wait for their first save; where there are more they are told by themselves.
WAITING_MAX = 4_096
_PLAIN = re.compile(r"[A-Za-z0-9_.~/ -]+")


class VolumeWriter(AppendOnly):
    """Appends a load's acts to ``FOLDER/load-WORKER-PID.acts``; safe to share between threads.

    Takes what a handle journals, acts and events; worker is which of the load's processes this is,
    from 0, and name what it is called. What a load file raises, and why a save failed, is
    kept without the secrets. Raises EnvironmentBroken where the file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        worker: int = 0,
        name: str = "",
        secrets: Iterable[str] = (),
    ) -> None:
        super().__init__(folder / f"load-{worker}-{os.getpid()}.acts")
        self._secrets = frozenset(secrets)
        self._known: dict[tuple[object, ...], tuple[_Owed, ...]] = {}
        # When records were opened of which nothing is written yet, and what is to be, by their ids.
        self._waiting: dict[str, tuple[float, str]] = {}
        head = {
            "kind": "opened",
            "schema": SCHEMA,
            "worker": worker,
            "name": name,
            "pid": os.getpid(),
            "wall_s": time.time(),
            "at_s": time.monotonic(),
            "boot": boot_name(),
        }
        self._crc = self._lines_n = 0
        self._write(json.dumps(head).encode("ascii") + b"\n")

    def schedule(self, schedule: Schedule) -> None:
        """Journal when saves are due."""
        self.append(f"p {time.monotonic():.6f} {schedule_words(schedule)}")

    def trouble(self, message: str) -> None:
        """Journal what the load file raised: its first line, without what nobody may know."""
        # Ahead of the cut, which may leave a part of a secret.
        said = (
            self._hidden(message).strip().partition("\n")[0][:TROUBLE_CHARS_MAX]
            or "an error without a word"
        )
        self.append(f"e {time.monotonic():.6f} {quote(said, safe='/')}")

    def write(self, event: ev.Event) -> float:
        """Append the event, stamped now; returns its at_s. Raises ValueError on a foreign kind."""
        at_s = time.monotonic()
        line = self._line(event, at_s)
        with self._lock:
            if isinstance(event, ev.RecordKeyed) and event.record in self._waiting:
                self._append_opened([event.record])
            self._append(line)
        return at_s

    def opened(self, record: Record) -> float:
        """A record was opened, which matters with its first save and is written with that."""
        at_s = time.monotonic()
        form, key = _named_form(record.form.name), key_word(record.key)
        if len(self._waiting) >= WAITING_MAX:
            with self._lock:
                self._append_opened(list(self._waiting))
        # Nearly always whoever opens a record waits for nobody who writes.
        self._waiting[record.id] = at_s, f"{record.id} {form} {key}"
        return at_s

    def intended(self, save: Save, entered: Entered, spelled: str, due_s: float | None) -> float:
        """A save of what it holds begins; due_s is when it was to, spelled what is prepared."""
        at_s = time.monotonic()
        due = UNKNOWN if due_s is None else f"{due_s:.6f}"
        owed = spelled or self.spelled(entered, save.held)
        record = save.record.id
        with self._lock:
            if record in self._waiting and save.revision > 1:
                # Of its first save nothing could be written.
                self._append_opened([record])
            opened = self._waiting.pop(record, None)
            if opened is None:
                self._append(f"i {at_s:.6f} {due} {save.id} {save.operation}{owed}")
                return at_s
            try:
                self._append(f"n {at_s:.6f} {due} {opened[1]} {save.operation}{owed}")
            except EnvironmentBroken:
                self._waiting[record] = opened
                raise
        return at_s

    def typed(self, save: Save, name: str, value: Value, how: str) -> float:
        """What a field held after input."""
        at_s = time.monotonic()
        spec = save.record.form.field(name)
        print_ = fingerprint(value, spec.contract, spec.kind)
        self.append(f"t {at_s:.6f} {save.id} {quote(name)}={print_}:{_value(value)}")
        return at_s

    def acknowledged(self, save: Save, evidence: str, level: ev.AckLevel) -> float:
        """The user was told that the save is stored."""
        at_s = time.monotonic()
        self.append(f"a {at_s:.6f} {save.id} {_words(evidence)}")
        return at_s

    def close(self) -> None:
        """Sum up what is left, end with a sum of nothing, and close; a second call does nothing."""
        with self._lock:
            if self._fd >= 0:
                self._append_opened(list(self._waiting))
                left = _sum(self._crc, self._lines_n) if self._lines_n else b""
                self._write(left + _sum(self._crc, 0))
                self._lines_n = 0
        super().close()

    def _append(self, line: str, lines_n: int = 1) -> None:
        """A line, or some, and now and then a sum since the last one."""
        lines_n += self._lines_n
        data = f"{line}\n".encode("ascii")
        crc = zlib.crc32(data, self._crc)
        if lines_n >= SUM_LINES:
            # The next sum goes on from this one, so that no lines can be missing with their own.
            data, lines_n = data + _sum(crc, lines_n), 0
        self._write(data)
        self._crc, self._lines_n = crc, lines_n

    def _append_opened(self, records: Iterable[str]) -> None:
        """These records by themselves, which then wait no more; whoever calls holds the lock."""
        left = iter(records)
        while some := list(islice(left, SUM_LINES - self._lines_n)):
            opened = (self._waiting[record] for record in some)
            self._append("\n".join(f"r {at_s:.6f} {told}" for at_s, told in opened), len(some))
            for record in some:
                del self._waiting[record]

    def _line(self, event: ev.Event, at_s: float) -> str:
        match event:
            case ev.RecordKeyed():
                return f"k {at_s:.6f} {event.record} {key_word(event.key)}"
            case ev.SaveRefused():
                return f"x {at_s:.6f} {event.save} {_words(self._hidden(event.evidence))}"
            case ev.SaveUnknown():
                fault = UNKNOWN if event.fault is None else quote(event.fault)
                return f"u {at_s:.6f} {event.save} {_words(self._hidden(event.reason))} {fault}"
        raise ValueError(f"a load has no event of the kind {event.kind!r}")

    def _hidden(self, text: str) -> str:
        """What a load file raised or was told, without what nobody may know."""
        return scrub(without_user(text), self._secrets)

    def spelled(self, entered: Entered, values: Mapping[str, Value]) -> str:
        """What a save of these values owes, field by field."""
        key = (entered.form.name, *entered.classes.items())
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= NAMES_MAX:
                self._known.clear()
            known = self._known[key] = tuple(
                _owed(entered.form.field(name), text_class)
                for name, text_class in entered.classes.items()
            )
        return "".join(
            [
                f"{word}{print_(values[name])}"
                if says_all
                else f"{word}{print_(values[name])}:{_value(values[name])}"
                for name, word, print_, says_all in known
            ]
        )


def _sum(crc: int, lines_n: int) -> bytes:
    return f"c {time.monotonic():.6f} {time.time():.6f} {crc:08x} {lines_n}\n".encode("ascii")


def _words(text: str) -> str:
    """A text as one word, as percent-encoding spells it."""
    # Nearly every evidence is as plain as "PATCH /notes/7 200", and there are very many of them.
    if _PLAIN.fullmatch(text):
        return text.replace(" ", "%20")
    return quote(text, safe="/")


def _value(value: Value) -> str:
    return quote(json.dumps(value_to_json(value)), safe="")


@lru_cache(maxsize=NAMES_MAX)
def _named_form(name: str) -> str:
    return quote(name)


class _Owed(NamedTuple):
    """A field of a save: its word up to the fingerprint, and what makes that of a value.

    says_all: the class says all of the value, which is left out.
    """

    name: str
    word: str
    print: Callable[[Value], str]
    says_all: bool


def _owed(spec: Field, text_class: str) -> _Owed:
    return _Owed(
        spec.name,
        f" {quote(spec.name)}={quote(text_class)}:",
        printer(spec.contract, spec.kind),
        text_class in CLASSES and spec.rows == "one",
    )
