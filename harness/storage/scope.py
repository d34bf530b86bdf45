"""How much of a storage one read looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from harness.model import Key


@dataclass(frozen=True, slots=True)
class EveryRow:
    """All there is: for storage that is thrown away with its deployment."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The rows with one of these keys, and every row in which one of these tokens stands.

    Tokens are sought in fields that the database can read as text: what a codec decodes and the
    bytes of files are found by their key alone.
    """

    keys: tuple[Key, ...] = ()
    tokens: tuple[str, ...] = ()


Scope: TypeAlias = EveryRow | Keys
EVERY_ROW = EveryRow()
