"""The end of a log file, fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from harness.plan.secrecy import scrub

TAIL_BYTES_MAX = 64_000
LINE_CHARS_MAX = 500
# Colours that a process printed for a terminal of its own.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def tail_of(path: Path, lines: int, secrets: Iterable[str], begin: int = 0) -> str:
    """The last lines of the file after byte ``begin``, "" where there are none.

    Secrets are hidden, and colours left out.
    """
    try:
        with path.open("rb") as stream:
            end = stream.seek(0, 2)
            stream.seek(max(begin, end - TAIL_BYTES_MAX))
            text = stream.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    kept = scrub(_COLOURS.sub("", text), secrets).rstrip("\n").split("\n")[-lines:]
    return "\n".join(line[:LINE_CHARS_MAX] for line in kept)


def size_of(path: Path) -> int:
    """Bytes in the file now; 0 where it is not there yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
