"""Sessions: a signed cookie, whose anti-forgery token changes at every sign-in."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from itsdangerous import BadData, URLSafeTimedSerializer

from clinic.errors import Refused, SignedOut

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from clinic.settings import Settings

PRACTITIONER = "practitioner"
PATIENT = "patient"
COOKIES = {PRACTITIONER: "clinic_session", PATIENT: "clinic_portal"}
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
WRITING_ROLES = frozenset({"doctor", "locum"})


@dataclass(frozen=True)
class Session:
    """Who is signed in, as the cookie says."""

    account_id: int
    login: str
    name: str
    role: str
    practice_id: int
    csrf: str

    @property
    def may_write(self) -> bool:
        """Whether the role allows to write consultations."""
        return self.role in WRITING_ROLES


def new_token() -> str:
    """A fresh anti-forgery token."""
    return secrets.token_urlsafe(18)


def start(request: Request, response: Response, kind: str, session: Session) -> None:
    """Sign the browser in."""
    settings: Settings = request.app.state.settings
    response.set_cookie(
        COOKIES[kind],
        _signer(settings, kind).dumps(asdict(session)),
        max_age=settings.session_s_max,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def end(response: Response, kind: str) -> None:
    """Sign the browser out."""
    response.delete_cookie(COOKIES[kind])


def current(request: Request, kind: str = PRACTITIONER) -> Session | None:
    """Who is signed in, or None when nobody is, or the session has expired."""
    settings: Settings = request.app.state.settings
    cookie = request.cookies.get(COOKIES[kind])
    if cookie is None:
        return None
    try:
        content = _signer(settings, kind).loads(cookie, max_age=settings.session_s_max)
        # A newer release may say more of somebody; who works at both stays signed in.
        return Session(**{field.name: content[field.name] for field in fields(Session)})
    except (BadData, KeyError, TypeError):
        return None


def required(request: Request, kind: str = PRACTITIONER) -> Session:
    """Who is signed in; raises SignedOut."""
    session = current(request, kind)
    if session is None:
        raise SignedOut
    return session


def writing(request: Request, kind: str = PRACTITIONER) -> Session:
    """Who is signed in and sends a change with the right token; raises SignedOut or Refused."""
    session = required(request, kind)
    check_token(session, request.headers.get(CSRF_HEADER, ""))
    return session


def check_token(session: Session, token: str) -> None:
    """Refuse a change that was not sent by a page of this session."""
    if not hmac.compare_digest(token.encode("utf-8", "replace"), session.csrf.encode()):
        raise Refused(403, "csrf", "This page belongs to an earlier session. Reload it.")


def _signer(settings: Settings, kind: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret, salt=kind)
