"""The patients' portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from clinic import accounts, inbox, payload, received, sessions
from clinic.api import pool
from clinic.errors import Refused
from clinic.rendering import page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def sign_in_page(request: Request) -> Response:
    """The form for patients to sign in."""
    return page(request, "portal_sign_in.html", failure=None)


async def sign_in(request: Request) -> Response:
    """Start a patient's session."""
    form = await request.form()
    login, password = (str(form.get(name, "")) for name in ("login", "password"))
    try:
        session, _ = await accounts.sign_in(
            pool(request), sessions.PATIENT, payload.storable(login, "login"), password
        )
    except Refused as refusal:
        return page(request, "portal_sign_in.html", failure=refusal.message, status=401)
    response = RedirectResponse("/portal", 303)
    sessions.start(request, response, sessions.PATIENT, session)
    return response


async def sign_out(request: Request) -> Response:
    """End a patient's session."""
    session = sessions.required(request, sessions.PATIENT)
    form = await request.form()
    sessions.check_token(session, str(form.get(sessions.CSRF_FIELD, "")))
    response = RedirectResponse("/portal/sign-in", 303)
    sessions.end(response, sessions.PATIENT)
    return response


async def show(request: Request) -> Response:
    """What the practice shares with the patient, and its messages."""
    session = sessions.required(request, sessions.PATIENT)
    found = await received.documents(pool(request), sessions.PATIENT, session.account_id)
    messages = await inbox.messages(pool(request), sessions.PATIENT, session.account_id)
    return page(request, "portal.html", patient=session, documents=found, messages=messages)
