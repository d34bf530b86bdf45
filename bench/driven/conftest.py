"""The clinic's own fixtures and readers."""

from scenarios.conftest import accounts, colleague_state, practitioner, sign_in

__all__ = ["accounts", "colleague_state", "practitioner", "sign_in"]
