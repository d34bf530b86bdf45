"""How the clinic stores what its users type, where that is not plain to see."""

from __future__ import annotations


def text_of(content: str | bytes | None) -> str | None:
    """The text of a prescription, kept as bytes; what is no UTF-8 stays visible as such."""
    if isinstance(content, bytes):
        return content.decode("utf-8", "surrogateescape")
    return content


def bytes_of(text: str) -> bytes:
    """What storage holds of a text."""
    return text.encode("utf-8", "surrogateescape")


text_of.inverse = bytes_of  # type: ignore[attr-defined]
