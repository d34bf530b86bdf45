"""The clinic at its peak: who writes, corrects, prescribes, shares and finalises. For Locust."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import Cookie
from typing import Any

from locust import FastHttpUser, task
from locust.exception import StopUser

from harness.load import Journal, Record, exact, told
from scenarios.accounts import PASSWORD

# Signing in hashes a password, so that users share the sessions of a few doctors.
DOCTORS_N = 8
# Of all notes; half of the corrections come at once, half when another patient has been there.
EDIT_SHARE = 0.4
LATER_SHARE = 0.5
PRESCRIPTION_SHARE = 0.15
FINAL_SHARE = 0.1
# Between two saves of one person: far less than it takes people, so that few users are enough.
THINKS_S = (0.01, 0.08)
LATER_N = 5
# An application that refuses to open a consultation is not asked again at once.
REFUSED_S = 0.5
TEXTS = ("plain", "comparison", "symbols", "typography", "astral", "multiline", "markup", "quotes")

_numbers: Iterator[int] = itertools.count()
_signing_in = threading.Lock()
_sessions: dict[int, Session] = {}


@dataclass(frozen=True)
class Session:
    """A doctor's session, and the patients of the practice."""

    headers: dict[str, str]
    cookies: tuple[Cookie, ...]
    patients: tuple[int, ...]


class Practitioner(FastHttpUser):
    """Writes one consultation after the other."""

    network_timeout = 30.0
    connection_timeout = 30.0

    def on_start(self) -> None:
        """Sign in, or take over the session of another user of the same doctor."""
        self.number = next(_numbers)
        self.journal = Journal(self)
        self.chance = random.Random(self.number)
        self.later: deque[Note] = deque()
        with _signing_in:
            self.session = _session(self.number % DOCTORS_N, self.client)
        for cookie in self.session.cookies:
            self.client.cookiejar.set_cookie(cookie)

    @task
    def consult(self) -> None:
        """Open a consultation and write it; now and then correct, prescribe, share and finalise.

        No save writes over all of an earlier one, which storage then could not tell of.
        """
        if len(self.later) >= LATER_N:
            self.later.popleft().correct()
        patient = self.chance.choice(self.session.patients)
        opened = self.client.post(
            "/api/consultations", json={"patient_id": patient}, headers=self.session.headers
        )
        if opened.status_code != 201:
            time.sleep(REFUSED_S)
            return
        answer = opened.json()
        note = Note(self, int(answer["id"]), patient, int(answer["version"]))
        if not note.write("reason", "history", "examination", "conclusion"):
            return
        if self.chance.random() < EDIT_SHARE:
            if self.chance.random() < LATER_SHARE:
                self.later.append(note)
                return
            if not note.correct():
                return
        if self.chance.random() < PRESCRIPTION_SHARE:
            self.think()
            if not note.prescribe_and_share() or not note.write("examination"):
                return
        if self.chance.random() < FINAL_SHARE:
            note.finalise()

    def think(self) -> None:
        """People read what they have before they go on."""
        time.sleep(self.chance.uniform(*THINKS_S))


class Note:
    """One consultation while it is written."""

    def __init__(self, user: Practitioner, number: int, patient: int, version: int) -> None:
        self.user = user
        self.number = number
        self.patient = patient
        self.version = version
        self.record = user.journal.record("consultation", key=number)

    def write(self, *fields: str) -> bool:
        """Save these fields; says whether the save was acknowledged."""
        texts = self.user.chance.sample(TEXTS, len(fields))
        with self.record.save(**dict(zip(fields, texts, strict=True))) as save:
            answer = self.user.client.patch(
                f"/api/consultations/{self.number}",
                json={"version": self.version, **save.values},
                headers=self.user.session.headers,
                name="/api/consultations/{number}",
            )
            acknowledged = told(save, answer.status_code, f"PATCH /api/consultations/{self.number}")
        if acknowledged:
            self.version = int(answer.json()["version"])
        return acknowledged

    def correct(self) -> bool:
        """Write two of its fields again; says whether the save was acknowledged."""
        self.user.think()
        return self.write("history", "conclusion")

    def finalise(self) -> None:
        """Lock the note as it is; whoever has written it has nothing more to type."""
        self.user.think()
        self.user.client.post(
            f"/api/consultations/{self.number}/finalise",
            json={"version": self.version},
            headers=self.user.session.headers,
            name="/api/consultations/{number}/finalise",
        )

    def prescribe_and_share(self) -> bool:
        """Write a prescription, and share it with the patient where the release can."""
        title = f"Ordonnance {self.number}"
        document = self.user.journal.record("document")
        prescribing = document.save(title=exact(title), kind=exact("prescription"), text="symbols")
        with prescribing as save:
            answer = self.user.client.post(
                f"/api/consultations/{self.number}/documents",
                json={"title": title, "text": save.text},
                headers=self.user.session.headers,
                name="/api/consultations/{number}/documents",
            )
            digest = hashlib.sha256(str(save.text).encode()).hexdigest()
            what = f"POST /api/consultations/{self.number}/documents"
            if not told(save, answer.status_code, what):
                return False
        number = int(answer.json()["id"])
        document.key = (self.number, number)
        if "share" not in self.user.journal.forms:
            return True
        return self._share(number, title, digest)

    def _share(self, document: int, title: str, digest: str) -> bool:
        share: Record = self.user.journal.record("share", key=(document, "patient", self.patient))
        sharing = share.save(recipient=exact("patient"), title=exact(title), digest=exact(digest))
        with sharing as save:
            answer = self.user.client.post(
                f"/api/documents/{document}/shares",
                json={"recipient": "patient"},
                headers=self.user.session.headers,
                name="/api/documents/{document}/shares",
            )
            return told(save, answer.status_code, f"POST /api/documents/{document}/shares")


def _session(doctor: int, client: Any) -> Session:
    """The doctor's session; the first who asks signs in."""
    if doctor not in _sessions:
        answer = client.post(
            "/api/sign-in",
            json={"login": f"dr{doctor + 1}", "password": PASSWORD, "kind": "practitioner"},
        )
        if answer.status_code != 200:
            raise StopUser(f"no session for dr{doctor + 1}: {answer.status_code} {answer.text}")
        headers = {"X-CSRF-Token": answer.json()["csrf_token"]}
        found = client.get("/api/patients").json()["patients"]
        patients = tuple(int(patient["id"]) for patient in found)
        _sessions[doctor] = Session(headers, tuple(client.cookiejar), patients)
    return _sessions[doctor]
