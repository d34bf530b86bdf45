"""Texts on their way to storage: what comes within a second is written in one go."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from clinic.consultations import FIELDS
from clinic.database import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinic.database import Pool

WRITE_EVERY_S = 1.0
WRITE = """
UPDATE consultation SET
    reason = coalesce($2, reason),
    history = coalesce($3, history),
    examination = coalesce($4, examination),
    conclusion = coalesce($5, conclusion)
WHERE id = $1
"""
_unwritten: list[tuple[int | str | None, ...]] = []


def keep(consultation_id: int, texts: Mapping[str, str | None]) -> None:
    """Have these texts written with the next ones; None leaves one as it is."""
    _unwritten.append((consultation_id, *(texts.get(name) for name in FIELDS)))


async def write(pool: Pool) -> None:
    """Write what is kept, oldest first; where storage is away it is kept for the next time."""
    rows = list(_unwritten)
    if not rows:
        return
    try:
        await pool.executemany(WRITE, rows)
    except UNAVAILABLE as error:
        sys.stderr.write(f"clinic: texts wait for the database: {error!r}\n")
    else:
        del _unwritten[: len(rows)]


async def write_on(pool: Pool) -> None:
    """Write again and again, until cancelled."""
    while True:
        await asyncio.sleep(WRITE_EVERY_S)
        await write(pool)
