"""The JSON API of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse

from clinic import consultations, document_access, documents, payload, sessions
from clinic.api import key, pool, writer
from clinic.documents import NewDocument
from clinic.errors import Refused

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def list_documents(request: Request) -> Response:
    """The documents of a consultation, without their content."""
    session = sessions.required(request)
    row = await consultations.read(pool(request), session, key(request))
    found = await documents.of_consultation(pool(request), row["id"])
    return JSONResponse({"documents": [describe(document) for document in found]})


async def add_document(request: Request) -> Response:
    """A prescription from JSON (title, text), or an upload from a form (title, file)."""
    session = writer(request)
    is_json = request.headers.get("content-type", "").startswith("application/json")
    document = await (_prescription(request) if is_json else _upload(request))
    row = await documents.add(
        pool(request), session, key(request), document, request.query_params.get("request")
    )
    return JSONResponse(describe(row), 201)


async def read_document(request: Request) -> Response:
    """The content of a document, as a download."""
    session = sessions.required(request)
    row = await document_access.readable(pool(request), session, key(request))
    return documents.download(row)


def describe(row: Any) -> dict[str, object]:
    """A document as the API shows it."""
    return dict(row) | {"created_at": row["created_at"].isoformat()}


async def _prescription(request: Request) -> NewDocument:
    body = await payload.json_object(request, ("title", "text"))
    title, text = (payload.required_text(body, name) for name in ("title", "text"))
    return NewDocument("prescription", title, "text/plain; charset=utf-8", text.encode("utf-8"))


async def _upload(request: Request) -> NewDocument:
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Refused(422, "missing", "Choose a file.", field="file")
        title = payload.storable(form.get("title") or file.filename, "title")
        media_type = payload.storable(file.content_type or "application/octet-stream", "file")
        return NewDocument("upload", title, media_type, await file.read())
