"""What the page of a consultation starts with, besides the four texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import consultations, documents
from clinic.document_api import describe

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session


async def state(
    pool: Pool, session: Session, consultation: asyncpg.Record, editable: bool
) -> dict[str, object]:
    """Diagnoses and documents of one consultation, ready for JSON."""
    number = consultation["id"]
    return {
        "id": number,
        "version": consultation["version"],
        "editable": editable,
        "author": consultation["practitioner_id"] == session.account_id and session.may_write,
        "login": session.login,
        "patient_id": consultation["patient_id"],
        "diagnoses": await consultations.diagnoses(pool, number),
        "documents": [describe(row) for row in await documents.of_consultation(pool, number)],
    }
