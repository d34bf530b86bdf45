"""A save endpoint as cheap as can be, which is told to store and has stored when it answers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import cast

import asyncpg

FIELDS = ("reason", "history", "examination", "conclusion")
COLUMNS = ", ".join(f"{name} text" for name in FIELDS)
TABLE = f"CREATE TABLE note (id text PRIMARY KEY, {COLUMNS})"
SAVE = """
INSERT INTO note SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
"""
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

Row = tuple[str | None, ...]


class Saves:
    """What waits for the next commit."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Row, asyncio.Transport]] = []
        self.came = asyncio.Event()

    async def commit_on(self, url: str) -> None:
        """Store whatever has come, again and again; each is answered after its commit."""
        connection = await asyncpg.connect(url)
        while True:
            await self.came.wait()
            self.came.clear()
            group, self.waiting = self.waiting, []
            answer = OK
            try:
                await connection.execute(SAVE, *_columns(group))
            except asyncpg.PostgresError as error:
                sys.stderr.write(f"saving: {error}\n")
                answer = FAILED
            for _, transport in group:
                transport.write(answer)


def _columns(group: list[tuple[Row, asyncio.Transport]]) -> list[list[str | None]]:
    return [list(column) for column in zip(*(row for row, _ in group), strict=True)]


class Line(asyncio.Protocol):
    """One connection; a request at a time."""

    def __init__(self, saves: Saves, release: str) -> None:
        self.saves = saves
        self.release = release
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take a request once it is whole."""
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self.got = b""
        self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        """PUT saves; everything else says who is there."""
        if head.startswith(b"PUT"):
            sent = json.loads(body)
            key = head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
            row = (key, *(sent.get(name) for name in FIELDS))
            self.saves.waiting.append((row, self.transport))
            self.saves.came.set()
            return
        told = json.dumps({"release": self.release}).encode()
        kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        self.transport.write(kind + str(len(told)).encode() + b"\r\n\r\n" + told)


def _length(head: bytes) -> int:
    found = head.lower().partition(b"content-length:")[2]
    return int(found.partition(b"\r\n")[0] or 0)


async def serve(release: str, port: int) -> None:
    """Serve until killed."""
    saves = Saves()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(saves, release), "127.0.0.1", port)
    await asyncio.gather(saves.commit_on(os.environ["DATABASE_URL"]), server.serve_forever())


async def migrate() -> None:
    """Make the table."""
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute(TABLE)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(migrate() if sys.argv[1] == "migrate" else serve(sys.argv[2], int(sys.argv[3])))
