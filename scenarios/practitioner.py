"""A practitioner at work: a browser, and a way to prepare what is not under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import APIResponse, BrowserContext, FilePayload

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
        """The page of a consultation, in a tab of its own; they sign in again when it asks."""
        page = NotePage(self.context.new_page(), number, self.language)
        page.sign_in_when_asked()
        return page

    # --- the session -------------------------------------------------------------------------

    def sign_in_elsewhere(self) -> None:
        """Sign in once more, as another tab would: the page's token is an old one from now on."""
        words = {"login": self.account.login, "password": PASSWORD}
        answer = self.context.request.post("/api/sign-in", data=words)
        self._token = answered(answer)["csrf_token"]

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
        request = self.context.request
        version = answered(self._sent(lambda _: request.get(url)))["version"]
        change = {**values, "version": version}
        response = self._sent(lambda headers: request.patch(url, data=change, headers=headers))
        answered(response)
        return f"{response.status} PATCH {url}"

    def add_document(self, number: int, kind: str, title: str, content: bytes) -> tuple[int, str]:
        """Add a document to a consultation; its id, and what was answered."""
        url = f"/api/consultations/{number}/documents"
        post = self.context.request.post
        if kind == "prescription":
            data = {"title": title, "text": content.decode()}
            response = self._sent(lambda headers: post(url, data=data, headers=headers))
        else:
            file: FilePayload = {"name": "scan.bin", "mimeType": "image/png", "buffer": content}
            form: dict[str, str | float | bool | bytes | FilePayload] = {
                "title": title,
                "file": file,
            }
            response = self._sent(lambda headers: post(url, multipart=form, headers=headers))
        return int(answered(response)["id"]), f"{response.status} POST {url}"

    def share(self, document_id: int, kind: str, recipient_id: int) -> str:
        """Share a document with the patient, or with a practitioner; what was answered."""
        url = f"/api/documents/{document_id}/shares"
        data = {"recipient": kind, "practitioner_id": recipient_id}
        post = self.context.request.post
        response = self._sent(lambda headers: post(url, data=data, headers=headers))
        answered(response)
        return f"{response.status} POST {url}"

    def _post(self, url: str, data: Mapping[str, Any]) -> Any:
        post = self.context.request.post
        return answered(self._sent(lambda headers: post(url, data=dict(data), headers=headers)))

    def _sent(self, send: Callable[[dict[str, str]], APIResponse]) -> APIResponse:
        """What is answered; whose session has ended by a deploy signs in again first."""
        response = send({"X-CSRF-Token": self._token})
        if response.status != 401:
            return response
        self.sign_in_elsewhere()
        return send({"X-CSRF-Token": self._token})
