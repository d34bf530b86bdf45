"""Who may do what."""

from __future__ import annotations

import json

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.clinic.live import SECRET, Caller, signed_in


def test_only_the_author_writes(clinic: str, doctor: Caller) -> None:
    """A colleague reads what only its author may change, delete or finalise."""
    number = doctor.open()
    doctor.save(number, reason="mine")

    for login in ("dr2", "locum1", "assistant1"):
        with signed_in(clinic, login) as other:
            assert other.read(number)["reason"] == "mine"
            assert other.save(number, 2, reason="theirs").status_code == 403
            assert other.http.delete(f"/api/consultations/{number}").status_code == 403

    assert doctor.read(number)["version"] == 2


def test_an_assistant_is_told(clinic: str, doctor: Caller) -> None:
    """An assistant's page is read-only and says why; nothing new can be opened."""
    number = doctor.open()

    with signed_in(clinic, "assistant1") as assistant:
        page = assistant.http.get(f"/consultations/{number}").text
        answer = assistant.http.post("/api/consultations", json={"patient_id": 9})

    assert "Read only: an assistant may read consultations, not change them." in page
    assert 'role="status"' not in page
    assert answer.status_code == 403


def test_another_practice_sees_nothing(clinic: str, doctor: Caller) -> None:
    """Patients, consultations and documents of a practice do not exist for another."""
    number = doctor.open()
    document = doctor.prescribe(number)

    with signed_in(clinic, "outside1") as outside:
        for address in ("/patients/9", f"/consultations/{number}", f"/documents/{document}"):
            assert outside.http.get(address).status_code == 404
        assert outside.http.get("/api/patients").json() == {"patients": [], "total": 0}


def test_without_a_session_nothing_is_saved(clinic: str, doctor: Caller) -> None:
    """A save without a session answers 401 in JSON; a page leads to the sign-in and back."""
    number = doctor.open()

    save = httpx.patch(f"{clinic}/api/consultations/{number}", json={"version": 1, "reason": "x"})
    page = httpx.get(f"{clinic}/consultations/{number}")

    assert (save.status_code, save.json()["error"]) == (401, "signed_out")
    assert (page.status_code, page.headers["location"]) == (
        303,
        f"/sign-in?next=/consultations/{number}",
    )


def test_a_forged_session_is_none(clinic: str) -> None:
    """A cookie that this clinic did not sign opens nothing."""
    answer = httpx.get(f"{clinic}/api/session", cookies={"clinic_session": "forged.by.hand"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("changes", "status"), [({"site": "north"}, 200), ({"practice_id": None}, 401)]
)
def test_a_session_of_another_release(
    clinic: str, doctor: Caller, changes: dict[str, object], status: int
) -> None:
    """A session that says more than is known here is one; one that says less is none."""
    signer = URLSafeTimedSerializer(SECRET, salt="practitioner")
    told = signer.loads(doctor.http.cookies["clinic_session"]) | changes
    known = {name: value for name, value in told.items() if value is not None}

    cookie = str(signer.dumps(known))
    answer = httpx.get(f"{clinic}/api/session", cookies={"clinic_session": cookie})

    assert answer.status_code == status


def test_each_sign_in_has_its_token(clinic: str, doctor: Caller) -> None:
    """A change with the token of an earlier session is refused as such."""
    number = doctor.open()
    old = doctor.http.headers["X-CSRF-Token"]
    with signed_in(clinic, "dr1") as again:
        again.http.headers["X-CSRF-Token"] = old

        answer = again.save(number, reason="forged")

    assert (answer.status_code, answer.json()["error"]) == (403, "csrf")


@pytest.mark.parametrize("password", ["wrong", "", "\ud83d"])
def test_a_wrong_password_opens_nothing(clinic: str, password: str) -> None:
    """A wrong password is refused, whatever it is made of."""
    answer = httpx.post(
        f"{clinic}/api/sign-in", content=json.dumps({"login": "dr1", "password": password})
    )

    assert answer.status_code in (401, 422)
    assert "set-cookie" not in answer.headers


def test_sign_in_leads_nowhere_else(clinic: str) -> None:
    """The way back after signing in stays within the clinic."""
    answer = httpx.post(
        f"{clinic}/sign-in?next=//example.org",
        data={"login": "dr1", "password": "clinic-demo"},
    )

    assert answer.headers["location"] == "/patients"
