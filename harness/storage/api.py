"""Records as an HTTP API answers them, one request each: for storage that nobody lets us into."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlsplit

from harness.errors import PlanError, StorageUnreadable
from harness.model import Field, Form, Key, Value
from harness.observations import Row
from harness.plan.expand import expand
from harness.storage.asking import Asker
from harness.storage.codec import find_codec
from harness.storage.listing import from_items
from harness.storage.reader import decoded
from harness.storage.scope import EveryRow, Scope

ANSWER_S_MAX = 10.0
KEYS_TOLD_MAX = 20
# How a text of the answer is told, and in how many characters at most.
Show: TypeAlias = Callable[[str, int], str]
# What an answer holds where it says nothing.
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API answers one record of a form.

    path holds each key column as ``{column}``; columns are the JSON keys, outermost first, of
    those columns that are not called so at the top. omits: a key that is not there is null, in
    an answer that names the record's key or one of its fields.
    """

    path: str
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    omits: bool = False


class ApiStorage:
    """The forms that an API answers record by record; headers are sent with every request.

    It knows no snapshot: each record is as it was when it was asked for, between the beginning
    and the end of a read. What nobody has the key of it cannot see.
    """

    def __init__(
        self,
        url: str,
        places: Mapping[str, Place],
        headers: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
        answer_s_max: float = ANSWER_S_MAX,
    ) -> None:
        self._asker = Asker(urlsplit(url), dict(headers or {}), answer_s_max)
        self._places = places
        self._folder = (folder or Path()).absolute()

    @property
    def address(self) -> str:
        """Where it is, as it may be shown."""
        return self._asker.address

    def __repr__(self) -> str:
        return f"ApiStorage({self.address!r})"

    @contextmanager
    def snapshot(self) -> Iterator[ApiStorage]:
        """Whatever is asked is asked now."""
        yield self

    def check(self, forms: Iterable[Form]) -> list[str]:
        """What of the plan does not fit; nothing is asked, for nobody has a key yet."""
        problems = []
        for form in forms:
            if form.name in self._places:
                try:
                    self._path(form, ("1",) * len(form.key))
                    for spec in form.fields:
                        _converter(spec, self._folder)
                except StorageUnreadable as error:
                    problems.append(f"form {form.name}: {error}")
        return problems

    def columns(self, form: Form) -> Mapping[str, tuple[str, ...]]:
        """Nothing: an answer does not say which columns a table has."""
        return {}

    def beside(self, form: Form, table: str, columns: Collection[str]) -> Iterator[Row]:
        """Nothing can be read beside records whose key is known; raises StorageUnreadable."""
        raise StorageUnreadable(f"{self.address} answers records by their key, and no table")

    def observe(self, form: Form, scope: Scope) -> Iterator[Row]:
        """The rows of these keys, those that are there; nobody can search for a token."""
        if isinstance(scope, EveryRow):
            raise StorageUnreadable(
                f"form {form.name}: {self.address} answers a record by its key, and never all of "
                "them; give the storage's own address"
            )
        for key in scope.keys:
            row = self._row(form, key)
            if row is not None:
                yield row

    def _row(self, form: Form, key: Key) -> Row | None:
        try:
            path = self._path(form, key)
            asked = f"GET {self.address}{path} "
        except StorageUnreadable as error:
            raise StorageUnreadable(f"form {form.name}: {error}") from None
        place = self._places[form.name]
        try:
            record = self._asker.record(path)
            if record is None:
                return None
            show = self._asker.shown
            _look_at_key(record, place, form, key, show)
            values = {
                spec.name: _converter(spec, self._folder)(_found(record, place, spec.column, show))
                for spec in form.fields
            }
        except StorageUnreadable as error:
            told = self._asker.scrubbed(str(error))
            raise StorageUnreadable(
                f"form {form.name} in storage {form.storage}: {asked}{told}"
            ) from None
        return Row(form.name, key, values)

    def _path(self, form: Form, key: Key) -> str:
        if form.name not in self._places:
            raise StorageUnreadable(
                f"nobody said where {self.address} answers its records; write "
                f"[canaries.api.{form.name}]"
            )
        if len(key) != len(form.key) or any(part in ("", ".", "..") for part in key):
            raise StorageUnreadable(f"no address can hold the key {key!r:.80}")
        try:
            parts = {name: quote(part, safe="") for name, part in zip(form.key, key, strict=True)}
            return expand(self._places[form.name].path, **parts)
        except UnicodeEncodeError:
            raise StorageUnreadable(f"no address can hold the key {key!r:.80}") from None
        except PlanError as error:
            raise StorageUnreadable(str(error)) from None


# --- from JSON to the values of a form ----------------------------------------------------------


def _look_at_key(record: Mapping[str, Any], place: Place, form: Form, key: Key, show: Show) -> None:
    """Raise StorageUnreadable where the answer is another record, or names none at all."""
    named_n = 0
    for name, part in zip(form.key, key, strict=True):
        found = _at(record, place, name)
        if found is None:
            raise StorageUnreadable(f"answered another record, of {name} null")
        if isinstance(found, str) and found != part:
            raise StorageUnreadable(f"answered another record, of {name} {show(found, 80)}")
        named_n += found == part
    if named_n < len(key) and all(_at(record, place, f.column) is _NOTHING for f in form.fields):
        # Where keys are left out, an error that is answered with 200 would be a row of NULLs.
        raise StorageUnreadable(
            "answered what has no key of the form: neither the record's key nor any of its "
            f"fields; it has {_names(record, show)}"
        )


def _at(record: Mapping[str, Any], place: Place, column: str) -> object:
    """What the answer holds of a column, _NOTHING where it says nothing of it."""
    found: Any = record
    for step in place.columns.get(column, (column,)):
        if not isinstance(found, dict) or step not in found:
            return _NOTHING
        found = found[step]
    return found


def _found(record: Mapping[str, Any], place: Place, column: str, show: Show) -> object:
    """What the answer holds of a column; raises StorageUnreadable where it says nothing of it."""
    found: Any = record
    for step in place.columns.get(column, (column,)):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif place.omits:
            return None
        else:
            raise StorageUnreadable(
                f"answered what has no key {step!r}; it has {_names(found, show)}"
            )
    return found


def _names(found: object, show: Show) -> str:
    names = list(found)[:KEYS_TOLD_MAX] if isinstance(found, dict) else []
    return ", ".join(show(name, 40) for name in names) or "none"


def _converter(spec: Field, folder: Path) -> Callable[[object], Value]:
    """How a field's JSON becomes its value; raises StorageUnreadable where nothing can."""
    name = spec.contract.codec
    if spec.rows == "many":
        if name is not None:
            raise StorageUnreadable(f"field {spec.name}: no codec for a list that an API answers")
        return partial(_many, spec)
    if name is not None:
        codec = find_codec(name, folder)
        return lambda found: decoded(codec, spec, folder, _one(spec, found))
    if spec.kind == "file":
        raise StorageUnreadable(
            f"field {spec.name} is a file, which JSON holds in many ways; give it a codec that "
            "returns its bytes"
        )
    return partial(_one, spec)


def _one(spec: Field, found: object) -> str | None:
    if isinstance(found, bool):
        return "true" if found else "false"
    if found is None or isinstance(found, str):
        return found
    told = "a list" if isinstance(found, list) else "an object"
    raise StorageUnreadable(f"answered {told} for the field {spec.name}, and not one value")


def _many(spec: Field, found: object) -> Value:
    if found is None:
        return None
    if not isinstance(found, list):
        raise StorageUnreadable(f"answered one value for the field {spec.name}, and not a list")
    return from_items(found)
