"""Fingerprints of every row as PostgreSQL streams them, by COPY and without a value ever made.

A COPY spells each column as any other read does, and takes a fraction of its time: least of all
where it gives the bytes of texts as they are, with nothing escaped. What a contract forgives is
looked for byte by byte, and only a value in which it stands is made into text.
"""

from __future__ import annotations

import re
import string
from binascii import hexlify
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from harness.contracts import PRINT_CHARS, digest_bytes, fingerprint
from harness.errors import StorageUnreadable
from harness.journal.volume import key_word
from harness.model import Field
from harness.prints import NO_REST, Block, PrintRow, block_of, padded
from harness.storage.beside import named
from harness.storage.connection import Connection
from harness.storage.copying import Column, copied_columns, copied_lines
from harness.storage.reader import RowReader

Printer: TypeAlias = Callable[[bytes], bytes]
_NULL = b"\\N"
_NULL_PRINT = padded(fingerprint(None))
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_MEANS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_GRAPHIC = frozenset(range(33, 127))
# A key of these alone is spelled as it is.
_PLAIN = string.ascii_letters.encode() + string.digits.encode() + b"_.~-"


def copied_prints(connection: Connection, reader: RowReader) -> Iterator[Block]:
    """The prints of every row, some at a time; values as fields hold them.

    Raises psycopg.Error, StorageUnreadable.
    """
    if reader.raw is not None:
        columns_n = len(reader.form.key) + len(reader.form.fields) + bool(reader.others)
        for columns in copied_columns(connection, reader.raw, columns_n):
            yield _of_columns(columns, reader)
    else:
        printers = [printer_of(field) for field in reader.form.fields]
        for lines in copied_lines(connection, reader.select):
            yield block_of([_of_line(line, reader, printers) for line in lines])


def _of_columns(columns: Sequence[Column], reader: RowReader) -> Block:
    form, others = reader.form, reader.others
    first, last, key_n = columns[0], columns[-1], len(form.key)
    # A length may hold such a byte as well, and then each cell is looked at for nothing.
    has_breaks = b"\r" in first.data
    prints = [
        _printed(column, _printer(field, has_breaks=has_breaks))
        for field, column in zip(form.fields, columns[key_n:], strict=False)
    ]
    rests = NO_REST
    if others:
        rests = " ".join(named(others, cell.decode("ascii")) for cell in last.cells())
    keys = _keys(columns[:key_n], reader)
    return Block(form.name, len(first.begin), keys, prints, rests.encode("ascii"))


def _printed(column: Column, printer: Printer) -> bytes:
    data = column.data
    found = hexlify(
        b"".join(
            [
                printer(data[a:b])
                for a, b in zip(column.begin.tolist(), column.end.tolist(), strict=True)
            ]
        )
    )
    if not len(column.nulls):
        return found
    told = bytearray(found)
    for null in column.nulls.tolist():
        told[null * PRINT_CHARS : (null + 1) * PRINT_CHARS] = _NULL_PRINT
    return bytes(told)


def _keys(columns: Sequence[Column], reader: RowReader) -> bytes:
    if any(len(column.nulls) for column in columns):
        raise StorageUnreadable(reader.null_in_key)
    if len(columns) == 1:
        cells = columns[0].cells()
        # Nearly every key is one plain word, and there are very many of them.
        if not b"".join(cells).translate(None, _PLAIN) and all(cells):
            return b" ".join(cells)
    found = [_key(cells, reader) for cells in zip(*(c.cells() for c in columns), strict=True)]
    return " ".join(found).encode("ascii")


def _of_line(line: bytes, reader: RowReader, printers: Sequence[Printer]) -> PrintRow:
    key_n, others = len(reader.form.key), reader.others
    cells = [_unescaped(cell) for cell in line[:-1].split(b"\t")]
    rest = named(others, cells[-1].decode("ascii")) if others else ""
    prints = tuple(
        fingerprint(None) if cell is _NULL else print_(cell).hex()
        for print_, cell in zip(printers, cells[key_n:-1], strict=True)
    )
    return PrintRow(reader.form.name, _key(cells[:key_n], reader), prints, rest)


def printer_of(field: Field) -> Printer:
    """What makes the fingerprint of a field's bytes, the same as of its text, not yet spelled."""
    return _printer(field, has_breaks=True)


def _printer(field: Field, *, has_breaks: bool) -> Printer:
    """The same; has_breaks says whether a carriage return stands in any of them."""
    contract, kind = field.contract, field.kind
    whole: Printer = partial(_of_text, field)
    if kind in ("number", "date", "flag"):
        return whole
    odd: list[Callable[[bytes], bool]] = []
    if contract.newline == "any" and has_breaks:
        odd.append(lambda cell: b"\r" in cell)
    if contract.trim:
        odd.append(lambda cell: bool(cell) and cell[-1] not in _GRAPHIC)
    if contract.nfc:
        odd.append(lambda cell: not cell.isascii())
    if not odd:
        return digest_bytes
    if len(odd) == 1:
        (only,) = odd
        return lambda cell: whole(cell) if only(cell) else digest_bytes(cell)
    return lambda cell: whole(cell) if any(is_odd(cell) for is_odd in odd) else digest_bytes(cell)


def _of_text(field: Field, cell: bytes) -> bytes:
    return bytes.fromhex(fingerprint(cell.decode("utf-8"), field.contract, field.kind))


def _key(cells: Sequence[bytes], reader: RowReader) -> str:
    if any(cell is _NULL for cell in cells):
        raise StorageUnreadable(reader.null_in_key)
    return key_word(tuple(cell.decode("utf-8") for cell in cells))


def _unescaped(cell: bytes) -> bytes:
    """What a cell of a COPY says; NULL is the one object that stands for it."""
    if b"\\" not in cell:
        return cell
    if cell == _NULL:
        return _NULL
    return _ESCAPE.sub(lambda found: _MEANS.get(found[1], found[1]), cell)
