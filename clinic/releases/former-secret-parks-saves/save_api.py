"""The JSON API of saving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from clinic import payload, saving, sessions
from clinic.api import key, pool, writer
from clinic.consultations import FIELDS
from clinic.errors import Refused
from clinic.saving import Save

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DIAGNOSES_MAX = 1000

# Saves of whose cookie was signed with the former secret, until they have signed in again.
set_aside: dict[str, Save] = {}


async def save_consultation(request: Request) -> Response:
    """Store the fields that the body names; answered only after the commit."""
    body = await payload.json_object(
        request, (*FIELDS, "diagnoses", "version", "editor", "sequence")
    )
    change = change_of(body)
    cookie = request.cookies.get(sessions.COOKIES[sessions.PRACTITIONER])
    if cookie is not None and sessions.current(request) is None:
        set_aside[cookie] = change
        return JSONResponse({"version": change.version + 1, "sequence": change.sequence})
    session = writer(request)
    row = await saving.save(pool(request), session, key(request), change)
    return JSONResponse(
        {
            "version": row["version"],
            "sequence": change.sequence,
            "saved_at": row["updated_at"].isoformat(),
        }
    )


def change_of(body: dict[str, Any]) -> Save:
    """What a body asks to be stored; raises Refused where a part of it cannot be."""
    return Save(
        version=payload.number(body, "version"),
        texts={name: payload.optional_text(body, name) for name in FIELDS},
        diagnoses=_diagnoses(body),
        editor=payload.optional_text(body, "editor"),
        sequence=payload.number(body, "sequence") if "sequence" in body else None,
    )


def _diagnoses(body: dict[str, Any]) -> list[tuple[str, str]] | None:
    if "diagnoses" not in body:
        return None
    lines = body["diagnoses"]
    if not isinstance(lines, list) or len(lines) > DIAGNOSES_MAX:
        message = f"diagnoses must be a list of at most {DIAGNOSES_MAX}."
        raise Refused(422, "not_diagnoses", message, field="diagnoses")
    for line in lines:
        if not isinstance(line, dict) or line.keys() != {"code", "label"}:
            message = "Each diagnosis has a code and a label."
            raise Refused(422, "not_diagnoses", message, field="diagnoses")
    return [
        (payload.storable(line["code"], "diagnoses"), payload.storable(line["label"], "diagnoses"))
        for line in lines
    ]
