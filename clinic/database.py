"""The connection pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from typing import TypeAlias

    from clinic.settings import Settings

    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

# What a request meets when the database is away, too slow, or cut in the middle of a statement.
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
)


def pool(settings: Settings) -> Pool:
    """A pool, not yet opened: no connection is needed for a server to start and say it is sick."""
    return asyncpg.create_pool(
        settings.database_url,
        min_size=0,
        max_size=settings.pool_connections_max,
        command_timeout=settings.query_s_max,
        timeout=5,
        max_inactive_connection_lifetime=60,
        reset=_end_transaction,
    )


async def _end_transaction(connection: Any) -> None:
    # No request changes a session-wide setting, so the full reset, one more round trip for every
    # request, would undo nothing.
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
