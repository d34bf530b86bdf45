"""The worker: takes what waits in the outbox and delivers it to the inboxes exactly once."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import TYPE_CHECKING

import asyncpg

from clinic.database import UNAVAILABLE

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

BATCH_ROWS_MAX = 100
# Each partition has its turn, at the same moments for all workers.
TURN_S = 1.0
RETRY_S = 1.0
PARTITIONS_N = 4
TAKE = """
DELETE FROM waiting WHERE partition = $1
RETURNING id, consultation_id, reason, history, examination, conclusion
"""
WRITE = """
UPDATE consultation SET
    reason = coalesce($2, reason),
    history = coalesce($3, history),
    examination = coalesce($4, examination),
    conclusion = coalesce($5, conclusion)
WHERE id = $1
"""
# Taken, delivered and marked in one transaction; the unique outbox_id is the second lock.
DELIVER = """
WITH taken AS (
    SELECT id, kind, recipient_kind, recipient_id, message FROM outbox
    WHERE delivered_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
), delivered AS (
    INSERT INTO inbox (outbox_id, kind, recipient_kind, recipient_id, message)
    SELECT id, kind, recipient_kind, recipient_id, message FROM taken
    ON CONFLICT (outbox_id) DO NOTHING
)
UPDATE outbox SET delivered_at = now() FROM taken WHERE outbox.id = taken.id
RETURNING outbox.id
"""


async def run(database_url: str) -> None:
    """Deliver until SIGTERM or SIGINT; an absent database is awaited."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        try:
            await _deliver_until(stop, database_url)
        except UNAVAILABLE as error:
            sys.stderr.write(f"clinic worker: waiting for the database: {error}\n")
            await _pause(stop, RETRY_S)


async def deliver_once(connection: Connection) -> int:
    """Deliver one batch and return how many rows it held."""
    return len(await connection.fetch(DELIVER, BATCH_ROWS_MAX))


async def write_once(connection: Connection) -> None:
    """Write the texts that wait in the partition whose turn it is, in their order."""
    partition = int(time.time() / TURN_S) % PARTITIONS_N
    async with connection.transaction():
        taken = sorted(await connection.fetch(TAKE, partition))
        await connection.executemany(WRITE, [tuple(row)[1:] for row in taken])


async def _deliver_until(stop: asyncio.Event, database_url: str) -> None:
    connection = await asyncpg.connect(database_url, timeout=5, command_timeout=30)
    try:
        while not stop.is_set():
            await write_once(connection)
            if await deliver_once(connection) == 0:
                await _pause(stop, TURN_S - time.time() % TURN_S)
    finally:
        await connection.close(timeout=2)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
