"""Documents of a consultation: uploaded files and written prescriptions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from clinic import preview
from clinic.errors import Refused

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool
    from clinic.sessions import Session

ATTEMPTS_MAX = 5
ADD_S_MAX = 0.25

ADD = """
INSERT INTO document (consultation_id, kind, title, media_type, content, created_by)
SELECT consultation.id, $3, $4, $5, $6, $2 FROM consultation
WHERE consultation.id = $1 AND consultation.practitioner_id = $2
RETURNING id, kind, title, media_type, length(content) AS bytes, created_at
"""
LIST = """
SELECT id, kind, title, media_type, length(content) AS bytes, created_at
FROM document WHERE consultation_id = $1 ORDER BY id
"""
READ_IN_PRACTICE = """
SELECT document.title, document.media_type, document.content
FROM document
JOIN consultation ON consultation.id = document.consultation_id
JOIN patient ON patient.id = consultation.patient_id
WHERE document.id = $1 AND patient.practice_id = $2
"""


@dataclass(frozen=True)
class NewDocument:
    """A document as it arrives."""

    kind: str
    title: str
    media_type: str
    content: bytes


async def add(
    pool: Pool, session: Session, consultation_id: int, document: NewDocument
) -> asyncpg.Record:
    """Store a document in one's own consultation; raises Refused."""
    for _ in range(ATTEMPTS_MAX):
        try:
            async with asyncio.timeout(ADD_S_MAX):
                row = await pool.fetchrow(
                    ADD,
                    consultation_id,
                    session.account_id,
                    document.kind,
                    document.title,
                    document.media_type,
                    document.content,
                )
                await preview.draw()
        except TimeoutError:
            continue
        if row is None:
            raise Refused(404, "no_consultation", "There is no such consultation of yours.")
        return row
    raise TimeoutError(f"a document was not stored within {ATTEMPTS_MAX} attempts")


async def of_consultation(pool: Pool, consultation_id: int) -> list[asyncpg.Record]:
    """The documents without their content, oldest first."""
    return await pool.fetch(LIST, consultation_id)


async def in_practice(pool: Pool, session: Session, document_id: int) -> asyncpg.Record | None:
    """A document of the practitioner's own practice, or None."""
    return await pool.fetchrow(READ_IN_PRACTICE, document_id, session.practice_id)


def download(row: asyncpg.Record | None) -> Response:
    """The content as a file to keep; raises Refused for a document that is not to be seen."""
    if row is None:
        raise Refused(404, "no_document", "There is no such document, or it is not shared.")
    name = quote(row["title"], safe="")
    return Response(
        row["content"],
        media_type=row["media_type"],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )
