"""What both doctors share: a session, and a new consultation for each note."""

from __future__ import annotations

import itertools
from http.cookiejar import Cookie
from typing import Any

from locust.exception import StopUser

from scenarios.accounts import PASSWORD

# Signing in hashes a password, so that users share the sessions of a few.
DOCTORS_N = 8
numbers = itertools.count()
_sessions: dict[int, tuple[dict[str, str], tuple[Cookie, ...]]] = {}


def signed_in(client: Any) -> dict[str, str]:
    """Sign this user in; the headers that every request of theirs has to have."""
    doctor = next(numbers) % DOCTORS_N
    if doctor not in _sessions:
        words = {"login": f"dr{doctor + 1}", "password": PASSWORD, "kind": "practitioner"}
        answer = client.post("/api/sign-in", json=words)
        if answer.status_code != 200:
            raise StopUser(f"no session: {answer.status_code} {answer.text}")
        headers = {"X-CSRF-Token": answer.json()["csrf_token"]}
        _sessions[doctor] = headers, tuple(client.cookiejar)
    headers, cookies = _sessions[doctor]
    for cookie in cookies:
        client.cookiejar.set_cookie(cookie)
    return headers


def opened(client: Any, headers: dict[str, str]) -> int:
    """A new consultation of the first patient."""
    answer = client.post("/api/consultations", json={"patient_id": 1}, headers=headers)
    return int(answer.json()["id"])
