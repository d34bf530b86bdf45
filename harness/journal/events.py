"""Everything a journal can say, one frozen class per line.

Times are seconds of the host's monotonic clock, which all processes of a run share; each file
opens with a line that ties it to the wall clock. A **trial** is one execution of a case on one
deployment; its id is ``role/number/attempt`` (``candidate/7/1``). Records count from 1 within a
trial (``candidate/7/1/r1``), saves within a record (``candidate/7/1/r1/s2``).
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias

from harness.model import Key, Value, value_from_json, value_to_json

SCHEMA = "harness.journal/1"

# The class of a value that a scenario spelled out, in place of a text class's name.
LITERAL = "exact"

Operation: TypeAlias = Literal["save", "clear", "delete", "discard"]
AckLevel: TypeAlias = Literal["page", "transport", "leaving"]
Outcome: TypeAlias = Literal[
    "completed",  # the journey ran to its end
    "broken",  # it could not be completed, and the page told nobody why
    "told",  # it could not be completed, and the page told the user why
    "misused",  # the scenario itself is wrong: a block left without an acknowledgement
    "skipped",  # the scenario excused itself
    "environment",  # the browser or the harness's own surroundings failed
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line; at_s is its time on the host's monotonic clock."""

    kind: ClassVar[str] = ""
    at_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """A process opened its file; wall_s ties at_s to the wall clock (Unix seconds).

    boot names the host's monotonic clock, "" where it was not written down.
    """

    kind: ClassVar[str] = "opened"
    schema: str = SCHEMA
    writer: str
    pid: int
    wall_s: float
    boot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntered(Event):
    """A stage of the gate began."""

    kind: ClassVar[str] = "stage-entered"
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLeft(Event):
    """A stage ended; skipped is the reason it did nothing, else None."""

    kind: ClassVar[str] = "stage-left"
    stage: str
    skipped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChosen(Event):
    """So many of the promised cases fit a stage, which are driven in it."""

    kind: ClassVar[str] = "stage-chosen"
    stage: str
    cases_n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Event):
    """Something promised could not be done; sentence says what, verdict what that makes it.

    "block" is for a candidate that does not start or migrate where the baseline does.
    """

    kind: ClassVar[str] = "trouble"
    stage: str
    sentence: str
    verdict: Literal["block", "inconclusive", "warn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBegan(Event):
    """A case began on a deployment. round is why: "drive", "rerun", "representative", "sample".

    probe is not "" where nobody promised the case: it says what it is driven to learn, as
    ``TRIAL OF A TRIGGER/PART``; levels are those that really ran.
    """

    kind: ClassVar[str] = "trial-began"
    trial: str
    case: str
    number: int
    role: str
    attempt: int
    round: str
    levels: Mapping[str, str]
    probe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerTried(Event):
    """Probes were sent out to learn when a finding happens.

    tried names the attempt; conditions are what is supposed: levels per factor, {} where it is
    that the scenario fails whenever it runs.
    """

    kind: ClassVar[str] = "trigger-tried"
    tried: str
    anomaly: str
    form: str
    fields: tuple[str, ...]
    case: str
    conditions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnded(Event):
    """A case ended; message is the error as its author would read it, told what the page said."""

    kind: ClassVar[str] = "trial-ended"
    trial: str
    outcome: Outcome
    message: str = ""
    told: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOpened(Event):
    """A record handle was made; ordinal counts from 1 within the trial; key None: not known yet."""

    kind: ClassVar[str] = "record-opened"
    trial: str
    record: str
    form: str
    ordinal: int
    key: Key | None = None
    initial: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKeyed(Event):
    """The record's key became known."""

    kind: ClassVar[str] = "record-keyed"
    record: str
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveIntended(Event):
    """The block was entered: values are what is to be typed; revision counts from 1 per record.

    due_s is when it was to begin, where somebody set a pace (monotonic).
    """

    kind: ClassVar[str] = "save-intended"
    save: str
    record: str
    revision: int
    operation: Operation
    values: Mapping[str, Value]
    classes: Mapping[str, str]
    due_s: float | None = None


BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTyped(Event):
    """What the page held after input, read back; how names the input method.

    That is BY_HAND where the scenario put it there itself and only told of it.
    """

    kind: ClassVar[str] = "field-typed"
    save: str
    field: str
    value: Value
    how: str = "fill"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSent(Event):
    """A request with a body left the browser.

    leaves are (path, text) of each leaf of the body, the text None where it is longer than the
    journal keeps, with its digest in digests at the same place; opaque: the browser withheld the
    body. path has no query string values.
    """

    kind: ClassVar[str] = "request-sent"
    trial: str
    request: int
    method: str
    path: str
    leaves: tuple[tuple[str, str | None], ...] = ()
    digests: tuple[str, ...] = ()
    opaque: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswered(Event):
    """The status of a request's answer; 0 where it failed in the network.

    release is what the answer said of who gave it, "" where nobody asked or it said nothing.
    """

    kind: ClassVar[str] = "request-answered"
    trial: str
    request: int
    status: int
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseShown(Event):
    """A page named its release as it told that a save is stored."""

    kind: ClassVar[str] = "release-shown"
    trial: str
    save: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAcknowledged(Event):
    """The user was told during this save that it is stored.

    level is what told them: a page, an answer, or a page that let them go without a question.
    """

    kind: ClassVar[str] = "save-acknowledged"
    save: str
    evidence: str
    level: AckLevel = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRefused(Event):
    """The user was told that it failed."""

    kind: ClassVar[str] = "save-refused"
    save: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveUnknown(Event):
    """The block was cut; fault names the journaled fault that overlapped it, if one did."""

    kind: ClassVar[str] = "save-unknown"
    save: str
    reason: str
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultBegan(Event):
    """A fault of ours began; trial None: it touches every trial.

    after is the trial that had just been told something is stored, where that brought it.
    """

    kind: ClassVar[str] = "fault-began"
    fault: str
    trial: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEnded(Event):
    """A fault of ours ended."""

    kind: ClassVar[str] = "fault-ended"
    fault: str
    trial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    """A trial told that something happened in it which its scenario may be obliged to bring."""

    kind: ClassVar[str] = "happened"
    trial: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched(Event):
    """From now on another release answers a trial; to is its role.

    served are the requests that each release, by its role, had answered for the trial's worker.
    """

    kind: ClassVar[str] = "switched"
    trial: str
    to: str
    served: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served(Event):
    """The requests that each release, by its role, answered for a trial's worker until its end."""

    kind: ClassVar[str] = "served"
    trial: str
    served: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Event):
    """What a fresh reader's page showed of a record, from began_s to at_s."""

    kind: ClassVar[str] = "shown"
    record: str
    reader: str
    began_s: float
    values: Mapping[str, Value]
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBegan(Event):
    """A load was started; its own acts stand in files beside this one, or in a folder of its name.

    target_saves_per_s is held for hold_s, all in all, of lasts_s, by users in processes.
    """

    kind: ClassVar[str] = "load-began"
    target_saves_per_s: float
    lasts_s: float
    hold_s: float
    users: int
    processes: int = 1
    load: str = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadEnded(Event):
    """The load's runner ended by itself.

    generator_busy is the share of the held time in which the busiest process ran or waited for a
    core, None where it could not be measured; trouble is what the load file raised most often, ""
    where it raised nothing.
    """

    kind: ClassVar[str] = "load-ended"
    exit_code: int
    generator_busy: float | None = None
    trouble: str = ""
    load: str = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Event):
    """The run ended by itself; a journal without this line was cut short."""

    kind: ClassVar[str] = "closed"


