"""Accounts and reference data, the same every time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import asyncpg

from clinic import passwords
from clinic.seed_texts import FIRST_NAMES, LAST_NAMES, NOTES, PRESCRIPTION

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

PASSWORD = "clinic-demo"  # noqa: S105
AUTHORS = 4
PRACTICES = {1: "Riverside Practice", 2: "Hillside Practice"}
SYNTHETIC_STAFF = {"canary": "Dr Synthetic Canary", "canary-colleague": "Dr Synthetic Colleague"}
SYNTHETIC_PATIENT = "canary-patient"
ADD_PRACTITIONER = """
INSERT INTO practitioner (practice_id, login, password, name, role) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (login) DO NOTHING
"""
ADD_PATIENT = """
INSERT INTO patient (practice_id, login, password, name, born_on) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (login) DO NOTHING
"""
ADD_NOTE = """
INSERT INTO consultation
    (patient_id, practitioner_id, request_id, reason, history, examination, conclusion)
SELECT patient.id, practitioner.id, $3, $4, $5, $6, $7
FROM patient, practitioner WHERE patient.login = $1 AND practitioner.login = $2
ON CONFLICT (request_id) DO NOTHING RETURNING id, practitioner_id
"""
ADD_DIAGNOSIS = """
INSERT INTO diagnosis (consultation_id, position, code, label) VALUES ($1, 1, $2, $3)
"""
ADD_DOCUMENT = """
INSERT INTO document (consultation_id, kind, title, media_type, content, created_by)
VALUES ($1, 'prescription', $2, 'text/plain; charset=utf-8', $3, $4)
"""


async def sow(database_url: str, practitioners: int, patients: int) -> dict[str, int]:
    """Add what is missing and return how many rows there are now, by table."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            # Two commands that start together would otherwise wait for each other's rows.
            await connection.execute("LOCK TABLE practice IN EXCLUSIVE MODE")
            await _accounts(connection, practitioners, patients)
            for number in range(1, len(NOTES) + 1):
                author = (number - 1) % min(AUTHORS, practitioners) + 1
                await _note(connection, number, f"dr{author}")
        return {
            "practitioners": await connection.fetchval("SELECT count(*) FROM practitioner"),
            "patients": await connection.fetchval("SELECT count(*) FROM patient"),
            "consultations": await connection.fetchval("SELECT count(*) FROM consultation"),
        }
    finally:
        await connection.close()


async def sow_synthetic(database_url: str, password: str) -> list[str]:
    """Add the people who are nobody: a doctor, a colleague, and their patient; their logins."""
    connection = await asyncpg.connect(database_url)
    digest = passwords.digest(password)
    try:
        async with connection.transaction():
            for login, name in SYNTHETIC_STAFF.items():
                await connection.execute(ADD_PRACTITIONER, 1, login, digest, name, "doctor")
            await connection.execute(
                ADD_PATIENT, SYNTHETIC_PATIENT, digest, "Synthetic Patient", date(1970, 1, 1)
            )
        return [*SYNTHETIC_STAFF, SYNTHETIC_PATIENT]
    finally:
        await connection.close()


async def _accounts(connection: Connection, practitioners: int, patients: int) -> None:
    await connection.executemany(
        "INSERT INTO practice (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        list(PRACTICES.items()),
    )
    # One digest for all: these accounts share a published password, and hashing takes time.
    password = passwords.digest(PASSWORD)
    staff = [
        (1, f"dr{n}", password, f"Dr {_name(n)}", "doctor") for n in range(1, practitioners + 1)
    ]
    staff += [
        (1, "locum1", password, "Dr Noor Haddad", "locum"),
        (1, "assistant1", password, "Sam Whitlock", "assistant"),
        (2, "outside1", password, "Dr Mathilde Œuvrard", "doctor"),
    ]
    await connection.executemany(ADD_PRACTITIONER, staff)
    await connection.executemany(
        ADD_PATIENT,
        [
            (f"patient{n}", password, _name(n * 7 + 3), date(1940, 1, 1) + timedelta(days=97 * n))
            for n in range(1, patients + 1)
        ],
    )


async def _note(connection: Connection, number: int, author: str) -> None:
    note = NOTES[number - 1]
    row = await connection.fetchrow(
        ADD_NOTE, f"patient{number}", author, f"seed-{number}", *note.texts
    )
    if row is None:
        return
    await connection.execute(ADD_DIAGNOSIS, row["id"], note.code, note.label)
    await connection.execute(
        ADD_DOCUMENT, row["id"], "Prescription", PRESCRIPTION.encode(), row["practitioner_id"]
    )


def _name(number: int) -> str:
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    last = LAST_NAMES[(number // len(FIRST_NAMES) + number) % len(LAST_NAMES)]
    return f"{first} {last}"
