"""Consultations: the note with its four fields and its diagnoses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clinic.errors import Refused

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session

FIELDS = ("reason", "history", "examination", "conclusion")
ATTEMPTS_MAX = 5

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
DIAGNOSES = """
SELECT code, label FROM diagnosis WHERE consultation_id = $1 ORDER BY position
"""
# One statement, hence one round trip and one transaction. It takes hold only if the row still has
# the version it was read with: then no diagnosis changed either since the statement's snapshot.
SAVE = """
WITH saved AS (
    UPDATE consultation SET
        reason = coalesce($4, reason),
        history = coalesce($5, history),
        examination = coalesce($6, examination),
        conclusion = coalesce($7, conclusion),
        editor = $8,
        sequence = $9,
        version = version + 1,
        updated_at = now()
    WHERE id = $1 AND practitioner_id = $2 AND version = $3 AND finalised_at IS NULL
    RETURNING id, version, updated_at
), dropped AS (
    DELETE FROM diagnosis USING saved
    WHERE consultation_id = saved.id AND position > cardinality($10::text[])
), kept AS (
    INSERT INTO diagnosis (consultation_id, position, code, label)
    SELECT saved.id, line.position, line.code, line.label
    FROM saved, unnest($10::text[], $11::text[]) WITH ORDINALITY AS line (code, label, position)
    ON CONFLICT (consultation_id, position) DO UPDATE
    SET code = excluded.code, label = excluded.label
    WHERE (diagnosis.code, diagnosis.label) IS DISTINCT FROM (excluded.code, excluded.label)
)
SELECT version, updated_at FROM saved
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


@dataclass(frozen=True)
class Save:
    """What one save carries: `texts` holds only the fields that are to change."""

    version: int
    texts: dict[str, str | None] = field(default_factory=dict)
    diagnoses: list[tuple[str, str]] | None = None
    editor: str | None = None
    sequence: int | None = None


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


async def diagnoses(pool: Pool, consultation_id: int) -> list[dict[str, str]]:
    """The diagnoses in their order."""
    return [dict(row) for row in await pool.fetch(DIAGNOSES, consultation_id)]


async def save(pool: Pool, session: Session, consultation_id: int, change: Save) -> asyncpg.Record:
    """Store the change and return the new version; raises Refused when nothing was stored."""
    version = change.version
    for _ in range(ATTEMPTS_MAX):
        row = await _save_over(pool, session, consultation_id, change, version)
        if row is not None:
            return row
        version = await _version_to_save_over(pool, session, consultation_id, change)
    raise Refused(409, "conflict", "This consultation is being changed elsewhere.", version=version)


async def _save_over(
    pool: Pool, session: Session, consultation_id: int, change: Save, version: int
) -> asyncpg.Record | None:
    lines = change.diagnoses
    return await pool.fetchrow(
        SAVE,
        consultation_id,
        session.account_id,
        version,
        *(change.texts.get(name) for name in FIELDS),
        change.editor,
        change.sequence,
        None if lines is None else [code for code, _ in lines],
        None if lines is None else [label for _, label in lines],
    )


async def _version_to_save_over(
    pool: Pool, session: Session, consultation_id: int, change: Save
) -> int:
    # The page that wrote last may write again without knowing its last version, for instance while
    # the answer to its previous save is still on the way; what it sent earlier is dropped.
    state = await writable(pool, session, consultation_id)
    version: int = state["version"]
    if change.editor is None or state["editor"] != change.editor or change.sequence is None:
        raise Refused(
            409,
            "conflict",
            "This consultation was changed elsewhere since you opened it.",
            version=version,
        )
    if state["sequence"] >= change.sequence:
        raise Refused(
            409, "superseded", "A later save of the same page is already stored.", version=version
        )
    return version


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
