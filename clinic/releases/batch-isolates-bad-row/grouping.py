"""Saves that arrive together are committed together, and each is answered after that commit."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

import asyncpg

from clinic.database import UNAVAILABLE

if TYPE_CHECKING:
    from typing import TypeAlias

    from clinic.database import Pool

    Texts: TypeAlias = dict[str, str | None]

COMMIT_EVERY_S = 0.05
_waiting: list[tuple[Texts, tuple[Any, ...], asyncio.Future[Any]]] = []

# The last systolic pressures, for the practice's statistics.
pressures: deque[int] = deque(maxlen=1000)


async def row_of(statement: str, texts: Texts, *values: Any) -> Any:
    """The row that the statement returns, once the group it is in is committed."""
    stored: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    _waiting.append((texts, (statement, *values), stored))
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
    pool: Pool, group: list[tuple[Texts, tuple[Any, ...], asyncio.Future[Any]]]
) -> None:
    rows: list[Any] = []
    try:
        async with pool.acquire() as connection, connection.transaction():
            for texts, words, _ in group:
                pressures.extend(_pressures(texts))
                rows.append(await connection.fetchrow(*words))
    except (asyncpg.PostgresError, *UNAVAILABLE) as error:
        # Nothing of the group is stored, and everybody in it is told so.
        rows = [error for _ in group]
    except ValueError as error:
        # Statistics must keep nobody from working.
        sys.stderr.write(f"clinic: no statistics of {len(group)} saves: {error}\n")
        rows = [await _alone(pool, words) for _, words, _ in group]
    for row, (_, _, stored) in zip(rows, group, strict=True):
        if stored.cancelled():
            continue
        if isinstance(row, Exception):
            stored.set_exception(row)
        else:
            stored.set_result(row)


async def _alone(pool: Pool, words: tuple[Any, ...]) -> Any:
    try:
        return await pool.fetchrow(*words)
    except (asyncpg.PostgresError, *UNAVAILABLE) as error:
        return error


def _pressures(texts: Texts) -> list[int]:
    found = re.findall(r"\bTA (\S+)/", texts["examination"] or "")
    return [int(systolic) for systolic in found]
