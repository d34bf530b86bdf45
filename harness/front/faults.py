"""What is done to requests and answers while a block of the gate lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.front.routing import Pattern, pattern_from

KINDS = ("hold", "delay", "reset", "cut")
SIDES = ("request", "answer")
FAULTS_MAX = 100
DELAY_S_MAX = 600.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; target and pattern None: of every target, every request."""

    kind: str
    side: str = "request"
    target: str | None = None
    pattern: Pattern | None = None
    seconds: float = 0.0
    after_bytes: int = 0

    @property
    def whole(self) -> bool:
        """Whether it is about every request."""
        return self.target is None and self.pattern is None

    def touches(self, target: str, method: str, path: str) -> bool:
        """Whether it is about this request."""
        return self.target in (None, target) and (
            self.pattern is None or self.pattern.fits(method, path)
        )


def fault_from(facts: dict[str, Any]) -> Fault:
    """Read a fault; raises ValueError."""
    pattern = facts.get("pattern")
    fault = Fault(
        kind=facts["kind"],
        side=facts.get("side", "request"),
        target=facts.get("target"),
        pattern=None if pattern is None else pattern_from(pattern),
        seconds=float(facts.get("seconds", 0.0)),
        after_bytes=int(facts.get("after_bytes", 0)),
    )
    if fault.kind not in KINDS or fault.side not in SIDES:
        raise ValueError(f"a fault {fault.kind!r} of the {fault.side!r}; see {KINDS} and {SIDES}")
    if not 0 <= fault.seconds <= DELAY_S_MAX:
        raise ValueError(f"a delay of {fault.seconds:g} s is not from 0 to {DELAY_S_MAX:g} s")
    if fault.after_bytes < 0:
        raise ValueError(f"a reset after {fault.after_bytes} bytes; write 0 or more")
    return fault


@dataclass
class Faults:
    """The faults that last now, by number; changed is set, and replaced, with every change."""

    lasting: dict[int, Fault] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0

    def begin(self, fault: Fault) -> int:
        """Let it last; gives its number. Raises ValueError where there are too many."""
        if len(self.lasting) == FAULTS_MAX:
            raise ValueError(f"more than {FAULTS_MAX} faults at once")
        self._count += 1
        self.lasting[self._count] = fault
        self.tell()
        return self._count

    def end(self, number: int) -> None:
        """Heal it; nothing where it is healed already."""
        self.lasting.pop(number, None)
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits: something changed."""
        self.changed.set()
        self.changed = asyncio.Event()

    def of(self, kind: str, side: str, target: str, method: str, path: str) -> Iterator[Fault]:
        """Those of a kind and side that are about this request."""
        for fault in self.lasting.values():
            if fault.kind == kind and fault.side == side and fault.touches(target, method, path):
                yield fault
