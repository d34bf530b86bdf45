"""The keys of ``harness.toml``, typed; docs/plan.md says what each means.

Nothing here reads a file or an environment, and what one table cannot know of another is left
to the cross checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic.fields import FieldInfo

from harness.model import Anomaly
from harness.plan.shapes import Shape

Deployer: TypeAlias = Literal["docker", "compose", "process", "external"]
ProfileName: TypeAlias = Literal["commit", "release", "nightly"]

LEGS_MAX = 100
FAULT_ROUNDS_MAX = 100
LOAD_S_MAX = 86_400


class Table(BaseModel):
    """One table of the plan: strict, whole, never changed, and silent about its values."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def spelled(cls) -> dict[str, FieldInfo]:
        """Every key as the plan spells it: a name of Python has no hyphen."""
        return {spec.alias or name: spec for name, spec in cls.model_fields.items()}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # Values may have come from the environment, and representations end up in logs.
        return iter([(None, name) for name in sorted(self.model_fields_set)])


# --- what TOML may write in a shorter way ------------------------------------------------------


def _one_or_many(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _words(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _tables(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _shorthand(key: str) -> BeforeValidator:
    def lengthen(value: object) -> object:
        return {key: value} if isinstance(value, (str, list)) else value

    return BeforeValidator(lengthen)


def _shorthand_each(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: {"column": v} if isinstance(v, str) else v for name, v in value.items()}


def _workers(value: object) -> object:
    """``[release.worker]`` is one worker; ``[release.worker.NAME]`` are several."""
    if isinstance(value, dict) and any(not isinstance(v, dict) for v in value.values()):
        return {"worker": value}
    return value


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _anomaly(value: object) -> Anomaly:
    if isinstance(value, str) and value in tuple(Anomaly):
        return Anomaly(value)
    raise ValueError(f"no such anomaly; one of {', '.join(Anomaly)}")


def _text_classes(value: object) -> int | tuple[str, ...] | Literal["all"]:
    if value == "all":
        return "all"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    names = tuple(value) if isinstance(value, (list, tuple)) else ()
    if names and all(isinstance(name, str) for name in names):
        return names
    raise ValueError('write how many, from 1, or a list of names, or "all"')


def _cases(value: object) -> int | Literal["all"]:
    if value == "all":
        return "all"
    if value is False:
        return 0
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError('write how many cases, from 0, or "all"; false is none')


def _trigger(value: object) -> str | Mapping[str, tuple[str, ...]]:
    if isinstance(value, str) and value.strip("*?[]! "):
        return value
    if isinstance(value, dict) and value:
        levels = {str(factor): _levels(found) for factor, found in value.items()}
        if all(levels.values()):
            return levels
    raise ValueError(
        'write the factors and their levels, as { shares = ["2", "5"] }, or a text that names the '
        'scenarios, as "test_share*"'
    )


def _levels(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, (list, tuple)) else (value,)
    if any(not isinstance(level, (str, int, float)) for level in found):
        return ()
    return tuple(str(level) for level in found)


Text: TypeAlias = Annotated[str, Field(min_length=1)]
Texts: TypeAlias = Annotated[tuple[Text, ...], BeforeValidator(_one_or_many)]
Command: TypeAlias = Annotated[tuple[Text, ...], BeforeValidator(_words), Field(min_length=1)]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SecondsMax: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
Codec: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
Env: TypeAlias = dict[str, str]
Cases: TypeAlias = Annotated[int | Literal["all"], PlainValidator(_cases)]


# --- the application and its releases ----------------------------------------------------------


class App(Table):
    """What the application is called in reports and metrics."""

    name: Text = Field(examples=['name = "clinic"'])


class Health(Table):
    """Where a release answers once it is up, and the JSON key that says which release it is."""

    path: Annotated[str, Field(pattern=r"^/")] = "/"
    release: Text | None = None
    timeout_s_max: SecondsMax = 60.0


class Docker(Table):
    """A release as a container image."""

    image: Text = Field(examples=['image = "clinic:{release}"'])
    build: Text | None = None
    dockerfile: Text = "Dockerfile"
    command: Command | None = None
    memory_mb_max: Count | None = None


class Compose(Table):
    """A release as a compose project."""

    file: Text = Field(examples=['file = "compose.yaml"'])
    service: Text = Field(examples=['service = "web"'])


class Process(Table):
    """A release as local processes."""

    command: Command = Field(examples=['command = ["python", "-m", "clinic", "--port", "{port}"]'])
    cwd: Text = "."
    build: Command | None = None


class External(Table):
    """A release that runs already."""

    url: Text = Field(examples=['url = "https://staging.example.org"'])


class Worker(Table):
    """One more process of the same release."""

    command: Command = Field(examples=['command = ["python", "-m", "clinic", "worker"]'])
    env: Env = {}


class ReleaseTable(Table):
    """How a release becomes a deployment."""

    deployer: Deployer = Field(examples=['deployer = "process"'])
    port: Port | None = None
    health: Annotated[Health, _shorthand("path")] = Health()
    env: Env = {}
    migrate: Command | None = None
    prepare: Command | None = None
    rollback: Command | None = None
    exists: Text | None = None
    docker: Docker | None = None
    compose: Compose | None = None
    process: Process | None = None
    external: External | None = None
    worker: Annotated[dict[str, Worker], BeforeValidator(_workers)] = {}


class Ready(Table):
    """How one knows that a service is up: a command that exits 0, or a path that answers."""

    command: Command | None = None
    path: Annotated[str, Field(pattern=r"^/")] | None = None
    timeout_s_max: SecondsMax = 60.0


class Service(Table):
    """Anything else a release needs."""

    image: Text | None = None
    command: Command | None = None
    port: Port | None = None
    env: Env = {}
    ready: Annotated[Ready, _shorthand("command")] | None = None


class StorageTable(Table):
    """A database that the harness reads on a connection of its own."""

    engine: Literal["postgres"] = Field(examples=['engine = "postgres"'])
    image: Text | None = None
    url: Text | None = None
    replica: Text | None = None


# --- forms -------------------------------------------------------------------------------------


class FieldTable(Table):
    """One field; column is the field's own name unless it says otherwise."""

    column: Text | None = None
    kind: Literal["text", "number", "date", "choice", "flag", "file"] = "text"
    rows: Literal["one", "many"] = "one"
    max_chars: Count | None = None
    choices: Texts = ()
    newline: Literal["exact", "any"] = "exact"
    trim: bool = False
    nfc: bool = False
    codec: Codec | None = None


class FieldOverride(Table):
    """Where a release keeps a field, and how exactly, when that differs."""

    column: Text | None = None
    newline: Literal["exact", "any"] | None = None
    trim: bool | None = None
    nfc: bool | None = None
    codec: Codec | None = None


class FormOverride(Table):
    """Where releases of a name keep a form, when it differs; absent where they have none."""

    absent: bool = False
    table: Text | None = None
    key: Annotated[Texts, Field(min_length=1)] | None = None
    query: Text | None = None
    tables: Texts | None = None
    setup: Texts | None = None
    fields: Annotated[dict[str, FieldOverride], BeforeValidator(_shorthand_each)] = {}


class FormTable(Table):
    """What a user fills and saves at once, and where it is kept."""

    storage: Text = Field(examples=['storage = "main"'])
    key: Annotated[Texts, Field(min_length=1)] = Field(examples=['key = "id"'])
    table: Text | None = None
    query: Text | None = None
    tables: Texts = ()
    setup: Texts = ()
    settle_s_max: Seconds = 2.0
    late_s_max: Seconds = 0.0
    concurrent: Literal["last-wins", "conflict", "merge"] = "last-wins"
    unchecked: Texts = ()
    fields: Annotated[dict[str, FieldTable], BeforeValidator(_shorthand_each)] = Field(
        examples=['fields = { reason = "reason" }']
    )
    release: dict[str, FormOverride] = {}


# --- what is driven, and what is allowed -------------------------------------------------------


class Scenarios(Table):
    """Where the scenarios are and how they run."""

    path: Text = "scenarios"
    workers: Count | None = None
    timeout_s_max: SecondsMax = 60.0


class LegTable(Table):
    """A stretch of a load: its rate goes evenly to this share of the peak."""

    to: Annotated[float, Field(ge=0, le=1)] = Field(examples=["to = 1.0"])
    over_s: Annotated[float, Field(ge=0, le=LOAD_S_MAX)] = Field(examples=["over_s = 5"])


Legs: TypeAlias = Annotated[
    tuple[LegTable, ...], BeforeValidator(_tables), Field(max_length=LEGS_MAX)
]


class Load(Table):
    """What produces load, the peak it has to reach, and the way there."""

    file: Text = Field(examples=['file = "scenarios/load.py"'])
    peak_saves_per_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        examples=["peak_saves_per_s = 100"]
    )
    users: Count | None = None
    shape: Shape = "hold"
    leg: Legs = ()
    processes: Count = 1


class CatalogueTable(Table):
    """Releases with a known answer, which the gate is measured against."""

    path: Text = Field(examples=['path = "releases"'])
    baseline: Text | None = None
    overlays: Text | None = None
    always: Texts = ()
    timeout_s_max: SecondsMax = 900.0


class Limits(Table):
    """What blocks a release that loses nothing."""

    save_p50_ms_max: SecondsMax | None = None
    save_p95_ms_max: SecondsMax | None = None
    save_p99_ms_max: SecondsMax | None = None
    save_p95_ratio_max: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None


class CasesTable(Table):
    """How many cases each stage across two releases drives; 0 is no such stage."""

    upgrade: Cases | None = None
    stale_page: Cases | None = Field(None, alias="stale-page")
    mixed: Cases | None = None
    restart: Cases | None = None
    rollback: Cases | None = None


class StagesTable(CasesTable):
    """The same for every profile, and what a deploy changes or keeps beside the release.

    assets are the requests for files of a release's own pages, rotate the environment's variables
    that have another value after it.
    """

    assets: Annotated[str, Field(pattern=r"^/")] | None = None
    rotate: Texts = ()


class AnsweredTable(Table):
    """What names the release that answered a save: a header of the answer, or the page."""

    header: Text | None = None
    page: Text | None = None
    attribute: Text | None = None


class CleanTable(Table):
    """How the synthetic records of a form are known again, and removed without the application.

    A record is known by what stands in its own row, or in one of a form of proved_by whose key
    column, named there, holds the record's key.
    """

    proved_by: dict[str, Text] = {}
    statement: Text | None = None
    url: Text | None = None


class ApiTable(Table):
    """Where an API answers one record of a form as JSON, and under which keys.

    path has each key column as ``{column}``; columns are keys within keys, outermost first.
    """

    path: Annotated[str, Field(pattern=r"^/")] = Field(examples=['path = "/api/notes/{id}"'])
    columns: dict[str, Annotated[Texts, Field(min_length=1)]] = {}
    omits: bool = False


class TargetTable(Table):
    """One address that is probed; stable names the target to compare it with."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")] = Field(
        examples=['name = "production"']
    )
    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")] = Field(
        examples=['url = "https://clinic.example.org"']
    )
    storage: dict[str, Text] = {}
    headers: Env = {}
    stable: Text | None = None


class SignalTable(Table):
    """Whom to tell of a confirmed loss, once for each release: a webhook, a command, or both."""

    webhook: Annotated[str, Field(pattern=r"^https?://[^/\s]+")] | None = None
    secret: Text | None = None
    command: Command | None = None
    timeout_s_max: SecondsMax = 10.0
    attempts_max: Annotated[int, Field(ge=1, le=20)] = 5


class CanariesTable(Table):
    """Records that are planted and watched, and probes that write and look in production."""

    planted: Text | None = None
    probes: Text | None = None
    always: Texts = ()
    forms: Texts = ()
    interval_s: Annotated[float, Field(ge=1, le=86_400)] = 30.0
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    timeout_s_max: SecondsMax = 90.0
    # Metrics tell times of up to 30 s apart.
    save_slow_s_max: Annotated[float, Field(gt=0, lt=30)] = 3.0
    keep_n: Annotated[int, Field(ge=1, le=10_000)] = 200
    search: Literal["tokens", "keys"] = "tokens"
    identity: Text = "canary"
    env: Env = {}
    release: Annotated[AnsweredTable, _shorthand("header")] = AnsweredTable()
    api: dict[str, ApiTable] = {}
    clean: dict[str, CleanTable] = {}
    target: Annotated[tuple[TargetTable, ...], BeforeValidator(_tables)] = ()
    signal: SignalTable | None = None


class ProfileTable(Table):
    """What a profile holds, where it differs from what it holds by itself."""

    text_classes: (
        Annotated[int | tuple[str, ...] | Literal["all"], PlainValidator(_text_classes)] | None
    ) = None
    strength: Literal[2, 3] | None = None
    sample_n: Count | None = None
    scenarios_s_max: SecondsMax | None = None
    trigger_s_max: Seconds | None = None
    load_s: Seconds | None = None
    load_share: Annotated[float, Field(gt=0, le=1)] | None = None
    load_shape: Shape | None = None
    load_leg: Legs = ()
    load_faults: Annotated[int, Field(ge=0, le=FAULT_ROUNDS_MAX)] | None = None
    sequences_n: Count | None = None
    sequence_length_max: Annotated[int, Field(ge=3, le=100)] | None = None
    stages: CasesTable = CasesTable()


class _Expiring(Table):
    reason: Text = Field(examples=['reason = "why, and who mends it"'])
    expires: Day = Field(examples=["expires = 2030-01-31"])

    def expired(self, today: date) -> bool:
        """Whether it no longer counts; it still does on the day it names."""
        return today > self.expires


class Known(_Expiring):
    """A loss that the baseline shows as well and that does not block until it expires."""

    form: Text = Field(examples=['form = "consultation"'])
    field: Text | None = None
    fields: Texts = ()
    anomaly: Annotated[Anomaly, PlainValidator(_anomaly)] = Field(examples=['anomaly = "lost"'])
    trigger: Annotated[str | Mapping[str, tuple[str, ...]], PlainValidator(_trigger)] = Field(
        examples=['trigger = { shares = ["2", "5"] }']
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The fields it speaks of, written as one or as several."""
        return self.fields if self.field is None else (self.field,)

    @property
    def conditions(self) -> Mapping[str, tuple[str, ...]]:
        """The trigger's levels per factor; empty where it is a text, which names scenarios."""
        return {} if isinstance(self.trigger, str) else self.trigger


class Quarantine(_Expiring):
    """Scenarios that break on the baseline as well and are not owed until it expires."""

    scenario: Text = Field(examples=['scenario = "test_share*"'])


class PlanTable(Table):
    """The whole file."""

    app: App = Field(examples=['[app] with name = "clinic"'])
    release: ReleaseTable = Field(examples=['[release] with deployer = "process"'])
    service: dict[str, Service] = {}
    storage: dict[str, StorageTable] = Field(examples=['[storage.main] with engine = "postgres"'])
    form: dict[str, FormTable] = Field(examples=["[form.NAME]: without one nothing is compared"])
    scenarios: Scenarios = Scenarios()
    canaries: CanariesTable = CanariesTable()
    stages: StagesTable = StagesTable()
    load: Load | None = None
    limits: Limits = Limits()
    catalogue: CatalogueTable | None = None
    profile: dict[str, ProfileTable] = {}
    known: Annotated[tuple[Known, ...], BeforeValidator(_tables)] = ()
    quarantine: Annotated[tuple[Quarantine, ...], BeforeValidator(_tables)] = ()
