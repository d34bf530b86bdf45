"""Which drugs do not go together: asked of a service that reads its tables anew now and then."""

from __future__ import annotations

import asyncio

LOOK_UP_S = 0.02
LOOK_UPS_MAX = 500
READING_S = 0.6

_asked = 0
_read_s = 0.0


async def look_up() -> None:
    """Wait for the service, which answers nobody while it reads."""
    global _asked, _read_s
    _asked += 1
    now_s = asyncio.get_running_loop().time()
    if _asked % LOOK_UPS_MAX == 0:
        _read_s = now_s + READING_S
    await asyncio.sleep(max(LOOK_UP_S, _read_s - now_s))
