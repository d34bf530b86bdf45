"""The end of a log file, fit to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.plan.secrecy import scrub

TAIL_BYTES_MAX = 64_000
LINE_CHARS_MAX = 500


def tail_of(path: Path, lines: int, secrets: Iterable[str], begin: int = 0) -> str:
    """The last lines of the file after byte ``begin``, secrets hidden; "" where there are none."""
    try:
        with path.open("rb") as stream:
            end = stream.seek(0, 2)
            stream.seek(max(begin, end - TAIL_BYTES_MAX))
            text = stream.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    kept = scrub(text, secrets).rstrip("\n").split("\n")[-lines:]
    return "\n".join(line[:LINE_CHARS_MAX] for line in kept)


def size_of(path: Path) -> int:
    """Bytes in the file now; 0 where it is not there yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
