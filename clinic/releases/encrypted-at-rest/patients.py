"""Patients of a practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinic.errors import Refused
from clinic.sealing import opened

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool

LISTED_MAX = 200
SEARCH = """
SELECT id, name, born_on, count(*) OVER () AS total FROM patient
WHERE practice_id = $1 AND ($2 = '' OR strpos(lower(name), lower($2)) > 0)
ORDER BY id LIMIT $3
"""
READ = "SELECT id, name, born_on FROM patient WHERE id = $1 AND practice_id = $2"
CONSULTATIONS = """
SELECT consultation.id, consultation.created_at, consultation.finalised_at,
    consultation.reason AS about,
    practitioner.name AS practitioner
FROM consultation JOIN practitioner ON practitioner.id = consultation.practitioner_id
WHERE consultation.patient_id = $1
ORDER BY consultation.id DESC LIMIT $2
"""


async def search(pool: Pool, practice_id: int, words: str) -> list[asyncpg.Record]:
    """The practice's patients whose name contains the words, at most LISTED_MAX."""
    return await pool.fetch(SEARCH, practice_id, words.replace("\x00", ""), LISTED_MAX)


async def read(pool: Pool, practice_id: int, patient_id: int) -> asyncpg.Record:
    """One patient; raises Refused when the practice has none of that number."""
    row = await pool.fetchrow(READ, patient_id, practice_id)
    if row is None:
        raise Refused(404, "no_patient", "There is no such patient in this practice.")
    return row


async def consultations(pool: Pool, patient_id: int) -> list[dict[str, Any]]:
    """The patient's consultations, newest first."""
    rows = await pool.fetch(CONSULTATIONS, patient_id, LISTED_MAX)
    return [{**row, "about": (opened(row["about"]) or "")[:80]} for row in rows]
