"""The language of the note: English, or French for practitioners who choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

COOKIE = "clinic_lang"
DEFAULT = "en"
LABELS = {
    "en": {
        "reason": "Reason",
        "history": "History",
        "examination": "Examination",
        "conclusion": "Conclusion",
        "allergies": "Allergies",
        "diagnoses": "Diagnoses",
        "documents": "Documents",
        "observation": "Observation",
        "template": "General condition:\nHeart and lungs:\nAbdomen:\nNervous system:",
    },
    "fr": {
        "reason": "Motif",
        "history": "Interrogatoire",
        "examination": "Examen",
        "conclusion": "Conclusion",
        "allergies": "Allergies",
        "diagnoses": "Diagnostics",
        "documents": "Pièces jointes",
        "observation": "Observation",
        "template": "État général :\nCœur et poumons :\nAbdomen :\nSystème nerveux :",
    },
}


def chosen(request: Request) -> str:
    """`?lang=` of the address, else the cookie, else English."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in LABELS:
            return wish
    return DEFAULT


def known(language: str) -> bool:
    """Whether pages exist in this language."""
    return language in LABELS
