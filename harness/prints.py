"""A read of storage of which only fingerprints are kept: blocks of rows, however many there are.

``ID.prints`` opens with a line of JSON that names the schema, the read and each form's fields. A
block begins with a line ``b FORM ROWS_N``, the form by its place in the first line. Lines follow:
the rows' keys, each percent-encoded and one blank apart; for each field its fingerprints, sixteen
characters a row, with dots behind those of one; and a digest of each row's other columns one blank
apart, or one ``-`` where no row has any. The last line is ``. ENDED_S ROWS_N``; without it the read
was cut.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from harness.contracts import PRINT_CHARS, fingerprint
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.journal.volume import key_word
from harness.model import Form
from harness.observations import Purpose, Row

SCHEMA = "harness.prints/3"
SUFFIX = ".prints"
_TAIL_BYTES = 64
_HEAD_BYTES = 16 << 10
# Of so many blocks it is known where their fingerprints begin.
_BLOCKS_MAX = 1 << 15
NO_REST = "-"
_NO_RESTS = NO_REST.encode()
# So many rows are kept together: few enough to read all of them for one, and enough to look at all
# of them at once. A place has room for more, behind its block's.
BLOCK_ROWS = 1_024
_INDEX_BITS = 16
_ROWS_MAX = 1 << _INDEX_BITS
_BLOCK, _OVER = "b", "."


class PrintRow(NamedTuple):
    """One row; key is one word, as :func:`harness.journal.volume.key_word` spells it."""

    form: str
    key: str
    prints: tuple[str, ...]
    rest: str = ""


class Block(NamedTuple):
    """Some rows of one form as a file has them; place is that of its first row there."""

    form: str
    rows_n: int
    keys: bytes
    prints: Sequence[bytes]
    rests: bytes
    place: int = 0

    def rows(self, wanted: Sequence[int] | None = None) -> list[PrintRow]:
        """Each row, or those that are wanted; raises ValueError where one is no text."""
        keys = self.keys.decode("ascii").split(" ")
        columns = [column.decode("ascii") for column in self.prints]
        rests = self.rests.decode("ascii").split(" ")
        found = []
        for n in range(self.rows_n) if wanted is None else wanted:
            at = slice(n * PRINT_CHARS, (n + 1) * PRINT_CHARS)
            prints = tuple(column[at].rstrip(_OVER) for column in columns)
            # One for all of them where no row has any.
            rest = rests[n if len(rests) > 1 else 0]
            found.append(PrintRow(self.form, keys[n], prints, "" if rest == NO_REST else rest))
        return found


def block_of(rows: Sequence[PrintRow]) -> Block:
    """Rows of one form, of which there is at least one."""
    columns = zip(*(row.prints for row in rows), strict=True)
    rests = " ".join(row.rest or NO_REST for row in rows).encode("ascii")
    return Block(
        rows[0].form,
        len(rows),
        " ".join(row.key for row in rows).encode("ascii"),
        [b"".join(padded(print_) for print_ in column) for column in columns],
        rests if any(row.rest for row in rows) else _NO_RESTS,
    )


def joined(blocks: Sequence[Block]) -> Block:
    """Blocks of one form as one, in the place of the first."""
    first = blocks[0]
    if len(blocks) == 1:
        return first
    rests = _NO_RESTS
    if any(block.rests != _NO_RESTS for block in blocks):
        rests = b" ".join(_each_rest(block) for block in blocks)
    return Block(
        first.form,
        sum(block.rows_n for block in blocks),
        b" ".join(block.keys for block in blocks),
        [b"".join(columns) for columns in zip(*(block.prints for block in blocks), strict=True)],
        rests,
        first.place,
    )


def _each_rest(block: Block) -> bytes:
    if block.rests != _NO_RESTS:
        return block.rests
    return b" ".join([_NO_RESTS] * block.rows_n)


def padded(print_: str) -> bytes:
    """A fingerprint in as many characters as any other has."""
    return print_.ljust(PRINT_CHARS, _OVER).encode("ascii")


def blocks_of(rows: Iterable[PrintRow]) -> Iterator[Block]:
    """Rows as they come, those of one form that follow each other together."""
    for _, some in groupby(rows, key=lambda row: row.form):
        while block := list(islice(some, BLOCK_ROWS)):
            yield block_of(block)


@dataclass(frozen=True, slots=True)
class Prints:
    """One read, kept in a file and streamed from it; fields names each form's, in their order."""

    path: Path
    id: str
    purpose: Purpose
    began_s: float
    ended_s: float
    rows_n: int
    fields: Mapping[str, tuple[str, ...]]

    @property
    def load(self) -> str:
        """The load around which it was read."""
        return load_of(self.id)

    def blocks(self) -> Iterator[Block]:
        """Every row, in no order, some at a time; raises RecordUnreadable."""
        found_n = 0
        try:
            with self.path.open("rb") as stream:
                stream.readline()
                while (block := self._next(stream)) is not None:
                    found_n += block.rows_n
                    yield block
            if found_n != self.rows_n:
                raise ValueError(f"{self.rows_n} rows promised, {found_n} there")
        except (OSError, ValueError, IndexError) as error:
            raise _unreadable(self.path, error) from error

    def rows(self) -> Iterator[PrintRow]:
        """Every row, in no order; raises RecordUnreadable."""
        for block in self.blocks():
            try:
                yield from block.rows()
            except ValueError as error:
                raise self.unreadable(error) from error

    def rows_at(self, places: Iterable[int]) -> Iterator[PrintRow]:
        """The rows in these places, which ascend; raises RecordUnreadable."""
        try:
            with self.path.open("rb") as stream:
                for offset, some in groupby(places, key=lambda place: place >> _INDEX_BITS):
                    stream.seek(offset)
                    block = self._next(stream)
                    if block is None:
                        raise ValueError(f"no rows begin at {offset}")
                    yield from block.rows([place - block.place for place in some])
        except (OSError, ValueError, IndexError) as error:
            raise _unreadable(self.path, error) from error

    def unreadable(self, error: Exception) -> RecordUnreadable:
        """That it is not what was written."""
        return _unreadable(self.path, error)

    def _next(self, stream: BinaryIO) -> Block | None:
        offset = stream.tell()
        mark, *words = stream.readline().decode("ascii").split()
        if mark == _OVER:
            return None
        number, rows_n = map(int, words)
        name, fields = list(self.fields.items())[number]
        if mark != _BLOCK or not 0 < rows_n <= _ROWS_MAX:
            raise ValueError(f"no rows are told at {offset}")
        keys = stream.readline()
        prints = [stream.read(rows_n * PRINT_CHARS + 1) for _ in fields]
        rests = stream.readline()
        if not all(line.endswith(b"\n") for line in (keys, *prints, rests)):
            raise ValueError(f"the rows at {offset} are not whole")
        for line in (keys, *([rests] if rests[:-1] != _NO_RESTS else [])):
            if line.count(b" ") != rows_n - 1:
                found_n = line.count(b" ") + 1
                raise ValueError(f"{rows_n} rows promised at {offset}, {found_n} there")
        return Block(
            name, rows_n, keys[:-1], [each[:-1] for each in prints], rests[:-1],
            offset << _INDEX_BITS,
        )  # fmt: skip


