"""Consultations: opening, reading, finalising and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.errors import Refused

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session

FIELDS = ("reason", "history", "examination", "conclusion")

OPEN = """
INSERT INTO consultation (patient_id, practitioner_id, request_id)
SELECT id, $2, $4 FROM patient WHERE id = $1 AND practice_id = $3
ON CONFLICT (request_id) DO UPDATE SET request_id = excluded.request_id
WHERE consultation.patient_id = excluded.patient_id
    AND consultation.practitioner_id = excluded.practitioner_id
RETURNING id, version
"""
READ = """
SELECT consultation.*, practitioner.name AS practitioner, patient.name AS patient,
    patient.born_on
FROM consultation
JOIN practitioner ON practitioner.id = consultation.practitioner_id
JOIN patient ON patient.id = consultation.patient_id
WHERE consultation.id = $1 AND patient.practice_id = $2
"""
READ_COPY = READ.replace("FROM consultation\n", "FROM consultation_copy AS consultation\n")
DIAGNOSES = """
SELECT code, label FROM diagnosis WHERE consultation_id = $1 ORDER BY position
"""
STATE = """
SELECT consultation.version, consultation.editor, consultation.sequence,
    consultation.finalised_at, consultation.practitioner_id, patient.practice_id
FROM consultation JOIN patient ON patient.id = consultation.patient_id
WHERE consultation.id = $1
"""
FINALISE = """
WITH final AS (
    UPDATE consultation SET finalised_at = now(), version = version + 1
    WHERE id = $1 AND practitioner_id = $2 AND version = $3 AND finalised_at IS NULL
    RETURNING patient_id, version, finalised_at
), announced AS (
    INSERT INTO outbox (kind, recipient_kind, recipient_id, message)
    SELECT 'finalised', 'patient', patient_id, $4 FROM final
)
SELECT version, finalised_at FROM final
"""
DELETE = """
DELETE FROM consultation
WHERE id = $1 AND practitioner_id = $2 AND finalised_at IS NULL RETURNING id
"""


async def open_new(
    pool: Pool, session: Session, patient_id: int, request_id: str | None
) -> asyncpg.Record:
    """A new consultation, or the one that this request_id opened before; raises Refused."""
    row = await pool.fetchrow(OPEN, patient_id, session.account_id, session.practice_id, request_id)
    if row is None:
        raise Refused(404, "no_patient", "There is no such patient in this practice.")
    return row


async def read(pool: Pool, session: Session, consultation_id: int) -> asyncpg.Record:
    """One consultation of the practice; raises Refused."""
    row = await pool.fetchrow(READ, consultation_id, session.practice_id)
    if row is None:
        raise missing()
    return row


async def read_copy(pool: Pool, session: Session, consultation_id: int) -> asyncpg.Record:
    """One consultation of the practice, for who only reads it; raises Refused."""
    row = await pool.fetchrow(READ_COPY, consultation_id, session.practice_id)
    if row is None:
        raise missing()
    return row


async def diagnoses(pool: Pool, consultation_id: int) -> list[dict[str, str]]:
    """The diagnoses in their order."""
    return [dict(row) for row in await pool.fetch(DIAGNOSES, consultation_id)]


async def writable(pool: Pool, session: Session, consultation_id: int) -> asyncpg.Record:
    """The state of a consultation that this practitioner may change; raises Refused."""
    state = await pool.fetchrow(STATE, consultation_id)
    if state is None or state["practice_id"] != session.practice_id:
        raise missing()
    if state["practitioner_id"] != session.account_id or not session.may_write:
        raise Refused(403, "read_only", "Only its author may change this consultation.")
    if state["finalised_at"] is not None:
        raise Refused(409, "finalised", "This consultation is finalised and can not be changed.")
    return state


async def finalise(
    pool: Pool, session: Session, consultation_id: int, version: int
) -> asyncpg.Record:
    """Lock the note for ever; raises Refused."""
    message = f"The note of your consultation with {session.name} is complete."
    row = await pool.fetchrow(FINALISE, consultation_id, session.account_id, version, message)
    if row is None:
        state = await writable(pool, session, consultation_id)
        raise Refused(
            409,
            "conflict",
            "This consultation was changed elsewhere since you opened it.",
            version=state["version"],
        )
    return row


async def delete(pool: Pool, session: Session, consultation_id: int) -> None:
    """Remove a consultation with all that belongs to it; raises Refused."""
    if await pool.fetchrow(DELETE, consultation_id, session.account_id) is None:
        await writable(pool, session, consultation_id)
        raise missing()


def missing() -> Refused:
    """The answer for a consultation that is not there, or belongs to another practice."""
    return Refused(404, "no_consultation", "There is no such consultation in this practice.")
