"""Which documents a practitioner may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import documents, sessions, shares

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session


async def readable(pool: Pool, session: Session, document_id: int) -> asyncpg.Record | None:
    """A document of the own practice, or one shared with this practitioner; else None."""
    found = await documents.in_practice(pool, session, document_id)
    if found is not None:
        return found
    return await shares.shared_document(
        pool, document_id, sessions.PRACTITIONER, session.account_id
    )
