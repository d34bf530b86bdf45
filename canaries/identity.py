"""Who probes in production: synthetic people, whose password is in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from playwright.sync_api import Playwright

from scenarios.accounts import Account, Accounts

LOGIN = "CLINIC_CANARY_LOGIN"
PASSWORD = "CLINIC_CANARY_PASSWORD"  # noqa: S105 - the name of a variable


class Synthetic(Accounts):
    """A doctor, a colleague and a patient who are nobody; they are the only ones."""

    def __init__(self, playwright: Playwright, url: str, env: Mapping[str, str]) -> None:
        super().__init__(playwright, url, 0, env[PASSWORD])
        self._login = env[LOGIN]

    def practitioner(self, role: str = "doctor") -> Account:
        """The synthetic doctor, whatever role is asked for."""
        return self.signed_in(self._login, "practitioner")

    @property
    def colleague(self) -> Account:
        """The synthetic colleague."""
        return self.signed_in(f"{self._login}-colleague", "practitioner")

    def patient(self, number: int) -> Account:
        """The synthetic patient, who has no other number."""
        return self.signed_in(f"{self._login}-patient", "patient")

    def recipient(self, kind: str) -> Account:
        """Who documents are shared with."""
        return self.patient(0) if kind == "patient" else self.colleague


def in_production(env: Mapping[str, str] = os.environ) -> bool:
    """Whether scenarios act as synthetic people, and not as those of the seed."""
    return LOGIN in env