KINDS: dict[str, type[Event]] = {cls.kind: cls for cls in Event.__subclasses__()}


def to_json(event: Event) -> dict[str, object]:
    """The event as a JSON object, its kind first."""
    data: dict[str, object] = {"kind": event.kind, "at_s": round(event.at_s, 6)}
    for spec in fields(event):
        if spec.name != "at_s":
            data[spec.name] = _plain(getattr(event, spec.name))
    return data


def from_json(data: Mapping[str, Any]) -> Event:
    """The event that :func:`to_json` wrote.

    Raises ValueError on an unknown kind, an unknown or a missing key, or without a time.
    """
    cls = KINDS.get(str(data.get("kind")))
    if cls is None:
        raise ValueError(f"unknown kind of event {data.get('kind')!r}")
    hints = _hints(cls)
    unknown = data.keys() - hints.keys() - {"kind"}
    if unknown:
        raise ValueError(f"{cls.kind}: unknown keys {sorted(unknown)}")
    if not isinstance(data.get("at_s"), (int, float)):
        raise ValueError(f"{cls.kind}: at_s is no time: {data.get('at_s')!r}")
    try:
        return cls(**{k: _typed(hints[k], v) for k, v in data.items() if k != "kind"})
    except TypeError as error:
        raise ValueError(f"{cls.kind}: {error}") from error


_HINTS: dict[type[Event], dict[str, Any]] = {}


def _hints(cls: type[Event]) -> dict[str, Any]:
    if cls not in _HINTS:
        hints = typing.get_type_hints(cls)
        _HINTS[cls] = {spec.name: hints[spec.name] for spec in fields(cls)}
    return _HINTS[cls]


def _plain(value: Any) -> object:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float)) else value_to_json(value)


def _typed(hint: Any, value: Any) -> Any:
    """The JSON value as the field's type has it: mappings, values and tuples come back."""
    if isinstance(value, dict):
        if not _is_mapping(hint):
            return value_from_json(value)
        return {str(k): v if isinstance(v, int) else value_from_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    return value


def _is_mapping(hint: Any) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(_is_mapping(arg) for arg in typing.get_args(hint))
    return typing.get_origin(hint) is Mapping
