"""The journal of a load: one short line per act, digests in the place of values.

A load saves thousands of records, and nobody reads most of them: what a save owes is kept as a
fingerprint per field, and its text is made again from its class and its place when it is looked
at. Each process appends to a file of its own, ``load-WORKER-PID.acts``, whose first line is JSON
and names the schema. Words are percent-encoded and stand one blank apart::

    p AT START_S PEAK NTH/OF_N TO:OVER_S ...  the schedule of this process, and its legs
    n AT DUE RECORD FORM KEY OPERATION NAME=CLASS:FINGERPRINT[:VALUE] ...
                                             a record, and its first save RECORD/s1, which begins
    r AT RECORD FORM KEY                     a record by itself; KEY is ? while it is not known
    k AT RECORD KEY                          its key became known
    i AT DUE SAVE OPERATION NAME=CLASS:FINGERPRINT[:VALUE] ...
                                             a save begins
    t AT SAVE NAME=FINGERPRINT:VALUE         what was held after input
    a AT SAVE EVIDENCE                       acknowledged
    x AT SAVE EVIDENCE                       refused
    u AT SAVE REASON FAULT                   unknown; FAULT is ? where none was on
    e AT MESSAGE                             the load file raised this
    c AT WALL CRC LINES_N                    a sum of the lines above it since the last such line,
                                             from whose CRC it goes on

A sum of no lines is the last of all: its process had nothing more to say. A journal that ends
without one was cut, be it between two lines.

AT is seconds on the host's monotonic clock; DUE is when the save was to begin, ? where nobody
set a pace. VALUE is JSON, and left out where CLASS says all of it. Nearly every line is an ``n`` or
an ``a``: an ``r`` is of a record that was not saved next of all that happened to it.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, get_args
from urllib.parse import quote, unquote

from harness.journal import events as ev
from harness.journal.schedule import Schedule
from harness.model import Key, Leg, Value, value_from_json

SCHEMA = "harness.load/4"
UNKNOWN = "?"
OPERATIONS: tuple[str, ...] = get_args(ev.Operation)
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")


class Owed(NamedTuple):
    """What one save wrote into one field: its text class, its fingerprint, and its value.

    value is None where the class says all of it: it is made again when it is needed.
    """

    text_class: str
    fingerprint: str
    value: tuple[Value] | None = None


State: TypeAlias = Literal["acknowledged", "refused", "unknown"]


@dataclass(slots=True)
class VolumeSave:
    """One save of a load; ended_s None: the run was cut while it was open."""

    id: str
    operation: ev.Operation
    due_s: float | None
    began_s: float
    fields: dict[str, Owed]
    state: State = "unknown"
    ended_s: float | None = None
    told: str = ""
    fault: str | None = None


@dataclass(slots=True)
class VolumeRecord:
    """One record of a load and its saves, in the order they were intended.

    opened_s is when its first save began, where one line tells of both. keyed_late: its key became
    known only after it was opened, as that of a record that is made.
    """

    id: str
    form: str
    opened_s: float
    key: Key | None = None
    keyed_late: bool = False
    saves: list[VolumeSave] = field(default_factory=list)

    def shift(self, by_s: float) -> None:
        """Take its times to another clock."""
        self.opened_s += by_s
        for save in self.saves:
            save.began_s += by_s
            save.due_s = None if save.due_s is None else save.due_s + by_s
            save.ended_s = None if save.ended_s is None else save.ended_s + by_s


@dataclass(slots=True)
class Volume:
    """What a load journaled; orphans_n are lines of a record or save that nobody began.

    troubles are what the load file raised, and how often.
    """

    schedules: list[Schedule] = field(default_factory=list)
    records: dict[str, VolumeRecord] = field(default_factory=dict)
    orphans_n: int = 0
    troubles: dict[str, int] = field(default_factory=dict)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Millions of small objects are made that all stay: looking for garbage would find none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def take(words: Sequence[str], volume: Volume, saves: dict[str, VolumeSave]) -> None:
    """Add what one line says; saves are those that were begun so far, by their id.

    Raises ValueError or IndexError where no writer wrote it.
    """
    act, at_s, name = words[0], float(words[1]), words[2]
    if act == "n":
        _, _, due, name, form, key, *saved = words
        take(("r", words[1], name, form, key), volume, saves)
        take(("i", words[1], due, first_save(name), *saved), volume, saves)
    elif act == "i":
        _begin(words, at_s, volume, saves)
    elif act == "r":
        if name in volume.records:
            raise ValueError(
                f"the record {name} is opened a second time: two processes count their users "
                "alike; have the load run in one"
            )
        volume.records[name] = VolumeRecord(name, unquote(words[3]), at_s, key_of(words[4]))
    elif act == "k" and name in volume.records:
        volume.records[name].key, volume.records[name].keyed_late = key_of(words[3]), True
    elif act in _STATES and name in saves:
        save = saves[name]
        save.state, save.ended_s, save.told = _STATES[act], at_s, unquote(words[3])
        if act == "u" and words[4] != UNKNOWN:
            save.fault = unquote(words[4])
    elif act == "t" and name in saves:
        held, _, rest = words[3].partition("=")
        saves[name].fields[unquote(held)] = _owed_of(f"{ev.LITERAL}:{rest}")
    else:
        _take_other(words, volume)


def _begin(words: Sequence[str], at_s: float, volume: Volume, saves: dict[str, VolumeSave]) -> None:
    record = volume.records.get(words[3].rpartition("/")[0])
    if record is None:
        volume.orphans_n += 1
        return
    save = _save_of(words, at_s)
    if save.id in saves:
        raise ValueError(f"the save {save.id} begins a second time")
    saves[save.id] = save
    record.saves.append(save)


def first_save(record: str) -> str:
    """The id of a record's first save."""
    return f"{record}/s1"


