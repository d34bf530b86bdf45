"""What the page of a consultation starts with, besides the four texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import accounts, consultations, documents, share_api, shares
from clinic.document_api import describe

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session


async def state(
    pool: Pool, session: Session, consultation: asyncpg.Record, editable: bool
) -> dict[str, object]:
    """Diagnoses, documents and shares of one consultation, ready for JSON."""
    number = consultation["id"]
    colleagues = await accounts.colleagues(pool, session.account_id) if session.may_write else []
    return {
        "id": number,
        "version": consultation["version"],
        "editable": editable,
        "author": consultation["practitioner_id"] == session.account_id and session.may_write,
        "login": session.login,
        "patient_id": consultation["patient_id"],
        "diagnoses": await consultations.diagnoses(pool, number),
        "documents": [describe(row) for row in await documents.of_consultation(pool, number)],
        "colleagues": [dict(row) for row in colleagues],
        **share_api.describe(await shares.of_consultation(pool, number)),
    }
