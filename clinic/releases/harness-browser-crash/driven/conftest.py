"""The fixtures of the clinic's scenarios."""

from scenarios.conftest import accounts, colleague_state, practitioner, sign_in

__all__ = ["accounts", "colleague_state", "practitioner", "sign_in"]
