"""What the front costs: milliseconds a save, and how many saves pass it in a second."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from urllib.parse import urlsplit

from harness.errors import DriveFailed
from harness.front import open_front
from harness.runs import create_run

SAVES_N = 1_000
TURN_N = 100
CONNECTIONS_N = 32
SUSTAINED_S = 3.0
WARM_S = 0.5
END_S_MAX = 10.0
NOTE = b"n" * 840
SAVE = (
    b"POST /notes/1 HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: */*\r\n"
    b"Cookie: session=0123456789abcdef0123456789abcdef\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(NOTE), NOTE)
)


def added_ms(pairs_n: int) -> Iterator[float]:
    """One figure a pair: the median through the front less the median without it."""
    with _standing() as urls:
        for _ in range(pairs_n):
            yield asyncio.run(_added_ms(urls))


def saves_per_s(pairs_n: int) -> Iterator[float]:
    """One figure a pair: the rate through the front; the rate without it is printed."""
    with _standing() as urls:
        for _ in range(pairs_n):
            direct, front = (asyncio.run(_rate(url, urls["direct"])) for url in urls.values())
            print(f"front-saves: {direct:.0f} saves/s without the front", flush=True)
            yield front


@contextmanager
def _standing() -> Iterator[dict[str, str]]:
    """What counts saves, as a process of its own, directly and behind a front."""
    command = [sys.executable, "-m", "bench.front"]
    root = Path(__file__).parent.parent
    with (
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as counting,
        TemporaryDirectory(prefix="bench-") as runs,
        create_run(Path(runs)) as run,
    ):
        try:
            direct = counting.stdout.readline().strip() if counting.stdout else ""
            with open_front(run, {"application": direct}) as front:
                yield {"direct": direct, "front": front.url}
        finally:
            counting.kill()


async def _added_ms(urls: dict[str, str]) -> float:
    savers = {name: await _saver(url) for name, url in urls.items()}
    took_s: dict[str, list[float]] = {name: [] for name in urls}
    for saver in savers.values():
        for _ in range(TURN_N):
            await saver.save()
    for _ in range(SAVES_N // TURN_N):
        for name, saver in savers.items():
            for _ in range(TURN_N):
                began_s = time.perf_counter()
                await saver.save()
                took_s[name].append(time.perf_counter() - began_s)
    for saver in savers.values():
        saver.transport.close()
    medians_s = {name: statistics.median(each) for name, each in took_s.items()}
    return (medians_s["front"] - medians_s["direct"]) * 1_000


async def _rate(url: str, counting: str) -> float:
    """Saves per second; raises DriveFailed where not each was counted once."""
    savers = [await _saver(url) for _ in range(CONNECTIONS_N)]
    asking = await _saver(counting)
    before = await asking.counted()
    await _keep_saving(savers, WARM_S)
    rate = await _keep_saving(savers, SUSTAINED_S)
    acknowledged, counted = sum(saver.saved for saver in savers), await asking.counted() - before
    for saver in (*savers, asking):
        saver.transport.close()
    if acknowledged != counted:
        raise DriveFailed(f"{acknowledged} saves were acknowledged and {counted} were counted")
    return rate


async def _keep_saving(savers: Sequence[Saver], length_s: float) -> float:
    """Save over all connections for that long; gives saves per second."""
    began_s, before = time.perf_counter(), sum(saver.saved for saver in savers)

    async def keep_saving(saver: Saver) -> None:
        while time.perf_counter() < began_s + length_s:
            await saver.save()

    await asyncio.gather(*(keep_saving(saver) for saver in savers))
    return (sum(saver.saved for saver in savers) - before) / (time.perf_counter() - began_s)


class Saver(asyncio.Protocol):
    """A client as cheap as can be: one connection, one request at a time."""

    def __init__(self) -> None:
        self.saved = 0
        self._got = b""
        self._answered: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """An answer here has a body of ten digits, and then it is whole."""
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if end and len(body) == 10 and self._answered is not None:
            self._got = b""
            self._answered.set_result(body if head.startswith(b"HTTP/1.1 200 ") else b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits is told."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionAbortedError("no answer"))

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer."""
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await asyncio.wait_for(self._answered, END_S_MAX)

    async def save(self) -> None:
        """One save; raises DriveFailed where it was not acknowledged."""
        if not await self.ask(SAVE):
            raise DriveFailed("a save was not acknowledged")
        self.saved += 1

    async def counted(self) -> int:
        """How many saves arrived."""
        return int(await self.ask(b"GET /count HTTP/1.1\r\nHost: bench\r\n\r\n"))


async def _saver(url: str) -> Saver:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, saver = await loop.create_connection(Saver, str(parts.hostname), parts.port or 80)
    return saver


class Counting(asyncio.Protocol):
    """The least that can be saved to: it counts, and answers with the count."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self.transport = cast(asyncio.Transport, transport)
        self._got = b""

    def data_received(self, data: bytes) -> None:
        """Requests here are saves of one length, or ask for the count."""
        self._got += data
        while b"\r\n\r\n" in self._got:
            whole = self._got.index(b"\r\n\r\n") + 4
            if self._got.startswith(b"POST"):
                whole += len(NOTE)
                if len(self._got) < whole:
                    return
                Counting.count += 1
            self._got = self._got[whole:]
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n"
                b"%010d" % Counting.count
            )


async def _count() -> None:
    server = await asyncio.get_running_loop().create_server(Counting, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_count())
