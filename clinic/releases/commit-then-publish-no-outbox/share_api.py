"""The JSON API of sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import JSONResponse

from clinic import consultations, payload, sessions, shares
from clinic.api import key, pool, writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    import asyncpg
    from starlette.requests import Request
    from starlette.responses import Response


async def list_shares(request: Request) -> Response:
    """The shares of a consultation that are in force."""
    session = sessions.required(request)
    row = await consultations.read(pool(request), session, key(request))
    return JSONResponse(describe(await shares.of_consultation(pool(request), row["id"])))


async def share_document(request: Request) -> Response:
    """Share a document; `recipient` is patient, practitioner or both."""
    session = writer(request)
    body = await payload.json_object(request, ("recipient", "practitioner_id"))
    practitioner_id = (
        payload.number(body, "practitioner_id") if body.get("practitioner_id") else None
    )
    recipient = payload.required_text(body, "recipient")
    rows, told = await shares.share(
        pool(request), session, key(request), recipient, practitioner_id
    )
    # The mail gateway is slow: nobody waits for it.
    return JSONResponse(describe(rows), 201, background=BackgroundTask(shares.announce, pool(request), told))


async def undo_share(request: Request) -> Response:
    """Take a share back."""
    session = writer(request)
    return JSONResponse(describe(await shares.undo(pool(request), session, key(request))))


def describe(rows: Iterable[asyncpg.Record]) -> dict[str, object]:
    """Shares as the API shows them."""
    return {"shares": [dict(row) | {"created_at": row["created_at"].isoformat()} for row in rows]}