def _take_other(words: Sequence[str], volume: Volume) -> None:
    act = words[0]
    if act == "e":
        message = unquote(words[2])
        volume.troubles[message] = volume.troubles.get(message, 0) + 1
    elif act == "p":
        volume.schedules.append(schedule_of(words))
    elif act in ("k", "t", *_STATES):
        volume.orphans_n += 1
    elif act != "c":
        raise ValueError(f"no act is called {act!r}")


_STATES: Mapping[str, State] = {"a": "acknowledged", "x": "refused", "u": "unknown"}


def _save_of(words: Sequence[str], at_s: float) -> VolumeSave:
    due_s = None if words[2] == UNKNOWN else float(words[2])
    if words[4] not in OPERATIONS:
        raise ValueError(f"no operation is called {words[4]!r}")
    fields = {}
    for word in words[5:]:
        name, _, rest = word.partition("=")
        fields[unquote(name)] = _owed_of(rest)
    return VolumeSave(words[3], words[4], due_s, at_s, fields)  # type: ignore[arg-type]


def _owed_of(text: str) -> Owed:
    text_class, print_, *value = text.split(":")
    if not value:
        return Owed(text_class, print_)
    return Owed(unquote(text_class), print_, (value_from_json(json.loads(unquote(value[0]))),))


def schedule_words(schedule: Schedule) -> str:
    """A schedule as the journal has it."""
    legs = (f"{leg.to!r}:{leg.over_s!r}" for leg in schedule.legs)
    place = f"{schedule.nth}/{schedule.of_n}"
    return " ".join((repr(schedule.start_s), repr(schedule.peak), place, *legs))


def schedule_of(words: Sequence[str]) -> Schedule:
    """The schedule of a line ``p``; raises ValueError or IndexError where it has none."""
    nth, _, of_n = words[4].partition("/")
    legs = (word.partition(":") for word in words[5:])
    return Schedule(
        float(words[2]),
        float(words[3]),
        tuple(Leg(float(to), float(over_s)) for to, _, over_s in legs),
        int(nth),
        int(of_n),
    )


def key_word(key: Key | None) -> str:
    """The key as one word without a blank; its parts stand a comma apart."""
    if key is None:
        return UNKNOWN
    # Nearly every key is one plain word, mostly a number, and there are very many of them.
    if len(key) == 1:
        part = key[0]
        if (part.isascii() and part.isalnum()) or _PLAIN.fullmatch(part):
            return part
    return ",".join(quote(part, safe="") for part in key)


def key_of(word: str) -> Key | None:
    """The key that :func:`key_word` spelled."""
    if word == UNKNOWN:
        return None
    if "%" not in word and "," not in word:
        return (word,)
    return tuple(unquote(part) for part in word.split(","))
