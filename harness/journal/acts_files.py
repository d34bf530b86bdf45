"""Which processes of a load journaled, and by which clocks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from harness.errors import RecordUnreadable
from harness.journal.clocks import Clock, clock_of
from harness.journal.volume import SCHEMA

HEAD_BYTES_MAX = 65_536
# A journal sums itself up more often than this, and notes the time when it does.
_LOOK_BYTES = 1 << 20
# The last line of a journal that was closed is much shorter.
_LAST_BYTES = 256


@dataclass(frozen=True, slots=True)
class ActsFile:
    """One process's journal: its acts begin at an offset, after its head.

    name is what the process is called, "" where it is not. shift_s takes its times to the clock of
    the whole load; jumped_s is by how much its host's wall clock was set meanwhile, where that
    matters. closed says that its process ended it: nothing is missing after its last line.
    """

    path: Path
    offset: int
    name: str = ""
    shift_s: float = 0.0
    jumped_s: float = 0.0
    closed: bool = True


def find_acts(folder: Path, clock: Clock | None = None) -> list[ActsFile]:
    """The journal of every process of a run's load, by the clock of whoever read storage.

    One of which not even the head was written whole is left out. Raises RecordUnreadable, also
    where two processes are called alike.
    """
    found = [each for path in sorted(folder.glob("load-*.acts")) if (each := _opened(path, clock))]
    named: dict[str, Path] = {}
    for each in found:
        if each.name and each.name in named:
            raise RecordUnreadable(
                f"{named[each.name]} and {each.path} are both of a worker called {each.name!r}; "
                "give each worker of a load a --name of its own, or remove the copy of a journal"
            )
        named[each.name] = each.path
    return found


def _opened(path: Path, clock: Clock | None) -> ActsFile | None:
    try:
        with path.open("rb") as stream:
            line = stream.readline(HEAD_BYTES_MAX)
        if not line.endswith(b"\n"):
            if len(line) == HEAD_BYTES_MAX:
                raise ValueError("it does not begin with a line of JSON")
            return None
        head = json.loads(line)
        if head["schema"] != SCHEMA:
            raise ValueError(f"written as {head['schema']!r}, this harness reads {SCHEMA!r}")
        own = clock_of(head.get("boot"), _pairs(head))
        name, closed = str(head.get("name", "")), _is_closed(path)
        if clock is None or own.is_same(clock):
            return ActsFile(path, len(line), name, closed=closed)
        own = clock_of(own.boot, [*_pairs(head), *_noted(path)])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise RecordUnreadable(
            f"the journal {path} cannot be read: {type(error).__name__}: {error}; it is no journal "
            "of a load, or one of another version of the harness"
        ) from error
    return ActsFile(path, len(line), name, own.shift_s(clock), own.jumped_s, closed)


def _is_closed(path: Path) -> bool:
    """Whether the last line is a sum of nothing, which only a process that ends writes."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _LAST_BYTES))
        *_, last, rest = [b"", *stream.read().split(b"\n")]
    words = last.split(b" ")
    return not rest and words[0] == b"c" and words[-1] == b"0"


def _pairs(head: dict[str, Any]) -> list[tuple[float, float]]:
    if "at_s" not in head:
        return []
    return [_pair(head["at_s"], head["wall_s"])]


def _pair(at_s: Any, wall_s: Any) -> tuple[float, float]:
    pair = float(at_s), float(wall_s)
    if not all(map(isfinite, pair)):
        raise ValueError(f"its clocks say {at_s} and {wall_s}")
    return pair


def _noted(path: Path) -> Iterator[tuple[float, float]]:
    """Monotonic and wall time as the sums in the middle of a journal and at its end note them."""
    with path.open("rb") as stream:
        size = path.stat().st_size
        for at in sorted({max(0, size // 2), max(0, size - _LOOK_BYTES)}):
            stream.seek(at)
            lines: Sequence[bytes] = stream.read(_LOOK_BYTES).split(b"\n")[1:-1]
            sums = [line.split(b" ") for line in lines if line.startswith(b"c ")]
            yield from (_pair(words[1], words[2]) for words in sums[-3:])
