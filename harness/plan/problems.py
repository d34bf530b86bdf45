"""What is wrong with a plan: where, what was seen there, what to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from harness.errors import PlanError

# One part per table or key; a number is a place in a list, from 0.
Where: TypeAlias = tuple[str | int, ...]

SEEN_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend; seen is "" where nothing stands there."""

    where: Where
    seen: str
    advice: str

    def __str__(self) -> str:
        seen = f" = {self.seen}" if self.seen else ""
        return f"{dotted(self.where)}{seen}: {self.advice}"


def dotted(where: Where) -> str:
    """The key as TOML spells it: ``form.note.release."2.*".table``, ``known[0].expires``."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part if bare else f'"{part}"')
    return text


def shown(value: object) -> str:
    """The value as a message shows it, cut to one short line."""
    if isinstance(value, dict):
        return "a table"
    text = repr(value)
    return text if len(text) <= SEEN_CHARS_MAX else text[: SEEN_CHARS_MAX - 3] + "..."


def refuse(path: Path, sentences: tuple[str, ...]) -> PlanError:
    """The error that names every problem of the plan at once."""
    count = "1 problem" if len(sentences) == 1 else f"{len(sentences)} problems"
    lines = "".join(f"\n  {sentence}" for sentence in sentences)
    return PlanError(f"{path}: {count}{lines}", sentences)
