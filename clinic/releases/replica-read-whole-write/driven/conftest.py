"""The fixtures of the clinic's scenarios, and their readers."""

from __future__ import annotations

from scenarios import readers  # noqa: F401 - importing it makes the readers known
from scenarios.conftest import accounts, colleague_state, practitioner, sign_in

__all__ = ["accounts", "colleague_state", "practitioner", "sign_in"]