class Cells:
    """Single fingerprints of a read, of which nothing else is read. Raises RecordUnreadable."""

    def __init__(self, prints: Prints) -> None:
        self._prints = prints
        # Of each block how many rows it has, and where its fingerprints begin.
        self._blocks: dict[int, tuple[int, int]] = {}

    def read(self, places: Iterable[int], fields: Iterable[int]) -> bytes:
        """In sixteen characters each, of the rows in these places the field of each number."""
        found = []
        try:
            with self._prints.path.open("rb", buffering=0) as stream:
                for place, number in zip(places, fields, strict=True):
                    offset = place >> _INDEX_BITS
                    rows_n, begin = self._block(stream, offset)
                    begin += number * (rows_n * PRINT_CHARS + 1)
                    begin += (place & (_ROWS_MAX - 1)) * PRINT_CHARS
                    found.append(os.pread(stream.fileno(), PRINT_CHARS, begin))
        except (OSError, ValueError, IndexError) as error:
            raise self._prints.unreadable(error) from error
        if any(len(print_) < PRINT_CHARS for print_ in found):
            raise self._prints.unreadable(ValueError("it was cut while it was in use"))
        return b"".join(found)

    def _block(self, stream: FileIO, offset: int) -> tuple[int, int]:
        if offset not in self._blocks:
            if len(self._blocks) == _BLOCKS_MAX:
                self._blocks.clear()
            self._blocks[offset] = _prints_of(stream, offset)
        return self._blocks[offset]


