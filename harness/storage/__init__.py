"""Reading what storage holds, raw, on a connection of our own."""

from harness.storage.observe import check_locators, observe_all
from harness.storage.postgres import PostgresStorage
from harness.storage.scope import EVERY_ROW, EveryRow, Keys, Scope

__all__ = [
    "EVERY_ROW",
    "EveryRow",
    "Keys",
    "PostgresStorage",
    "Scope",
    "check_locators",
    "observe_all",
]
