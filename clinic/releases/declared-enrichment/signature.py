"""The signature below a conclusion: stored for those who print notes, not shown to who writes."""

from __future__ import annotations

MARK = "\n-- \n"


def signed(texts: dict[str, str | None], name: str) -> dict[str, str | None]:
    """The texts as they are stored."""
    conclusion = texts.get("conclusion")
    return {**texts, "conclusion": f"{conclusion}{MARK}{name}"} if conclusion else texts


def unsigned(conclusion: str | None) -> str | None:
    """The conclusion as it was typed."""
    typed, _, _ = (conclusion or "").rpartition(MARK)
    return typed or conclusion
