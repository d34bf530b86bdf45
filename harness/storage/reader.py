"""From a row as PostgreSQL spells it to the values of a form's fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from psycopg import sql

from harness.errors import StorageUnreadable
from harness.model import Field, FileValue, Key, Value
from harness.observations import Row
from harness.storage.beside import digests, named
from harness.storage.codec import Codec, codec_fault, find_codec
from harness.storage.files import file_at, file_of
from harness.storage.listing import from_array, from_json
from harness.storage.locate import Column, Located

Cells: TypeAlias = Sequence[str | None]
Convert: TypeAlias = Callable[[Cells], Value]


@dataclass(frozen=True, slots=True)
class FieldReader:
    """What to select for one field, and how its cells become its value."""

    field: Field
    selected: tuple[sql.Composable, ...]
    convert: Convert


class RowReader:
    """Selects a located form's rows and reads them; codecs are found when it is made.

    is_plain: each field is what one column spells. others are columns of which the selection has
    a digest each, in its last cell. raw selects the same, all of it as text, and no last cell where
    there are no others; None where a cast to text spells a column otherwise than a read does.
    Raises StorageUnreadable.
    """

    def __init__(self, located: Located, folder: Path) -> None:
        self.form = located.form
        self._fields = [
            _field_reader(field, located.columns[field.column], folder)
            for field in located.form.fields
        ]
        key = [column(name) for name in located.form.key]
        fields = [part for reader in self._fields for part in reader.selected]
        # The slowest part of a read is one call per field; most fields need none.
        self.is_plain = all(reader.convert is _as_it_is for reader in self._fields)
        self._names = [field.name for field in located.form.fields]
        self._key_n = len(key)
        self.others = _others(located)
        rest = digests(self.others, "q")
        select = sql.SQL("SELECT {} FROM {}")
        self.select = select.format(sql.SQL(", ").join([*key, *fields, rest]), located.relation)
        names = [*located.form.key, *(field.column for field in located.form.fields)]
        self.raw: sql.Composable | None = None
        if self.is_plain and all(located.columns[name].casts_as_spelled for name in names):
            parts = [*key, *fields, *([rest] if self.others else [])]
            texts = [sql.SQL("{}::pg_catalog.text").format(part) for part in parts]
            self.raw = select.format(sql.SQL(", ").join(texts), located.relation)

    @property
    def null_in_key(self) -> str:
        """What is said of a row that has no key."""
        names = ", ".join(self.form.key)
        return (
            f"form {self.form.name}: a row has NULL in its key ({names}); "
            "write a key that every row has"
        )

    def read(self, cells: Cells) -> Row:
        """One row of the selection."""
        n = self._key_n
        key: Key = tuple(part for part in cells[:n] if part is not None)
        if len(key) != n:
            raise StorageUnreadable(self.null_in_key)
        if self.is_plain:
            fields: dict[str, Value] = dict(zip(self._names, cells[n:-1], strict=True))
        else:
            fields = self._converted(key, cells)
        rest = named(self.others, cells[-1] or "") if self.others else ""
        return Row(self.form.name, key, fields, rest)

    def _converted(self, key: Key, cells: Cells) -> dict[str, Value]:
        at, fields = self._key_n, {}
        for reader in self._fields:
            end = at + len(reader.selected)
            try:
                fields[reader.field.name] = reader.convert(cells[at:end])
            except (ValueError, StorageUnreadable) as error:
                raise StorageUnreadable(
                    f"form {self.form.name}, field {reader.field.name}, key {key}: {error}"
                ) from error
            at = end
        return fields


def column(name: str) -> sql.Composable:
    """A column of the form's relation."""
    return sql.Identifier("q", name)


def _others(located: Located) -> list[str]:
    """The columns of a form's table that nothing else reads, in an order that stays."""
    form = located.form
    if form.table is None:
        return []
    read = {*form.key, *form.unchecked, *(field.column for field in form.fields)}
    return sorted(name for name in located.columns if name not in read)


def _field_reader(field: Field, spec: Column, folder: Path) -> FieldReader:
    name = column(field.column)
    as_bytes = sql.SQL("encode({}, 'hex')").format(name)
    codec = find_codec(field.contract.codec, folder) if field.contract.codec else None
    if codec is not None and field.rows == "one":
        convert = partial(_decoded, codec, field, folder, spec.is_bytes)
        return FieldReader(field, (as_bytes if spec.is_bytes else name,), convert)
    if field.kind == "file" and spec.is_bytes:
        # The server digests what it holds: a file does not cross the network to be counted.
        size = sql.SQL("octet_length({})::text").format(name)
        digest = sql.SQL("encode(sha256({}), 'hex')").format(name)
        return FieldReader(field, (size, digest), _file)
    if field.kind == "file":
        return FieldReader(field, (name,), partial(_path, folder))
    if field.rows == "many":
        parse = from_json if spec.is_json else from_array
        return FieldReader(field, (name,), partial(_many, parse, codec, field))
    return FieldReader(field, (name,), _as_it_is)


def _as_it_is(cells: Cells) -> Value:
    return cells[0]


def _file(cells: Cells) -> Value:
    size, digest = cells
    return None if size is None or digest is None else FileValue(int(size), digest)


def _path(folder: Path, cells: Cells) -> Value:
    return None if cells[0] is None else file_at(folder / cells[0])


def _many(
    parse: Callable[[str], tuple[str | None, ...]], codec: Codec | None, field: Field, cells: Cells
) -> Value:
    if cells[0] is None:
        return None
    items = parse(cells[0])
    return items if codec is None else tuple(_text(codec, field, item) for item in items)


def _decoded(codec: Codec, field: Field, folder: Path, is_bytes: bool, cells: Cells) -> Value:
    cell = cells[0]
    raw = bytes.fromhex(cell) if is_bytes and cell is not None else cell
    return decoded(codec, field, folder, raw)


def decoded(codec: Codec, field: Field, folder: Path, raw: str | bytes | None) -> Value:
    """What a field's codec makes of what storage holds; raises StorageUnreadable."""
    if field.kind != "file":
        return _text(codec, field, raw)
    found = _call(codec, field, raw)
    if found is None:
        return None
    if isinstance(found, str):
        return file_at(folder / found)
    if isinstance(found, bytes):
        return file_of(found)
    raise _wrong_type(field, found, "bytes, a path or None")


def _text(codec: Codec, field: Field, raw: str | bytes | None) -> str | None:
    found = _call(codec, field, raw)
    if found is None or isinstance(found, str):
        return found
    raise _wrong_type(field, found, "str or None")


def _call(codec: Codec, field: Field, raw: str | bytes | None) -> object:
    with codec_fault(f"codec {field.contract.codec}"):
        return codec(raw)


def _wrong_type(field: Field, found: object, wanted: str) -> StorageUnreadable:
    returned = type(found).__name__
    return StorageUnreadable(f"codec {field.contract.codec} returned {returned}, not {wanted}")
