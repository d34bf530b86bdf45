"""What was delivered to a patient or a practitioner."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool

LIST = """
SELECT id, kind, message, delivered_at FROM inbox
WHERE recipient_kind = $1 AND recipient_id = $2 ORDER BY id DESC LIMIT 100
"""


async def messages(pool: Pool, kind: str, recipient_id: int) -> list[asyncpg.Record]:
    """The newest 100 messages."""
    return await pool.fetch(LIST, kind, recipient_id)
