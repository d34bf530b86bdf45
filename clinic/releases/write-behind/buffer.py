"""Texts on their way to storage: what is typed into a note within three seconds is written at once."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from clinic.consultations import FIELDS
from clinic.database import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clinic.database import Pool

GATHER_S = 3.0
WRITE = """
UPDATE consultation SET
    reason = coalesce($2, reason),
    history = coalesce($3, history),
    examination = coalesce($4, examination),
    conclusion = coalesce($5, conclusion)
WHERE id = $1
"""
_unwritten: dict[int, dict[str, str]] = {}


def keep(pool: Pool, consultation_id: int, texts: Mapping[str, str | None]) -> None:
    """Have these texts written soon; None leaves one as it is."""
    if consultation_id not in _unwritten:
        _unwritten[consultation_id] = {}
        asyncio.get_running_loop().create_task(_write_later(pool, consultation_id))
    sent = {name: text for name, text in texts.items() if text is not None}
    _unwritten[consultation_id].update(sent)


async def write_all(pool: Pool) -> None:
    """Write what is kept."""
    for consultation_id in list(_unwritten):
        await _write(pool, consultation_id)


async def _write_later(pool: Pool, consultation_id: int) -> None:
    await asyncio.sleep(GATHER_S)
    await _write(pool, consultation_id)


async def _write(pool: Pool, consultation_id: int) -> None:
    texts = _unwritten.pop(consultation_id)
    try:
        await pool.execute(WRITE, consultation_id, *(texts.get(name) for name in FIELDS))
    except UNAVAILABLE as error:
        sys.stderr.write(f"clinic: texts wait for the database: {error!r}\n")
        keep(pool, consultation_id, {**texts, **_unwritten.get(consultation_id, {})})
