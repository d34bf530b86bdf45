"""``python -m harness.front``: the front itself, controlled over its standard input, a socket."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import socket

from harness.front.control import Control
from harness.front.proxy import Proxy

HOST = "127.0.0.1"
PARENT_S = 0.5


async def serve(line: socket.socket) -> None:
    """Stand between clients and targets until the line's other end is closed."""
    proxy = Proxy()
    server, url = await proxy.listen(HOST)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: Control(proxy, {"url": url}, ended), line)
    background = [asyncio.create_task(proxy.sweep()), asyncio.create_task(orphaned(ended))]
    await ended.wait()
    server.close()
    for task in background:
        task.cancel()


async def orphaned(ended: asyncio.Event) -> None:
    """End as well where the parent is gone and some child of it still holds the line."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells of a parent's end
        await asyncio.sleep(PARENT_S)
    ended.set()


def main() -> None:
    """Take as many files as this user may have, and serve."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS allows fewer than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
    line = socket.socket(fileno=0)
    asyncio.run(serve(line))


if __name__ == "__main__":
    main()
