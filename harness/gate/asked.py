"""What the caller asked for, and what it is told while the gate works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of the gate; None leaves the choice to the plan or to the runs so far.

    merge is a file that is merged over the plan; only are patterns for the cases to run, none for
    all of them; stages are the further stages to run, None for all that are possible.
    """

    candidate: str
    plan: Path
    runs: Path
    baseline: str | None = None
    profile: str = "commit"
    deployer: str | None = None
    only: tuple[str, ...] = ()
    stages: tuple[str, ...] | None = None
    merge: Path | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing to tell a person: a stage begins or ends, counts move, something is noticed."""

    stage: str
    text: str
    done_n: int = 0
    total_n: int = 0
    saves_n: int = 0
    moving: bool = False


Watcher: TypeAlias = Callable[[Progress], None]
