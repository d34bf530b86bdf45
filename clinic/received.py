"""What a patient or a practitioner receives from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import shares

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool


async def documents(pool: Pool, kind: str, recipient_id: int) -> list[asyncpg.Record]:
    """Documents shared with this recipient, newest first."""
    return await shares.received(pool, kind, recipient_id)
