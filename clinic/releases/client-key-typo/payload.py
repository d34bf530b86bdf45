"""Reading what a request carries, and saying which part of it cannot be stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clinic.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

BIGINT_MAX = 2**63 - 1


async def json_object(request: Request, known: Iterable[str]) -> dict[str, Any]:
    """What the JSON object of the body says of known keys; raises Refused for anything else."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused(400, "not_json", "The body is not valid JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise Refused(400, "not_json", "The body must be a JSON object.")
    return {key: body[key] for key in known if key in body}


def storable(text: object, field: str) -> str:
    """The text itself; raises Refused where PostgreSQL could not hold it byte for byte."""
    if not isinstance(text, str):
        raise Refused(422, "not_text", f"The field {field} must be text.", field=field)
    if "\x00" in text:
        raise Refused(
            422,
            "nul_character",
            f"The field {field} contains a NUL character, which cannot be stored.",
            field=field,
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(
            422,
            "lone_surrogate",
            f"The field {field} contains half a character (a lone surrogate), "
            "which cannot be stored.",
            field=field,
        ) from None
    return text


def optional_text(body: dict[str, Any], field: str) -> str | None:
    """The text of a field, or None when the body does not mention it; raises Refused."""
    return storable(body[field], field) if field in body else None


def required_text(body: dict[str, Any], field: str) -> str:
    """A text that is neither absent nor blank; raises Refused."""
    text = storable(body.get(field, ""), field)
    if not text.strip():
        raise Refused(422, "missing", f"The field {field} must not be blank.", field=field)
    return text


def number(body: dict[str, Any], field: str) -> int:
    """A whole number, 0 or more; raises Refused."""
    value = body.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= BIGINT_MAX:
        raise Refused(422, "not_number", f"The field {field} must be a whole number.", field=field)
    return value
