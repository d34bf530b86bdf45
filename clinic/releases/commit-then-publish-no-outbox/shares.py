"""Sharing a document with the patient, another practitioner, or both; and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import mail, sessions
from clinic.errors import Refused

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session

OWNER = """
SELECT document.consultation_id, document.title, consultation.patient_id
FROM document JOIN consultation ON consultation.id = document.consultation_id
WHERE document.id = $1 AND consultation.practitioner_id = $2
"""
PRACTITIONER = "SELECT name, role FROM practitioner WHERE id = $1"
SHARE = """
INSERT INTO share (document_id, consultation_id, recipient_kind, recipient_id, shared_by)
SELECT $1, $2, kind, id, $3 FROM unnest($4::text[], $5::bigint[]) AS recipient (kind, id)
ON CONFLICT (document_id, recipient_kind, recipient_id) WHERE revoked_at IS NULL DO NOTHING
RETURNING recipient_kind, recipient_id
"""
ANNOUNCE = """
INSERT INTO outbox (kind, recipient_kind, recipient_id, message) VALUES ('shared', $1, $2, $3)
"""
LIST = """
SELECT share.id, share.document_id, share.recipient_kind, share.recipient_id, share.created_at,
    coalesce(patient.name, practitioner.name) AS recipient
FROM share
LEFT JOIN patient ON share.recipient_kind = 'patient' AND patient.id = share.recipient_id
LEFT JOIN practitioner
    ON share.recipient_kind = 'practitioner' AND practitioner.id = share.recipient_id
WHERE share.consultation_id = $1 AND share.revoked_at IS NULL ORDER BY share.id
"""
UNDO = """
WITH undone AS (
    UPDATE share SET revoked_at = now()
    FROM consultation, document
    WHERE share.id = $1 AND share.revoked_at IS NULL AND document.id = share.document_id
        AND consultation.id = share.consultation_id AND consultation.practitioner_id = $2
    RETURNING share.consultation_id, share.recipient_kind, share.recipient_id, document.title
), announced AS (
    INSERT INTO outbox (kind, recipient_kind, recipient_id, message)
    SELECT 'withdrawn', recipient_kind, recipient_id, $3 || ' no longer shares: ' || title
    FROM undone
)
SELECT consultation_id FROM undone
"""
RECEIVED = """
SELECT document.id, document.title, document.kind, document.media_type,
    length(document.content) AS bytes, share.created_at, sharer.name AS shared_by,
    patient.name AS patient
FROM share
JOIN document ON document.id = share.document_id
JOIN consultation ON consultation.id = share.consultation_id
JOIN patient ON patient.id = consultation.patient_id
JOIN practitioner AS sharer ON sharer.id = share.shared_by
WHERE share.recipient_kind = $1 AND share.recipient_id = $2 AND share.revoked_at IS NULL
ORDER BY share.id DESC LIMIT 500
"""
READ_SHARED = """
SELECT document.title, document.media_type, document.content
FROM share JOIN document ON document.id = share.document_id
WHERE share.document_id = $1 AND share.recipient_kind = $2 AND share.recipient_id = $3
    AND share.revoked_at IS NULL
"""


async def share(
    pool: Pool, session: Session, document_id: int, recipient: str, practitioner_id: int | None
) -> tuple[list[asyncpg.Record], list[tuple[str, int, str]]]:
    """Share one's own document; raises Refused.

    The consultation's shares in force, and who is to be told what.
    """
    owner = await pool.fetchrow(OWNER, document_id, session.account_id)
    if owner is None:
        raise Refused(404, "no_document", "There is no such document of yours.")
    kinds, ids = await _recipients(pool, owner["patient_id"], recipient, practitioner_id)
    added = await pool.fetch(
        SHARE,
        document_id,
        owner["consultation_id"],
        session.account_id,
        kinds,
        ids,
    )
    message = f"{session.name} shared a document with you: {owner['title']}"
    told = [(row["recipient_kind"], row["recipient_id"], message) for row in added]
    return await of_consultation(pool, owner["consultation_id"]), told


async def announce(pool: Pool, told: list[tuple[str, int, str]]) -> None:
    """Tell the recipients, by mail and in their inbox."""
    await mail.send(told)
    await pool.executemany(ANNOUNCE, told)


async def _recipients(
    pool: Pool, patient_id: int, recipient: str, practitioner_id: int | None
) -> tuple[list[str], list[int]]:
    kinds: list[str] = []
    ids: list[int] = []
    if recipient in ("patient", "both"):
        kinds.append(sessions.PATIENT)
        ids.append(patient_id)
    if recipient in ("practitioner", "both"):
        known = await pool.fetchrow(PRACTITIONER, practitioner_id)
        if practitioner_id is None or known is None:
            raise Refused(422, "no_practitioner", "Choose a practitioner.", field="practitioner_id")
        if known["role"] == "assistant":
            message = f"{known['name']} is an assistant. Choose a doctor or a locum."
            raise Refused(422, "no_recipient", message, field="practitioner_id")
        kinds.append(sessions.PRACTITIONER)
        ids.append(practitioner_id)
    if not kinds:
        raise Refused(
            422, "no_recipient", "Choose patient, practitioner or both.", field="recipient"
        )
    return kinds, ids


async def of_consultation(pool: Pool, consultation_id: int) -> list[asyncpg.Record]:
    """The shares in force, oldest first."""
    return await pool.fetch(LIST, consultation_id)


async def undo(pool: Pool, session: Session, share_id: int) -> list[asyncpg.Record]:
    """Take a share back and return those that remain in force; raises Refused."""
    consultation_id = await pool.fetchval(UNDO, share_id, session.account_id, session.name)
    if consultation_id is None:
        raise Refused(404, "no_share", "There is no such share of yours in force.")
    return await of_consultation(pool, consultation_id)


async def received(pool: Pool, kind: str, recipient_id: int) -> list[asyncpg.Record]:
    """What others share with this patient or practitioner, newest first."""
    return await pool.fetch(RECEIVED, kind, recipient_id)


async def shared_document(
    pool: Pool, document_id: int, kind: str, recipient_id: int
) -> asyncpg.Record | None:
    """A document shared with this recipient, or None."""
    return await pool.fetchrow(READ_SHARED, document_id, kind, recipient_id)
