"""Pictures of documents, by a program that is started anew now and then."""

from __future__ import annotations

import asyncio

DRAW_S = 0.01
DRAWN_MAX = 20
STARTING_S = 0.6

_asked = 0
_started_s = 0.0


async def draw() -> None:
    """Wait for the picture; none is drawn while the program starts."""
    global _asked, _started_s
    _asked += 1
    now_s = asyncio.get_running_loop().time()
    if _asked % DRAWN_MAX == 0:
        _started_s = now_s + STARTING_S
    await asyncio.sleep(max(DRAW_S, _started_s - now_s))
