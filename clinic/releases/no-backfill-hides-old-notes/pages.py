"""The practitioners' pages."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from clinic import accounts, consultations, language, page_state, patients, payload, sessions
from clinic.api import key, pool
from clinic.errors import Refused
from clinic.rendering import page

if TYPE_CHECKING:
    import asyncpg
    from starlette.datastructures import UploadFile
    from starlette.requests import Request
    from starlette.responses import Response

HOME = "/patients"


async def home(_request: Request) -> Response:
    """The address without a path leads to the patients."""
    return RedirectResponse(HOME, 303)


async def sign_in_page(request: Request) -> Response:
    """The form to sign in."""
    return page(request, "sign_in.html", next=_next(request), failure=None)


async def sign_in(request: Request) -> Response:
    """Start a session, then go where the practitioner wanted to go."""
    form = await request.form()
    login, password = (str(form.get(name, "")) for name in ("login", "password"))
    try:
        session, spoken = await accounts.sign_in(
            pool(request), sessions.PRACTITIONER, payload.storable(login, "login"), password
        )
    except Refused as refusal:
        return page(
            request, "sign_in.html", next=_next(request), failure=refusal.message, status=401
        )
    response = RedirectResponse(_next(request), 303)
    sessions.start(request, response, sessions.PRACTITIONER, session)
    if language.COOKIE not in request.cookies:
        response.set_cookie(language.COOKIE, spoken, samesite="lax")
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    await _checked_form(request)
    response = RedirectResponse("/sign-in", 303)
    sessions.end(response, sessions.PRACTITIONER)
    return response


async def list_patients(request: Request) -> Response:
    """The practice's patients, with a search."""
    session = sessions.required(request)
    words = request.query_params.get("q", "")
    rows = await patients.search(pool(request), session.practice_id, words)
    total = rows[0]["total"] if rows else 0
    return page(request, "patients.html", session, patients=rows, words=words, total=total)


async def show_patient(request: Request) -> Response:
    """A patient with the consultations, and the button for a new one."""
    session = sessions.required(request)
    patient = await patients.read(pool(request), session.practice_id, key(request))
    rows = await patients.consultations(pool(request), patient["id"])
    return page(
        request,
        "patient.html",
        session,
        patient=patient,
        consultations=rows,
        request_id=secrets.token_urlsafe(18),
    )


async def open_consultation(request: Request) -> Response:
    """Open a consultation and go to it; pressing twice opens one."""
    session, form = await _checked_form(request)
    if not session.may_write:
        raise Refused(403, "read_only", "Your role may read consultations, not open them.")
    request_id = str(form.get("request_id", "")) or None
    row = await consultations.open_new(pool(request), session, key(request), request_id)
    return RedirectResponse(f"/consultations/{row['id']}", 303)


async def show_consultation(request: Request) -> Response:
    """The consultation: to be written by its author, to be read by the practice."""
    session = sessions.required(request)
    row = await consultations.read(pool(request), session, key(request))
    why = _why_read_only(session, row)
    if why is not None:
        row = await consultations.read_with_summary(pool(request), session, row["id"])
        why = f"{why} Summary: {row['summary']}."
    state = await page_state.state(pool(request), session, row, editable=why is None)
    return page(
        request,
        "consultation.html",
        session,
        consultation=row,
        fields=consultations.FIELDS,
        read_only=why,
        state=state,
    )


def _why_read_only(session: sessions.Session, row: asyncpg.Record) -> str | None:
    author = row["practitioner"]
    if not session.may_write:
        return f"Read only: an {session.role} may read consultations, not change them."
    if row["practitioner_id"] != session.account_id:
        return f"Read only: this consultation was written by {author}."
    if row["finalised_at"] is not None:
        return f"Read only: finalised on {row['finalised_at']:%-d %B %Y at %H:%M} UTC."
    return None


async def profile(request: Request) -> Response:
    """The practitioner's own settings."""
    return page(request, "profile.html", sessions.required(request))


async def save_profile(request: Request) -> Response:
    """Choose the language of the note."""
    session, form = await _checked_form(request)
    spoken = str(form.get("language", ""))
    if not language.known(spoken):
        raise Refused(422, "no_language", "Choose English or French.", field="language")
    await accounts.choose_language(pool(request), session.account_id, spoken)
    response = RedirectResponse("/profile", 303)
    response.set_cookie(language.COOKIE, spoken, samesite="lax")
    return response


async def _checked_form(request: Request) -> tuple[sessions.Session, dict[str, UploadFile | str]]:
    session = sessions.required(request)
    form = dict(await request.form())
    sessions.check_token(session, str(form.get(sessions.CSRF_FIELD, "")))
    return session, form


def _next(request: Request) -> str:
    wanted = request.query_params.get("next", HOME)
    stays_here = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if stays_here else HOME
