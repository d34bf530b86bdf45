"""Sharing, what recipients see, and what the worker delivers."""

from __future__ import annotations

import time

import psycopg
import pytest

from tests.clinic.live import Caller, signed_in, started

DELIVERED_S_MAX = 10.0


@pytest.mark.parametrize(
    ("recipient", "kinds"),
    [
        ("patient", ["patient"]),
        ("practitioner", ["practitioner"]),
        ("both", ["patient", "practitioner"]),
    ],
)
def test_shares_are_rows(
    doctor: Caller, stored: psycopg.Connection, recipient: str, kinds: list[str]
) -> None:
    """Each recipient is one row, sharing again adds none, and the note is not touched."""
    number = doctor.open()
    document = doctor.prescribe(number)

    doctor.share(document, recipient, 2)
    answer = doctor.share(document, recipient, 2)

    assert [share["recipient_kind"] for share in answer.json()["shares"]] == kinds
    rows = stored.execute(
        "SELECT recipient_kind FROM share WHERE document_id = %s ORDER BY id", [document]
    ).fetchall()
    assert [kind for (kind,) in rows] == kinds
    assert doctor.read(number)["version"] == 1


def test_an_assistant_is_no_recipient(clinic: str, doctor: Caller) -> None:
    """An assistant reads everything of the practice: sharing with one is refused."""
    number = doctor.open()
    with signed_in(clinic, "assistant1") as assistant:
        assistant_id = assistant.http.get("/api/session").json()["id"]

    answer = doctor.share(doctor.prescribe(number), "practitioner", assistant_id)

    assert (answer.status_code, answer.json()["error"]) == (422, "no_recipient")
    assert "Sam Whitlock is an assistant" in answer.json()["message"]
    assert doctor.http.get(f"/api/consultations/{number}/shares").json() == {"shares": []}


def test_recipients_read_until_the_undo(clinic: str, doctor: Caller) -> None:
    """Patient and outside colleague read the document exactly while it is shared."""
    document = doctor.prescribe(doctor.open(patient_id=9), "For you")
    outside_id = 23
    with (
        signed_in(clinic, "patient9", kind="patient") as patient,
        signed_in(clinic, "outside1") as outside,
    ):
        addresses = [
            (patient, f"/portal/documents/{document}"),
            (outside, f"/documents/{document}"),
        ]
        assert [who.http.get(address).status_code for who, address in addresses] == [404, 404]

        shares = doctor.share(document, "both", outside_id).json()["shares"]

        for who, address in addresses:
            assert who.http.get(address).text == "Rest."
        assert "For you" in patient.http.get("/portal").text
        assert "For you" in outside.http.get("/shared").text
        for share in shares:
            doctor.http.delete(f"/api/shares/{share['id']}")
        assert [who.http.get(address).status_code for who, address in addresses] == [404, 404]


def test_another_patient_reads_nothing(clinic: str, doctor: Caller) -> None:
    """A document shared with one patient does not exist for another."""
    document = doctor.prescribe(doctor.open(patient_id=9))
    doctor.share(document, "patient")

    with signed_in(clinic, "patient10", kind="patient") as other:
        assert other.http.get(f"/portal/documents/{document}").status_code == 404


def test_uploads_are_kept_byte_for_byte(doctor: Caller, stored: psycopg.Connection) -> None:
    """An uploaded file comes back as it went in, with its title and media type."""
    content = bytes(range(256)) * 5000
    url = f"/api/consultations/{doctor.open()}/documents"

    added = doctor.http.post(
        url, data={"title": "Échographie"}, files={"file": ("a.png", content, "image/png")}
    ).json()

    assert (added["kind"], added["title"], added["bytes"]) == ("upload", "Échographie", 1_280_000)
    back = doctor.http.get(f"/api/documents/{added['id']}")
    assert (back.content, back.headers["content-type"]) == (content, "image/png")


@pytest.mark.parametrize(
    "body", [{"recipient": "nobody"}, {"recipient": "practitioner"}, {"recipient": "both"}]
)
def test_a_share_needs_its_recipient(doctor: Caller, body: dict[str, object]) -> None:
    """Without a recipient nothing is shared, not even with the other one."""
    document = doctor.prescribe(doctor.open())

    answer = doctor.http.post(f"/api/documents/{document}/shares", json=body)

    assert answer.status_code == 422


def test_two_workers_deliver_once(
    database: str, doctor: Caller, stored: psycopg.Connection
) -> None:
    """Whatever waits in the outbox arrives in the right inbox once, with several workers."""
    for _ in range(20):
        doctor.share(doctor.prescribe(doctor.open(patient_id=12)), "both", 3)
    waiting = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"

    with started(database, "worker"), started(database, "worker"):
        end = time.monotonic() + DELIVERED_S_MAX
        while stored.execute(waiting).fetchone() != (0,) and time.monotonic() < end:
            time.sleep(0.05)

    differing = """
        SELECT count(*) FROM outbox FULL JOIN inbox ON inbox.outbox_id = outbox.id
        WHERE (outbox.kind, outbox.recipient_kind, outbox.recipient_id, outbox.message)
            IS DISTINCT FROM (inbox.kind, inbox.recipient_kind, inbox.recipient_id, inbox.message)
    """
    assert stored.execute(differing).fetchone() == (0,)
    arrived = stored.execute("""
        SELECT recipient_kind, count(*) FROM inbox
        WHERE message LIKE '%Prescription' AND recipient_id IN (12, 3) GROUP BY recipient_kind
    """).fetchall()
    assert sorted(arrived) == [("patient", 20), ("practitioner", 20)]


def test_a_message_is_taken_out_of_its_own_inbox_alone(
    clinic: str, database: str, stored: psycopg.Connection
) -> None:
    """Its recipient may, with the token of the session; nobody else, and no other message goes."""
    with signed_in(clinic, "dr7") as author:
        for number in (author.open(31), author.open(31)):
            author.share(author.prescribe(number), "both", 8)
    delivered(stored, database)
    with (
        signed_in(clinic, "dr8") as colleague,
        signed_in(clinic, "patient31", "patient") as patient,
    ):
        theirs = patient.http.get("/api/inbox?kind=patient").json()
        mine = colleague.http.get("/api/inbox").json()
        first = mine["messages"][0]["id"]
        strange = colleague.http.delete(f"/api/inbox/{theirs['messages'][0]['id']}")
        forged = colleague.http.delete(
            f"/api/inbox/{first}", headers={"X-CSRF-Token": "not the session's"}
        )
        gone = colleague.http.delete(f"/api/inbox/{first}")
        own = patient.http.delete(
            f"/api/inbox/{theirs['messages'][0]['id']}?kind=patient",
            headers={"X-CSRF-Token": theirs["csrf_token"]},
        )
        left = colleague.http.get("/api/inbox").json()["messages"]

    assert [404, 403, 204, 204] == [one.status_code for one in (strange, forged, gone, own)]
    assert mine["messages"][1:] == left


def delivered(stored: psycopg.Connection, database: str) -> None:
    """Let the worker deliver all that waits."""
    with started(database, "worker"):
        end_s = time.monotonic() + DELIVERED_S_MAX
        while time.monotonic() < end_s:
            waiting = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"
            if stored.execute(waiting).fetchone() == (0,):
                return
            time.sleep(0.05)
    raise AssertionError(f"not delivered within {DELIVERED_S_MAX} s")