def _prints_of(stream: FileIO, offset: int) -> tuple[int, int]:
    """How many rows a block has that begins there, and where their fingerprints do."""
    stream.seek(offset)
    read = b""
    while read.count(b"\n") < 2:
        more = stream.read(_HEAD_BYTES)
        if not more:
            raise ValueError(f"no rows begin at {offset}")
        read += more
    head, keys, _ = read.split(b"\n", 2)
    return int(head.split()[2]), offset + len(head) + len(keys) + 2


def load_of(read: str) -> str:
    """The load of a read, by its id, which is ``NUMBER-LOAD-PURPOSE``."""
    return read.partition("-")[2].rpartition("-")[0]


def printed(row: Row, form: Form) -> PrintRow:
    """A row of which only the fingerprints stay."""
    prints = tuple(
        fingerprint(row.fields[spec.name], spec.contract, spec.kind) for spec in form.fields
    )
    return PrintRow(form.name, key_word(row.key), prints, row.rest)


class PrintsWriter:
    """Writes one read as it is streamed; what is not closed whole is no read.

    Raises EnvironmentBroken where the file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        forms: Mapping[str, Form],
        *,
        id: str,  # noqa: A002 - the observation's own word for it
        role: str,
        purpose: Purpose,
        began_s: float,
    ) -> None:
        self.path = folder / f"{id}{SUFFIX}"
        self._part = self.path.with_suffix(".part")
        self._places = {name: place for place, name in enumerate(forms)}
        self._rows_n = 0
        # Blocks of one form that are written together: how they come is not how they are looked at.
        self._held: list[Block] = []
        self._held_n = 0
        head = {
            "schema": SCHEMA,
            "id": id,
            "role": role,
            "purpose": purpose,
            "began_s": began_s,
            "forms": {name: [spec.name for spec in form.fields] for name, form in forms.items()},
        }
        try:
            self._stream = self._part.open("wb")
            self._stream.write(json.dumps(head).encode() + b"\n")
        except OSError as error:
            raise self._broken(error) from error

    def write(self, blocks: Iterable[Block]) -> None:
        """Append rows as they come."""
        for block in blocks:
            fits = self._held_n + block.rows_n <= BLOCK_ROWS
            if self._held and not (fits and self._held[0].form == block.form):
                try:
                    self._flush()
                except OSError as error:
                    raise self._broken(error) from error
            self._held.append(block)
            self._held_n += block.rows_n

    def close(self, ended_s: float) -> Path:
        """The read is whole, and ended then."""
        try:
            with self._stream as stream:
                self._flush()
                stream.write(f"{_OVER} {ended_s!r} {self._rows_n}\n".encode())
            self._part.replace(self.path)
        except OSError as error:
            raise self._broken(error) from error
        return self.path

    def _flush(self) -> None:
        held, rows_n = self._held, self._held_n
        if not held:
            return
        self._held, self._held_n = [], 0
        self._rows_n += rows_n
        block = joined(held)
        head = f"{_BLOCK} {self._places[block.form]} {rows_n}".encode()
        self._stream.writelines(
            line + b"\n" for line in (head, block.keys, *block.prints, block.rests)
        )

    def _broken(self, error: OSError) -> EnvironmentBroken:
        return EnvironmentBroken(f"the observation {self.path} cannot be written: {error}")


def find_prints(folder: Path) -> list[Prints]:
    """Every such read of a run, in the order of its time; raises RecordUnreadable."""
    found = [_open(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return sorted(found, key=lambda prints: (prints.began_s, prints.id))


def _open(path: Path) -> Prints:
    try:
        with path.open("rb") as stream:
            head = json.loads(stream.readline())
            if head["schema"] != SCHEMA:
                raise ValueError(f"written as {head['schema']!r}, this harness reads {SCHEMA!r}")
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL_BYTES))
            *_, last = stream.read().decode("ascii").splitlines()
        mark, ended_s, rows_n = last.split(" ")
        if mark != ".":
            raise ValueError("it was cut: its last line is missing")
        return Prints(
            path,
            head["id"],
            head["purpose"],
            head["began_s"],
            float(ended_s),
            int(rows_n),
            {form: tuple(names) for form, names in head["forms"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RecordUnreadable:
    return RecordUnreadable(f"the observation {path} cannot be read: {error!r}")
