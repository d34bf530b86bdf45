"""The nouns as frozen values; standard library only, no clock, no input, no output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

# --- what a field holds ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileValue:
    """The bytes of a file, by size and digest (lower-case hexadecimal SHA-256)."""

    size_bytes: int
    sha256: str


class _Absent:
    """There is no such place in storage: neither NULL nor an empty text."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()

# NULL is None, an ordered list of child rows is a tuple, a missing row or column is ABSENT.
Value: TypeAlias = str | FileValue | tuple[str | None, ...] | _Absent | None

Key: TypeAlias = tuple[str, ...]


def value_to_json(value: Value) -> object:
    """The value as JSON holds it; the inverse of :func:`value_from_json`."""
    if isinstance(value, FileValue):
        return {"size_bytes": value.size_bytes, "sha256": value.sha256}
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, _Absent):
        return {"absent": True}
    return value


def value_from_json(data: object) -> Value:
    """The value that :func:`value_to_json` wrote; raises ValueError on anything else."""
    if data is None or isinstance(data, str):
        return data
    if isinstance(data, list):
        return tuple(item if item is None else str(item) for item in data)
    if isinstance(data, dict) and data.get("absent") is True:
        return ABSENT
    if isinstance(data, dict) and "sha256" in data:
        return FileValue(int(data["size_bytes"]), str(data["sha256"]))
    raise ValueError(f"not a field value: {data!r}")


# --- what a user fills and saves -------------------------------------------------------------

Kind: TypeAlias = Literal["text", "number", "date", "choice", "flag", "file"]


@dataclass(frozen=True, slots=True)
class Contract:
    """How far a stored value may differ from the typed one; exact unless declared.

    newline: "any" lets CRLF, CR and LF stand for each other; trim: trailing white space may go;
    nfc: canonical composition (NFC) may be applied; codec: ``module:function`` that turns what
    storage holds into what the user typed (encryption, rich text).
    """

    newline: Literal["exact", "any"] = "exact"
    trim: bool = False
    nfc: bool = False
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form and the column that holds it."""

    name: str
    column: str
    kind: Kind = "text"
    rows: Literal["one", "many"] = "one"
    max_chars: int | None = None
    choices: tuple[str, ...] = ()
    contract: Contract = Contract()


@dataclass(frozen=True, slots=True)
class Form:
    """What a user fills and saves at once, and where one release keeps it.

    Either ``table`` with ``key`` columns (the short form), or a ``query`` that returns the key
    columns and one column per field, standing on ``tables``. ``rows`` fields come from a query
    as an array column, from the short form never.
    """

    name: str
    storage: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    table: str | None = None
    query: str | None = None
    tables: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    settle_s_max: float = 2.0
    late_s_max: float = 0.0
    concurrent: Literal["last-wins", "conflict", "merge"] = "last-wins"
    unchecked: tuple[str, ...] = ()

    def field(self, name: str) -> Field:
        """The field of that name; raises KeyError."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def index(self, name: str) -> int:
        """The field's place in the form, as traceable values spell it; raises KeyError."""
        return self.fields.index(self.field(name))


# --- what is promised and driven -------------------------------------------------------------

# "upgraded" is the candidate on what the baseline had stored, "rolled-back" the baseline after it,
# and "origin" the baseline alone, asked whether it loses by itself what was lost between them;
# "load" is the candidate under load: its trials are users, each of which works until it ends.
Role: TypeAlias = Literal["candidate", "baseline", "upgraded", "rolled-back", "origin", "load"]


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the application: a name and the bytes it stands for, as far as known."""

    name: str
    image: str | None = None
    digest: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of a load: over so many seconds its rate goes evenly to this share of the peak.

    It begins at the share at which the leg before it ended, the first one at 0; over 0 s the rate
    is there at once.
    """

    to: float
    over_s: float


