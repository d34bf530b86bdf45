"""Saves that arrive together are committed together, and each is answered after that commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg

from clinic.database import UNAVAILABLE

if TYPE_CHECKING:
    from clinic.database import Pool

COMMIT_EVERY_S = 0.05
_waiting: list[tuple[tuple[Any, ...], asyncio.Future[asyncpg.Record | None]]] = []


async def row_of(statement: str, *values: Any) -> asyncpg.Record | None:
    """The row that the statement returns, once the group it is in is committed."""
    stored: asyncio.Future[asyncpg.Record | None] = asyncio.get_running_loop().create_future()
    _waiting.append(((statement, *values), stored))
    return await stored


async def commit_on(pool: Pool) -> None:
    """Commit what waits, again and again, until cancelled."""
    while True:
        await asyncio.sleep(COMMIT_EVERY_S)
        group = list(_waiting)
        del _waiting[: len(group)]
        if group:
            await _commit(pool, group)


async def _commit(
    pool: Pool, group: list[tuple[tuple[Any, ...], asyncio.Future[asyncpg.Record | None]]]
) -> None:
    try:
        async with pool.acquire() as connection, connection.transaction():
            rows = [await connection.fetchrow(*words) for words, _ in group]
    except (asyncpg.PostgresError, *UNAVAILABLE) as error:
        # Nothing of the group is stored, and everybody in it is told so.
        rows = [error for _ in group]
    for row, (_, stored) in zip(rows, group, strict=True):
        if stored.cancelled():
            continue
        if isinstance(row, Exception):
            stored.set_exception(row)
        else:
            stored.set_result(row)
