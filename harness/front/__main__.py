"""``python -m harness.front FD...``: a front for each socket, which controls it and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import socket
import sys
from collections.abc import Sequence

from harness.front.control import Control
from harness.front.proxy import Proxy

HOST = "127.0.0.1"
PARENT_S = 0.5


async def serve(lines: Sequence[socket.socket]) -> None:
    """Stand between clients and targets until the last line's other end is closed.

    It ends as well where the parent is gone and some child of it still holds a line.
    """
    fronts = asyncio.gather(*(stand(line) for line in lines))
    orphaned = asyncio.create_task(parent_gone(os.getppid()))
    await asyncio.wait((fronts, orphaned), return_when=asyncio.FIRST_COMPLETED)
    fronts.cancel()
    orphaned.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await fronts


async def stand(line: socket.socket) -> None:
    """One front, as long as its line."""
    proxy = Proxy()
    server, url = await proxy.listen(HOST)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: Control(proxy, {"url": url}, ended), line)
    sweeping = asyncio.create_task(proxy.sweep())
    await ended.wait()
    server.close()
    sweeping.cancel()


async def parent_gone(parent: int) -> None:
    """Return when the process that started this one has ended."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells of a parent's end
        await asyncio.sleep(PARENT_S)


def main() -> None:
    """Take as many files as this user may have, and serve."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS allows fewer than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
    asyncio.run(serve([socket.socket(fileno=int(word)) for word in sys.argv[1:]]))


if __name__ == "__main__":
    main()
