"""Where recipients find what is shared with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from clinic import documents, inbox, sessions, shares
from clinic.api import key, pool
from clinic.document_api import describe
from clinic.rendering import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def shared_with_me(request: Request) -> Response:
    """What colleagues share with the practitioner, and the messages about it."""
    session = sessions.required(request)
    found = await shares.received(pool(request), sessions.PRACTITIONER, session.account_id)
    messages = await inbox.messages(pool(request), sessions.PRACTITIONER, session.account_id)
    return page(request, "shared.html", session, documents=found, messages=messages)


async def list_shared_with_me(request: Request) -> Response:
    """The same documents for programs."""
    session = sessions.required(request)
    found = await shares.received(pool(request), sessions.PRACTITIONER, session.account_id)
    return JSONResponse({"documents": [describe(row) for row in found]})


async def list_shared_with_patient(request: Request) -> Response:
    """What the signed-in patient may read, for programs."""
    session = sessions.required(request, sessions.PATIENT)
    found = await shares.received(pool(request), sessions.PATIENT, session.account_id)
    return JSONResponse({"documents": [describe(row) for row in found]})


async def patient_document(request: Request) -> Response:
    """A document shared with the signed-in patient, as a download."""
    session = sessions.required(request, sessions.PATIENT)
    row = await shares.shared_document(
        pool(request), key(request), sessions.PATIENT, session.account_id
    )
    return documents.download(row)
