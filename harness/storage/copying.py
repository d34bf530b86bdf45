"""Rows as PostgreSQL streams them, by COPY: as lines of text, or as cells between their lengths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from select import select
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn

from harness.errors import StorageUnreadable
from harness.storage.connection import Connection, spelled

Ints: TypeAlias = npt.NDArray[np.int64]

# So much is looked at together; a row alone may be more.
BLOCK_BYTES = 512 << 10
BLOCK_ROWS = 1 << 13
# What libpq reads at once is as much as its buffer holds, and that grows to its longest message.
_BUFFER = f"SELECT pg_catalog.repeat(' ', {1 << 20})".encode()
# Far longer than rows ever come apart from each other.
SILENT_S_MAX = 900.0
_HEAD_BYTES = 19
_END = b"\xff\xff"
_COUNT_BYTES, _SIZE_BYTES = 2, 4
_NULL_SIZE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a block of rows: where each cell begins and ends, and which are NULL."""

    data: bytes
    begin: Ints
    end: Ints
    nulls: Ints

    def cells(self) -> list[bytes]:
        """What each cell holds; of NULL nothing."""
        data = self.data
        return [data[a:b] for a, b in zip(self.begin.tolist(), self.end.tolist(), strict=True)]


def copied_lines(connection: Connection, select: sql.Composable) -> Iterator[Iterator[bytes]]:
    """The lines of a COPY as the server spells them, some at a time; raises psycopg.Error."""
    for block in _copied(connection, sql.SQL("COPY ({}) TO STDOUT").format(select)):
        yield map(bytes, block)


def copied_columns(
    connection: Connection, select: sql.Composable, columns_n: int
) -> Iterator[list[Column]]:
    """The columns of a block of rows after the other, all bytes of a cell as they are.

    Raises psycopg.Error, and StorageUnreadable where rows do not come as PostgreSQL sends them.
    """
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(select)
    is_first = True
    for block in _copied(connection, copy):
        if is_first:
            block[0], is_first = block[0][_HEAD_BYTES:], False
        if block[-1] == _END:
            block.pop()
        if block:
            yield columns_of(block, columns_n)


def columns_of(block: Sequence[memoryview], columns_n: int) -> list[Column]:
    """The columns of some rows, a message each; raises StorageUnreadable where they are not so."""
    size = np.fromiter(map(len, block), dtype=np.int64, count=len(block))
    data = b"".join(block)
    over = np.cumsum(size)
    at = over - size + _COUNT_BYTES
    found = []
    try:
        for _ in range(columns_n):
            told = _big_endian(data, at, ">u4")
            nulls = np.flatnonzero(told == _NULL_SIZE)
            told[nulls] = 0
            begin = at + _SIZE_BYTES
            at = begin + told
            found.append(Column(data, begin, at, nulls))
        is_whole = bool((_big_endian(data, over - size, ">u2") == columns_n).all())
    except IndexError:
        is_whole = False
    if not is_whole or not np.array_equal(at, over):
        raise StorageUnreadable(
            "a row of COPY has not the columns it was asked for; is there something between here "
            "and PostgreSQL that changes what it sends?"
        )
    return found


def _big_endian(data: bytes, at: Ints, kind: str) -> Ints:
    """The number at each place; raises IndexError where there is none."""
    dtype = np.dtype(kind)
    places_n = max(0, len(data) - dtype.itemsize + 1)
    places = np.ndarray((places_n,), dtype=dtype, buffer=data, strides=(1,))
    found: Ints = places[at].astype(np.int64)
    return found


def _copied(connection: Connection, copy: sql.Composable) -> Iterator[list[memoryview]]:
    """What a COPY sends, some messages at a time; there is one to a row."""
    wire = connection.pgconn
    for statement in (_BUFFER, spelled(copy)):
        result = wire.exec_(statement)
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COPY_OUT):
            raise error_from_result(result, "utf-8")
    get = wire.get_copy_data
    block: list[memoryview] = []
    size, left = 0, BLOCK_BYTES
    try:
        # Asked in a way that does not wait: waiting itself would hold up every other thread.
        while size >= 0:
            for _ in repeat(None, BLOCK_ROWS - len(block)):
                size, data = get(1)
                if size <= 0:
                    break
                block.append(data)
                left -= size
                if left <= 0:
                    break
            if size == 0:
                _wait(connection)
            elif block:
                yield block
                block, left = [], BLOCK_BYTES
    finally:
        if size >= 0 and wire.status == ConnStatus.OK:
            _stop(connection)
    _end(wire)


def _end(wire: PGconn) -> None:
    # To the end also where one says what went wrong: nobody else is heard before.
    results = list(iter(wire.get_result, None))
    for last in results:
        if last.status != ExecStatus.COMMAND_OK:
            raise error_from_result(last, "utf-8")


def _wait(connection: Connection) -> None:
    """Wait until the server has sent more."""
    wire = connection.pgconn
    if not select([wire.socket], [], [], SILENT_S_MAX)[0]:
        wire.finish()
        raise StorageUnreadable(
            f"storage began to send rows and was then silent for {SILENT_S_MAX:g} s; is the way "
            "to it cut?"
        )
    wire.consume_input()


def _stop(connection: Connection) -> None:
    """Whoever stops early leaves a server that has more to say, and nobody else is heard."""
    wire = connection.pgconn
    with suppress(psycopg.Error):
        wire.get_cancel().cancel()
        while wire.get_copy_data(0)[0] > 0:
            pass
    while wire.get_result() is not None:
        pass
