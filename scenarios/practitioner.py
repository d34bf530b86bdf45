"""A practitioner at work: a browser, and a way to prepare what is not under test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import BrowserContext, FilePayload

from scenarios.accounts import PASSWORD, Account, Accounts, answered
from scenarios.note_page import NotePage


class Practitioner:
    """Somebody who writes consultations, signed in in a browser context of their own."""

    def __init__(
        self, accounts: Accounts, account: Account, context: BrowserContext, language: str = "en"
    ) -> None:
        self._accounts = accounts
        self.account = account
        self.colleague = accounts.colleague
        self.patient = accounts.next_patient()
        self.context = context
        self.language = language
        self._token = account.token

    def open(self, number: int) -> NotePage:
        """The page of a consultation, in a tab of its own."""
        return NotePage(self.context.new_page(), number, self.language)

    # --- the session -------------------------------------------------------------------------

    def sign_in_elsewhere(self) -> None:
        """Sign in once more, as another tab would: the page's token is an old one from now on."""
        words = {"login": self.account.login, "password": PASSWORD}
        self._token = self._post("/api/sign-in", words)["csrf_token"]

    def lose_session(self) -> None:
        """End the session, as its expiry would."""
        self.context.clear_cookies(name="clinic_session")

    # --- preparations ------------------------------------------------------------------------

    def new_consultation(self) -> int:
        """A new, empty consultation of the patient."""
        return int(self._post("/api/consultations", {"patient_id": self.patient.id})["id"])

    def new_consultation_of_another(self) -> int:
        """A new, empty consultation of the next patient."""
        other = self._accounts.next_patient()
        return int(self._post("/api/consultations", {"patient_id": other.id})["id"])

    def write(self, number: int, values: Mapping[str, Any]) -> str:
        """Save a consultation without its page, as in an earlier visit; what was answered."""
        url = f"/api/consultations/{number}"
        version = answered(self.context.request.get(url))["version"]
        response = self.context.request.patch(
            url, data={**values, "version": version}, headers=self._headers
        )
        answered(response)
        return f"{response.status} PATCH {url}"

    def add_document(self, number: int, kind: str, title: str, content: bytes) -> tuple[int, str]:
        """Add a document to a consultation; its id, and what was answered."""
        url = f"/api/consultations/{number}/documents"
        if kind == "prescription":
            data = {"title": title, "text": content.decode()}
            response = self.context.request.post(url, data=data, headers=self._headers)
        else:
            file: FilePayload = {"name": "scan.bin", "mimeType": "image/png", "buffer": content}
            response = self.context.request.post(
                url, multipart={"title": title, "file": file}, headers=self._headers
            )
        return int(answered(response)["id"]), f"{response.status} POST {url}"

    def share(self, document_id: int, kind: str, recipient_id: int) -> str:
        """Share a document with the patient, or with a practitioner; what was answered."""
        url = f"/api/documents/{document_id}/shares"
        data = {"recipient": kind, "practitioner_id": recipient_id}
        response = self.context.request.post(url, data=data, headers=self._headers)
        answered(response)
        return f"{response.status} POST {url}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-CSRF-Token": self._token}

    def _post(self, url: str, data: Mapping[str, Any]) -> Any:
        return answered(self.context.request.post(url, data=dict(data), headers=self._headers))
