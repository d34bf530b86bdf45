"""Pages from templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from clinic import language, release

if TYPE_CHECKING:
    from starlette.requests import Request

    from clinic.sessions import Session


def environment() -> Environment:
    """The templates of the release, shadowed ones first."""
    return Environment(
        loader=FileSystemLoader(release.active().folders("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request,
    template: str,
    session: Session | None = None,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """One page in the chosen language; a `?lang=` of the address is remembered."""
    spoken = language.chosen(request)
    name = release.chosen()
    templates: Environment = request.app.state.templates
    html = templates.get_template(template).render(
        session=session,
        lang=spoken,
        labels=language.LABELS[spoken],
        static=f"/static/{name}",
        release=name,
        **values,
    )
    # A note never lies in a shared cache, and going back in the browser asks the server again.
    response = HTMLResponse(html, status, headers={"Cache-Control": "no-store"})
    if "lang" in request.query_params:
        response.set_cookie(language.COOKIE, spoken, samesite="lax")
    return response
