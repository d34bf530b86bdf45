"""What a scenario prepares without a page, as a reproduction may do it again."""

from __future__ import annotations

from harness.plugin.calls import Call, Calls


def calls(*answers: object) -> Calls:
    """Requests that were answered so, one each second."""
    made = [
        Call(float(at), "candidate/0/1", 1, "post", "/x", {}, answer)
        for at, answer in enumerate(answers)
    ]
    return Calls(made=made)


def test_an_id_that_an_answer_gave_is_told_by_where_it_came_from() -> None:
    """A URL's number and a body's id are another one in the next run, and are not spelled out."""
    known = calls({"id": 54}, {"person": {"id": 7}})

    assert known.url("http://127.0.0.1:1/notes/54?lang=en", 9.0) == [
        "/",
        "notes",
        "/",
        {"$answer": ["0", "id"]},
        "?",
        "lang",
        "=",
        "en",
    ]
    assert known.body({"patient_id": 7}, 9.0) == {"patient_id": {"$answer": ["1", "person", "id"]}}


def test_what_was_answered_later_is_no_source() -> None:
    """A value comes from an answer before it, and from the last of them."""
    known = calls({"id": 54}, {"id": 54}, {"id": 54})

    assert known.body({"id": 54}, 1.5) == {"id": {"$answer": ["1", "id"]}}
    assert known.body({"id": 54}, 0.0) == {"id": 54}


def test_of_two_ids_the_one_of_its_kind_counts() -> None:
    """A note's number in a URL is not the number of a document that happens to be the same."""
    known = calls({"id": 9}, {"id": 9})
    known.made[0].url, known.made[1].url = "/api/notes", "/api/notes/9/documents"

    assert known.url("/notes/9", 9.0)[-1] == {"$answer": ["0", "id"]}
    assert known.url("/documents/9", 9.0)[-1] == {"$answer": ["1", "id"]}
    assert known.body({"note_id": 9}, 9.0) == {"note_id": {"$answer": ["0", "id"]}}


def test_numbers_that_are_alike_by_chance_stay_numbers() -> None:
    """A short value is told by an answer only where both are called alike."""
    assert calls({"id": 3}).body({"pages": 3}, 9.0) == {"pages": 3}
    assert calls({"version": 3}).body({"version": 3}, 9.0) == {
        "version": {"$answer": ["0", "version"]}
    }


def test_secrets_are_never_kept() -> None:
    """A password is kept by its name, a token that an answer gave by where it came from."""
    known = calls({"csrf_token": "0123456789abcdef"})

    assert known.body({"login": "dr1", "password": "swordfish"}, 9.0) == {
        "login": "dr1",
        "password": {"$secret": "password"},
    }
    assert known.body({"X-CSRF-Token": "0123456789abcdef"}, 9.0) == {
        "X-CSRF-Token": {"$answer": ["0", "csrf_token"]}
    }
    assert known.body({"Authorization": "Bearer x"}, 9.0) == {
        "Authorization": {"$secret": "Authorization"}
    }


def test_a_file_is_kept_with_its_first_bytes() -> None:
    """A file that is sent has its name, its type and what it begins with."""
    file = {"name": "a.bin", "mimeType": "image/png", "buffer": b"\xff\x00"}

    assert calls().body({"file": file}, 9.0) == {
        "file": {"$file": ["a.bin", "image/png", "\xff\x00"]}
    }
