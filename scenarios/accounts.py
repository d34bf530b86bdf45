"""Who is in these scenarios. Signing in is not under test in most, so it takes no page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from playwright.sync_api import APIResponse, Playwright

PASSWORD = "clinic-demo"  # noqa: S105 - every account of the seed has it
# Pytest workers beyond this many share practitioners; the seed makes twice as many doctors.
WORKERS_N = 10
PATIENTS_PER_WORKER_N = 20


@dataclass(frozen=True)
class Account:
    """Somebody who is signed in: state is what a new browser context starts with."""

    id: int
    name: str
    login: str
    token: str
    state: Any


class Accounts:
    """The people one pytest worker has for itself, signed in when they are first needed."""

    def __init__(
        self, playwright: Playwright, url: str, worker: int, password: str = PASSWORD
    ) -> None:
        self._playwright = playwright
        self._url = url
        self._worker = worker % WORKERS_N
        self._password = password
        self._visits = 0
        self.signed_in = cache(self._sign_in)

    @staticmethod
    def of_worker(playwright: Playwright, url: str, worker_id: str) -> Accounts:
        """Those of a pytest worker, by the name that it has."""
        number = worker_id.removeprefix("gw").replace("master", "0")
        return Accounts(playwright, url, int(number))

    def practitioner(self, role: str = "doctor") -> Account:
        """A doctor, the locum, or the assistant of the practice."""
        login = f"dr{self._worker + 1}" if role == "doctor" else f"{role}1"
        return self.signed_in(login, "practitioner")

    @property
    def colleague(self) -> Account:
        """Another doctor of the practice, to share with and to read what was written."""
        return self.signed_in(f"dr{self._worker + WORKERS_N + 1}", "practitioner")

    def next_patient(self) -> Account:
        """A patient of the practice, each time the next one."""
        self._visits += 1
        number = self._worker * PATIENTS_PER_WORKER_N + self._visits % PATIENTS_PER_WORKER_N + 1
        return self.patient(number)

    def patient(self, number: int) -> Account:
        """The patient of that number."""
        return self.signed_in(f"patient{number}", "patient")

    def _sign_in(self, login: str, kind: str) -> Account:
        request = self._playwright.request.new_context(base_url=self._url)
        try:
            words = {"login": login, "password": self._password, "kind": kind}
            session = answered(request.post("/api/sign-in", data=words))
            return Account(
                id=session["id"],
                name=session["name"],
                login=login,
                token=session["csrf_token"],
                state=request.storage_state(),
            )
        finally:
            request.dispose()


def answered(response: APIResponse) -> Any:
    """What the clinic answers to a preparation that has to succeed."""
    assert response.ok, f"{response.status} {response.url}: {response.text()}"
    return response.json()
