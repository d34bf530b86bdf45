"""The ASGI application."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount

from clinic import database, grouping, release, rendering, routes
from clinic.bodylimit import BodyLimit
from clinic.errors import Refused
from clinic.headers import Headers
from clinic.static_files import ReleaseFiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from clinic.settings import Settings


def create(settings: Settings) -> Starlette:
    """The clinic in the active release."""
    running = release.active()
    application = Starlette(
        routes=[
            *routes.ROUTES,
            Mount(f"/static/{running.name}", ReleaseFiles(running.folders("static"))),
        ],
        middleware=[
            Middleware(Headers, release=running.name),
            Middleware(BodyLimit, bytes_max=settings.body_bytes_max),
        ],
        exception_handlers={
            Refused: _refused,
            HTTPException: _http_error,
            **dict.fromkeys(database.UNAVAILABLE, _unavailable),
            Exception: _failed,
        },
        lifespan=_lifespan,
    )
    application.state.settings = settings
    application.state.templates = rendering.environment()
    return application


@asynccontextmanager
async def _lifespan(application: Starlette) -> AsyncIterator[None]:
    async with database.pool(application.state.settings) as pool:
        application.state.pool = pool
        committing = asyncio.create_task(grouping.commit_on(pool))
        yield
        committing.cancel()


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    path = request.url.path
    if path.startswith("/api/"):
        return JSONResponse(error.as_json(), error.status)
    if error.status == 401:
        door = "/portal/sign-in" if path.startswith("/portal") else "/sign-in"
        target = quote(path) if request.method == "GET" else quote("/patients")
        return RedirectResponse(f"{door}?next={target}", 303)
    return rendering.page(request, "error.html", status=error.status, message=error.message)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    word = "not_found" if error.status_code == 404 else "http"
    return await _refused(request, Refused(error.status_code, word, f"{error.detail}."))


async def _unavailable(request: Request, error: Exception) -> Response:
    sys.stderr.write(f"clinic: {request.method} {request.url.path}: {error!r}\n")
    refusal = Refused(503, "unavailable", "The clinic cannot reach its storage at the moment.")
    return await _refused(request, refusal)


async def _failed(request: Request, _error: Exception) -> Response:
    refusal = Refused(500, "failed", "Something went wrong on the server.")
    return await _refused(request, refusal)