@dataclass(frozen=True, slots=True)
class Case:
    """One line of factor levels of one scenario, promised before the start.

    id is the test's node id below the scenarios' folder; number is its place in the promise,
    from 0; levels are written as text.
    """

    id: str
    number: int
    scenario: str
    file: str
    line: int
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """A case that nobody promised, driven to learn when a finding happens.

    It runs the row nearest to the preferred levels whose factors hold one of the wanted levels
    and none of the unwanted; nth turns the choice among rows that are equally near. name says
    what it is for; number is its place in the run, after every promised case.
    """

    number: int
    scenario: str
    name: str
    preferred: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unwanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """What a case lives through while another release takes over: its stage, and where it waits.

    The gate acts at the nth moment of a kind: "typing" is before something is first put into a
    page, "acknowledged" after a save was told stored, "" never. levels stand beside the case's
    own.
    """

    stage: str
    moment: Literal["", "typing", "acknowledged"] = ""
    nth: int = 1
    levels: Mapping[str, str] = field(default_factory=dict)


# The case that looks at what stood there: no scenario is called so.
SIGHTS = "what stood there"
# The case that removes what probes wrote: no scenario is called so either.
REMOVING = "what was written"
# The round on the baseline that plants records; its cases are not those that were promised.
PLANT = "plant"


@dataclass(frozen=True, slots=True)
class Sight:
    """A record that stood there before, to be looked at once more: what is due of each field."""

    form: str
    key: Key
    due: Mapping[str, Value]


# --- what is found ---------------------------------------------------------------------------


class Anomaly(StrEnum):
    """What can be wrong with a save, most severe first."""

    MISPLACED = "misplaced"
    COLLATERAL = "collateral"
    LOST = "lost"
    REVERTED = "reverted"
    TORN = "torn"
    TRUNCATED = "truncated"
    ALTERED = "altered"
    RESURRECTED = "resurrected"
    DUPLICATED = "duplicated"
    PHANTOM = "phantom"
    STALE = "stale"
    LATE = "late"
    JOURNEY_BROKEN = "journey-broken"
    UNACKNOWLEDGED = "unacknowledged"
    UNVERIFIED = "unverified"


class Severity(StrEnum):
    """What a finding does to the verdict."""

    BLOCK = "block"
    INCONCLUSIVE = "inconclusive"
    WARN = "warn"


class Layer(StrEnum):
    """Where a value was last seen right is one step before this."""

    PAGE = "page"
    SERVER = "server"
    READ = "read"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """What it says, as a clause."""
        return {
            Layer.PAGE: "typed, but not brought to the server by the page",
            Layer.SERVER: "sent by the page, but not what storage holds",
            Layer.READ: "stored, but a fresh reader is shown something else",
            Layer.UNKNOWN: "where it went wrong is not known",
        }[self]


@dataclass(frozen=True, slots=True)
class Symptom:
    """One field of one record that is not as it should be, as one check saw it.

    trial, record and save name places in the journal; observation names the read that showed
    it; due and found are what should be there and what is; note says what no value can. breach:
    the value stands in a record of somebody else, who may read it now.
    """

    check: str
    anomaly: Anomaly
    severity: Severity
    form: str
    field: str
    trial: str
    record: str
    save: str | None
    observation: str | None
    layer: Layer
    due: Value
    found: Value
    note: str = ""
    breach: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a finding happens: levels per factor; confirmed says whether reruns proved it.

    proof says of the reruns what came of them, "" where there were none; runs has their numbers:
    what a rerun was for ("with", "without FACTOR", "again") maps to failed, passed and of.
    """

    text: str
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    confirmed: bool = False
    proof: str = ""
    runs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """Symptoms of one kind, together: the unit a verdict and its readers speak of.

    scenarios are those in which it happens, none where it stands outside of them.
    breach: what was saved of one record stands in another one: more than a loss.
    reproduction is a script below the run's folder that does it again against a release, None
    where none was recorded.
    """

    check: str
    anomaly: Anomaly
    form: str
    fields: tuple[str, ...]
    saves_n: int
    records_n: int
    severity: Severity
    layer: Layer
    trigger: Trigger
    preexisting: bool = False
    known: str | None = None
    evidence: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    breach: bool = False
    reproduction: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one check says: what it found and what it measured, both always.

    saves_failed are acknowledged saves that were judged and are not as they should be, or could
    not be read; saves_hidden are those that storage cannot tell from saves that never were: a
    later one wrote over it, or it wrote what stood there; owed are sentences on what the check
    could not do.
    """

    check: str
    symptoms: tuple[Symptom, ...]
    fields_read: int = 0
    saves_verified: frozenset[str] = frozenset()
    saves_failed: frozenset[str] = frozenset()
    saves_hidden: frozenset[str] = frozenset()
    owed: tuple[str, ...] = ()
