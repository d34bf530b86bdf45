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

DISMISS = """
DELETE FROM inbox WHERE id = $1 AND recipient_kind = $2 AND recipient_id = $3 RETURNING id
"""


async def messages(pool: Pool, kind: str, recipient_id: int) -> list[asyncpg.Record]:
    """The newest 100 messages."""
    return await pool.fetch(LIST, kind, recipient_id)


async def dismiss(pool: Pool, kind: str, recipient_id: int, message_id: int) -> bool:
    """Take a message out of its recipient's inbox; whether it was there."""
    return await pool.fetchrow(DISMISS, message_id, kind, recipient_id) is not None
