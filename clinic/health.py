"""Whether this process can do its work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from clinic import release
from clinic.api import pool
from clinic.database import UNAVAILABLE

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

ANSWER_S_MAX = 2.0


async def healthz(request: Request) -> Response:
    """200 with the release's name, or 503 when the database does not answer."""
    name = release.chosen()
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            await pool(request).fetchval("SELECT 1")
    except UNAVAILABLE as error:
        reason = str(error) or type(error).__name__
        return JSONResponse({"status": "no database", "release": name, "reason": reason}, 503)
    return JSONResponse({"status": "ok", "release": name})
