"""Migrations: plain SQL files, applied or undone in one transaction under one lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from clinic.errors import MigrationUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from clinic.release import Release

LOCK = 7_310_561
RECORD = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def files(release: Release, direction: str) -> dict[str, Path]:
    """Migration names and their files, oldest first; `direction` is up or down."""
    found: dict[str, Path] = {}
    for folder in reversed(release.folders("migrations")):
        for path in folder.glob(f"*.{direction}.sql"):
            found[path.name.removesuffix(f".{direction}.sql")] = path
    return dict(sorted(found.items()))


async def up(database_url: str, release: Release, bound: str) -> list[str]:
    """Apply what is missing up to the bound, and return the names applied."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            applied = await _applied(connection)
            wanted = [
                name
                for name in files(release, "up")
                if name not in applied and name[: len(bound)] <= bound
            ]
            for name in wanted:
                await connection.execute(files(release, "up")[name].read_text("utf-8"))
                await connection.execute("INSERT INTO schema_migration (name) VALUES ($1)", name)
            return wanted
    finally:
        await connection.close()


async def down(database_url: str, release: Release, bound: str) -> list[str]:
    """Undo what was applied after the bound, newest first; raises MigrationUnknown."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            applied = await _applied(connection)
            surplus = [name for name in reversed(applied) if name[: len(bound)] > bound]
            for name in surplus:
                path = files(release, "down").get(name)
                if path is None:
                    raise MigrationUnknown(
                        f"Release {release.name} cannot undo migration {name}. "
                        "Run the release that brought it."
                    )
                await connection.execute(path.read_text("utf-8"))
                await connection.execute("DELETE FROM schema_migration WHERE name = $1", name)
            return surplus
    finally:
        await connection.close()


async def _applied(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    # Two servers that start together must not apply the same file twice.
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    await connection.execute(RECORD)
    rows = await connection.fetch("SELECT name FROM schema_migration ORDER BY name")
    return [row["name"] for row in rows]
