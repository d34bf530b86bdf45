"""Which documents a practitioner may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import documents

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session


async def readable(pool: Pool, session: Session, document_id: int) -> asyncpg.Record | None:
    """A document of the own practice, or None."""
    return await documents.in_practice(pool, session, document_id)
