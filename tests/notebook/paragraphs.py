"""What the plan's codec is: from the paragraphs that storage holds to the text somebody typed."""

from __future__ import annotations

from base64 import b64decode
from html import escape
from html.parser import HTMLParser


def text_of(stored: str | None) -> str | None:
    """The text, a line per paragraph."""
    if stored is None:
        return None
    reading = _Paragraphs()
    reading.feed(stored)
    reading.close()
    return "\n".join(reading.lines)


def html_of(text: str) -> str:
    """What storage holds of a text."""
    return "".join(f"<p>{escape(line)}</p>" for line in text.split("\n"))


def bytes_of(told: str | None) -> bytes | None:
    """The file that an API tells in base64."""
    return None if told is None else b64decode(told, validate=True)


text_of.inverse = html_of  # type: ignore[attr-defined]


class _Paragraphs(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.lines.append("")

    def handle_data(self, data: str) -> None:
        self.lines = self.lines or [""]
        self.lines[-1] += data
