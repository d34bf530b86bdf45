"""Fingerprints of every row as PostgreSQL streams them, by COPY and without a value ever made.

A COPY spells each column as any other read does, and takes a fraction of its time. What a contract
forgives is looked for byte by byte, and only a value in which it stands is made into text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from harness.contracts import TEXT_DIGEST, fingerprint
from harness.errors import StorageUnreadable
from harness.journal.volume import key_word
from harness.model import Field
from harness.prints import NO_REST
from harness.storage.beside import named
from harness.storage.connection import Connection, spelled
from harness.storage.reader import RowReader

Printer: TypeAlias = Callable[[bytes], str]
_NULL = b"\\N"
_NULL_PRINT = fingerprint(None)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_MEANS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_GRAPHIC = frozenset(range(33, 127))


def copied_prints(connection: Connection, reader: RowReader) -> Iterator[str]:
    """A line of prints for each row, without the form it is of; values are what fields hold.

    Raises psycopg.Error, StorageUnreadable.
    """
    form, others = reader.form, reader.others
    printers = [printer_of(field) for field in form.fields]
    key_n = len(form.key)
    # A line break in a value comes escaped, so that of most rows nothing has to be looked for.
    is_plain = key_n == 1 and all(_is_as_it_is(field) for field in form.fields)
    begin, size = TEXT_DIGEST.copy, TEXT_DIGEST.digest_size
    for line in _copied(connection, reader.select):
        cells = line[:-1].split(b"\t")
        rest = named(others, cells[-1].decode("ascii")) if others else NO_REST
        if is_plain and b"\\" not in line:
            digests = []
            for cell in cells[1:-1]:
                digest = begin()
                digest.update(cell)
                digests.append(digest.digest())
            # All fingerprints of a row are spelled at once.
            prints_of_row = b"".join(digests).hex(" ", size)
            yield f"{_one_key(cells[0], reader)} {prints_of_row} {rest}"
            continue
        cells = [_unescaped(cell) for cell in cells]
        prints = [
            _NULL_PRINT if cell is _NULL else print_(cell)
            for print_, cell in zip(printers, cells[key_n:-1], strict=True)
        ]
        yield f"{_key(cells[:key_n], reader)} {' '.join(prints)} {rest}"


def _is_as_it_is(field: Field) -> bool:
    """Whether a text that came without an escape is its one spelling."""
    contract = field.contract
    return field.kind in ("text", "choice") and not (contract.trim or contract.nfc)


def printer_of(field: Field) -> Printer:
    """What makes the fingerprint of a field's bytes, the same as of its text."""
    contract, kind = field.contract, field.kind
    whole: Printer = partial(_of_text, field)
    if kind in ("number", "date", "flag"):
        return whole
    odd: list[Callable[[bytes], bool]] = []
    if contract.newline == "any":
        odd.append(lambda cell: b"\r" in cell)
    if contract.trim:
        odd.append(lambda cell: bool(cell) and cell[-1] not in _GRAPHIC)
    if contract.nfc:
        odd.append(lambda cell: not cell.isascii())
    if not odd:
        return _of_bytes
    if len(odd) == 1:
        (only,) = odd
        return lambda cell: whole(cell) if only(cell) else _of_bytes(cell)
    return lambda cell: whole(cell) if any(is_odd(cell) for is_odd in odd) else _of_bytes(cell)


def _of_bytes(cell: bytes) -> str:
    digest = TEXT_DIGEST.copy()
    digest.update(cell)
    return digest.hexdigest()


def _of_text(field: Field, cell: bytes) -> str:
    return fingerprint(cell.decode("utf-8"), field.contract, field.kind)


def _one_key(cell: bytes, reader: RowReader) -> str:
    # Nearly every key is a number, and there are very many of them.
    return cell.decode("ascii") if cell.isalnum() else _key([cell], reader)


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


def _copied(connection: Connection, select: sql.Composable) -> Iterator[bytes]:
    """The lines of a COPY, as the server sends them."""
    wire = connection.pgconn
    result = wire.exec_(spelled(sql.SQL("COPY ({}) TO STDOUT").format(select)))
    if result.status != ExecStatus.COPY_OUT:
        raise error_from_result(result, "utf-8")
    size, data = wire.get_copy_data(0)
    try:
        while size > 0:
            yield bytes(data)
            size, data = wire.get_copy_data(0)
    finally:
        if size > 0:
            _stop(connection)
    while (last := wire.get_result()) is not None:
        if last.status != ExecStatus.COMMAND_OK:
            raise error_from_result(last, "utf-8")


def _stop(connection: Connection) -> None:
    """Whoever stops early leaves a server that has more to say, and nobody else is heard."""
    wire = connection.pgconn
    with suppress(psycopg.Error):
        wire.get_cancel().cancel()
        while wire.get_copy_data(0)[0] > 0:
            pass
    while wire.get_result() is not None:
        pass
