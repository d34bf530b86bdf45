"""Practitioners and patients as those who sign in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from clinic import passwords, sessions
from clinic.errors import Refused
from clinic.sessions import Session

if TYPE_CHECKING:
    import asyncpg

    from clinic.database import Pool

FIND = {
    sessions.PRACTITIONER: "SELECT id, login, name, role, practice_id, password, language"
    " FROM practitioner WHERE login = $1",
    sessions.PATIENT: "SELECT id, login, name, 'patient' AS role, practice_id, password,"
    " 'en' AS language FROM patient WHERE login = $1",
}
COLLEAGUES = """
SELECT practitioner.id, practitioner.name, practitioner.role, practice.name AS practice
FROM practitioner JOIN practice ON practice.id = practitioner.practice_id
WHERE practitioner.id <> $1 ORDER BY practitioner.id
"""
# Checked when the login is unknown, so that the time taken tells nobody which logins exist.
NOBODY = passwords.digest("nobody")


async def sign_in(pool: Pool, kind: str, login: str, password: str) -> tuple[Session, str]:
    """A new session and the account's language; raises Refused."""
    row = await pool.fetchrow(FIND[kind], login)
    stored = row["password"] if row else NOBODY
    right = await asyncio.to_thread(passwords.matches, password, stored)
    if row is None or not right:
        raise Refused(401, "wrong_password", "This login and password do not belong together.")
    session = Session(
        row["id"], row["login"], row["name"], row["role"], row["practice_id"], sessions.new_token()
    )
    return session, row["language"]


async def colleagues(pool: Pool, practitioner_id: int) -> list[asyncpg.Record]:
    """Every other practitioner, of any practice."""
    return await pool.fetch(COLLEAGUES, practitioner_id)


async def choose_language(pool: Pool, practitioner_id: int, language: str) -> None:
    """Remember the language of a practitioner's pages."""
    await pool.execute(
        "UPDATE practitioner SET language = $2 WHERE id = $1", practitioner_id, language
    )
