"""What a patient or a practitioner receives from others: nothing but messages yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool


async def documents(pool: Pool, kind: str, recipient_id: int) -> list[asyncpg.Record]:
    """No document can be shared in this release."""
    return []
