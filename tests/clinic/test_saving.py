"""What a save stores, and what it refuses to store."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import psycopg
import pytest

from tests.clinic.live import Caller

FIELDS = ("reason", "history", "examination", "conclusion")
TEXTS = [
    "TA <140/90, CRP <5 mg/L, ≥ ≤ ± → µg ½ 10² 38,5 °C",
    "=SUM(A1)",
    " ",
    "null",
    "\n\n line breaks \r\n and tabs\t\n",
    "👩‍⚕️ é e\u0301 Å \u202b\u05d0 \ufffe",
    "&lt;b&gt; </textarea> {{ 7 * 7 }} %s \\ ' \"",
    "x" * 65_537,
    "é" * (1024 * 1024 + 1),
]


def texts(stored: psycopg.Connection, number: int) -> tuple[str | None, ...]:
    row = stored.execute(
        "SELECT reason, history, examination, conclusion FROM consultation WHERE id = %s", [number]
    ).fetchone()
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_texts_are_stored_exactly(doctor: Caller, stored: psycopg.Connection, text: str) -> None:
    """Whatever PostgreSQL can hold is stored character for character, at any length."""
    number = doctor.open()

    answer = doctor.save(number, 1, **dict.fromkeys(FIELDS, text))

    assert answer.status_code == 200
    assert texts(stored, number) == (text,) * 4


def test_null_empty_and_untouched_differ(doctor: Caller, stored: psycopg.Connection) -> None:
    """A new field is NULL, an emptied one is empty, and a field not mentioned stays."""
    number = doctor.open()

    assert texts(stored, number) == (None,) * 4
    doctor.save(number, reason="cough", history="")
    doctor.save(number, 2, reason="")

    assert texts(stored, number) == ("", "", None, None)


def test_diagnoses_are_a_list(doctor: Caller, stored: psycopg.Connection) -> None:
    """The list that was saved last is stored in its order, shorter or longer than before."""
    lines = [{"code": code, "label": code.lower()} for code in "ABC"]
    number = doctor.open()

    for version, kept in enumerate([lines, lines[2:], [], lines[::-1]], start=1):
        doctor.save(number, version, diagnoses=kept)
        assert doctor.read(number)["diagnoses"] == kept
    doctor.save(number, 5, reason="no list")

    assert doctor.read(number)["diagnoses"] == lines[::-1]


@pytest.mark.parametrize(
    ("text", "error"), [("a\x00b", "nul_character"), ("half \ud83d", "lone_surrogate")]
)
def test_what_cannot_be_stored_is_refused(
    doctor: Caller, stored: psycopg.Connection, text: str, error: str
) -> None:
    """A NUL or half a character is refused by field, and nothing of the save is stored."""
    number = doctor.open()

    answer = doctor.save(number, reason="fine", history=text)

    assert answer.status_code == 422
    assert (answer.json()["error"], answer.json()["field"]) == (error, "history")
    assert texts(stored, number) == (None,) * 4


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 400),
        (b'{"version": 1, "reasn": "typo"}', 422),
        (b'{"version": 1, "reason": null}', 422),
        (b'{"version": "1"}', 422),
        (b'{"version": 1, "diagnoses": [{"code": "A"}]}', 422),
        (b'{"reason": "no version"}', 422),
        (b'{"\\ud800": 1}', 422),
    ],
)
def test_malformed_saves_are_refused(doctor: Caller, body: bytes, status: int) -> None:
    """A body that cannot be understood whole is refused, never stored in part."""
    number = doctor.open()

    answer = doctor.http.patch(f"/api/consultations/{number}", content=body)

    assert answer.status_code == status
    assert doctor.read(number)["version"] == 1


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_is_refused(doctor: Caller, announced: bool) -> None:
    """Above 32 MiB the answer is 413, whether or not the length was announced."""
    number = doctor.open()
    part = b"x" * (1024 * 1024)
    body = part * 33 if announced else (part for _ in range(33))

    answer = doctor.http.patch(f"/api/consultations/{number}", content=body)

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_conflict_is_told(doctor: Caller, stored: psycopg.Connection) -> None:
    """A save based on an older version is refused, and what was stored stays."""
    number = doctor.open()
    doctor.save(number, reason="first", editor="tab-1", sequence=1)

    answer = doctor.save(number, reason="second", editor="tab-2", sequence=7)

    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert answer.json()["version"] == 2
    assert texts(stored, number)[0] == "first"


def test_saves_of_one_page_may_overtake(doctor: Caller, stored: psycopg.Connection) -> None:
    """Of one page's saves the last number stays, whichever arrives last."""
    number = doctor.open()
    lines = [{"code": "A", "label": "a"}, {"code": "B", "label": "b"}]

    third = doctor.save(number, reason="third", diagnoses=lines, editor="page", sequence=3)
    second = doctor.save(number, reason="second", editor="page", sequence=2)
    fourth = doctor.save(number, reason="fourth", diagnoses=[], editor="page", sequence=4)

    assert [one.status_code for one in (third, second, fourth)] == [200, 409, 200]
    assert second.json()["error"] == "superseded"
    assert texts(stored, number)[0] == "fourth"
    assert doctor.read(number)["diagnoses"] == []


def test_simultaneous_saves_are_whole(doctor: Caller, stored: psycopg.Connection) -> None:
    """Of many saves at the same moment one is stored whole, and the others are refused."""
    number = doctor.open()
    answers: list[httpx.Response] = []

    def save(name: str) -> Callable[[], None]:
        lines = [{"code": name, "label": name}] * len(name)
        return lambda: answers.append(
            doctor.save(number, 1, diagnoses=lines, **dict.fromkeys(FIELDS, name))
        )

    threads = [threading.Thread(target=save("n" * count)) for count in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.status_code for one in answers) == [200, *[409] * 7]
    found = texts(stored, number)
    assert len(set(found)) == 1
    assert len(doctor.read(number)["diagnoses"]) == len(found[0] or "")


def test_opening_twice_opens_once(doctor: Caller) -> None:
    """The same request for a new consultation, sent twice, opens one."""
    assert doctor.open(request_id="pressed-twice") == doctor.open(request_id="pressed-twice")


def test_a_finalised_note_is_locked(doctor: Caller) -> None:
    """After finalising neither a save nor a deletion changes anything."""
    number = doctor.open()
    doctor.save(number, reason="final")
    url = f"/api/consultations/{number}"

    done = doctor.http.post(f"{url}/finalise", json={"version": 2})

    assert (done.status_code, done.json()["version"]) == (200, 3)
    assert doctor.save(number, 3, reason="later").json()["error"] == "finalised"
    assert doctor.http.delete(url).json()["error"] == "finalised"
    assert doctor.read(number)["reason"] == "final"


def test_a_deleted_consultation_is_gone(doctor: Caller, stored: psycopg.Connection) -> None:
    """Deleting removes the note with everything below it, and a late save does not revive it."""
    number = doctor.open()
    doctor.save(number, reason="gone", diagnoses=[{"code": "A", "label": "a"}])
    doctor.share(doctor.prescribe(number), "patient")

    assert doctor.http.delete(f"/api/consultations/{number}").status_code == 204

    assert doctor.save(number, 2, reason="late").status_code == 404
    remains = """
        SELECT consultation_id FROM diagnosis UNION ALL SELECT consultation_id FROM document
        UNION ALL SELECT consultation_id FROM share UNION ALL SELECT id FROM consultation
    """
    assert (number,) not in stored.execute(remains).fetchall()
