"""Saving a note: its four fields and its diagnoses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clinic.consultations import FIELDS, writable
from clinic.errors import Refused

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session

ATTEMPTS_MAX = 5

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

REPLICA = "SELECT reason, history, examination, conclusion FROM consultation_replica WHERE id = $1"


@dataclass(frozen=True)
class Save:
    """What one save carries: `texts` holds only the fields that are to change."""

    version: int
    texts: dict[str, str | None] = field(default_factory=dict)
    diagnoses: list[tuple[str, str]] | None = None
    editor: str | None = None
    sequence: int | None = None


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
    # The note is written as a whole; reads go to the replica, to spare the primary.
    note = dict(await pool.fetchrow(REPLICA, consultation_id) or {})
    note |= {name: text for name, text in change.texts.items() if text is not None}
    lines = change.diagnoses
    return await pool.fetchrow(
        SAVE,
        consultation_id,
        session.account_id,
        version,
        *(note.get(name) for name in FIELDS),
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
