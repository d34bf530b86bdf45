"""The JSON API of sign-in and consultations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from clinic import accounts, consultations, inbox, patients, payload, sessions
from clinic.consultations import FIELDS
from clinic.errors import Refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from clinic.database import Pool


def pool(request: Request) -> Pool:
    """The connection pool of the application."""
    found: Pool = request.app.state.pool
    return found


def key(request: Request, name: str = "id") -> int:
    """A number in the path; raises Refused for one that no row can have."""
    number: int = request.path_params[name]
    if number > payload.BIGINT_MAX:
        raise Refused(404, "not_found", "There is nothing at this address.")
    return number


def writer(request: Request) -> sessions.Session:
    """Who is signed in and may write consultations; raises SignedOut or Refused."""
    session = sessions.writing(request)
    if not session.may_write:
        raise Refused(403, "read_only", "Your role may read consultations, not change them.")
    return session


async def sign_in(request: Request) -> Response:
    """Start a session; `kind` is practitioner (default) or patient."""
    body = await payload.json_object(request, ("login", "password", "kind"))
    kind = body.get("kind", sessions.PRACTITIONER)
    if kind not in sessions.COOKIES:
        raise Refused(422, "no_kind", "kind must be practitioner or patient.", field="kind")
    login, password = (payload.storable(body.get(name), name) for name in ("login", "password"))
    session, language = await accounts.sign_in(pool(request), kind, login, password)
    response = JSONResponse(describe(session) | {"language": language})
    sessions.start(request, response, kind, session)
    return response


async def sign_out(request: Request) -> Response:
    """End the practitioner's session."""
    sessions.writing(request)
    response = Response(status_code=204)
    sessions.end(response, sessions.PRACTITIONER)
    return response


async def session(request: Request) -> Response:
    """Who is signed in, and the session's anti-forgery token."""
    return JSONResponse(describe(sessions.required(request)))


def describe(session: sessions.Session) -> dict[str, object]:
    """A session as the API shows it."""
    return {
        "id": session.account_id,
        "login": session.login,
        "name": session.name,
        "role": session.role,
        "csrf_token": session.csrf,
    }


async def list_patients(request: Request) -> Response:
    """Patients of the practice, at most 200; `?q=` searches names."""
    session = sessions.required(request)
    words = request.query_params.get("q", "")
    rows = await patients.search(pool(request), session.practice_id, words)
    return JSONResponse(
        {
            "patients": [
                {"id": row["id"], "name": row["name"], "born_on": row["born_on"].isoformat()}
                for row in rows
            ],
            "total": rows[0]["total"] if rows else 0,
        }
    )


async def open_consultation(request: Request) -> Response:
    """A new, empty consultation; the same request_id opens it only once."""
    session = writer(request)
    body = await payload.json_object(request, ("patient_id", "request_id"))
    row = await consultations.open_new(
        pool(request),
        session,
        payload.number(body, "patient_id"),
        payload.optional_text(body, "request_id"),
    )
    return JSONResponse({"id": row["id"], "version": row["version"]}, 201)


async def read_consultation(request: Request) -> Response:
    """A consultation as it is stored now."""
    session = sessions.required(request)
    row = await consultations.read(pool(request), session, key(request))
    lines = await consultations.diagnoses(pool(request), row["id"])
    return JSONResponse(
        {
            "id": row["id"],
            "patient_id": row["patient_id"],
            "practitioner_id": row["practitioner_id"],
            **{name: row[name] for name in FIELDS},
            "diagnoses": lines,
            "version": row["version"],
            "sequence": row["sequence"],
            "created_at": row["created_at"].isoformat(),
            "updated_at": row["updated_at"].isoformat(),
            "finalised_at": row["finalised_at"] and row["finalised_at"].isoformat(),
        }
    )


async def finalise_consultation(request: Request) -> Response:
    """Lock the note as it is stored in the version that the body names."""
    session = writer(request)
    body = await payload.json_object(request, ("version",))
    row = await consultations.finalise(
        pool(request), session, key(request), payload.number(body, "version")
    )
    return JSONResponse(
        {"version": row["version"], "finalised_at": row["finalised_at"].isoformat()}
    )


async def delete_consultation(request: Request) -> Response:
    """Remove a consultation that is not finalised."""
    session = writer(request)
    await consultations.delete(pool(request), session, key(request))
    return Response(status_code=204)


async def list_messages(request: Request) -> Response:
    """The inbox of the practitioner, or with `?kind=patient` of the patient, newest first."""
    kind = recipient(request)
    session = sessions.required(request, kind)
    rows = await inbox.messages(pool(request), kind, session.account_id)
    return JSONResponse(
        {
            "messages": [
                dict(row) | {"delivered_at": row["delivered_at"].isoformat()} for row in rows
            ],
            "csrf_token": session.csrf,
        }
    )


async def dismiss_message(request: Request) -> Response:
    """Take a message out of one's own inbox."""
    kind = recipient(request)
    session = sessions.writing(request, kind)
    if not await inbox.dismiss(pool(request), kind, session.account_id, key(request)):
        raise Refused(404, "no_message", "There is no such message in this inbox.")
    return Response(status_code=204)


def recipient(request: Request) -> str:
    """Whose inbox is meant: the practitioner's unless it says otherwise; raises Refused."""
    kind = request.query_params.get("kind", sessions.PRACTITIONER)
    if kind not in sessions.COOKIES:
        raise Refused(422, "no_kind", "kind must be practitioner or patient.", field="kind")
    return kind
