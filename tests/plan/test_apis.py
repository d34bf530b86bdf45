"""Storage behind an API, as plans say where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.canary.targets import Target, targets_of, unseen_by, with_reading
from harness.storage.api import ApiStorage
from tests.plan.writing import load, problems

API = """
[canaries]
probes = "probes"

[canaries.api.note]
path = "/api/notes/{id}"
columns = { body = ["content", "text"] }

[[canaries.target]]
name = "production"
url = "https://app.example.org"
storage = { main = "https://app.example.org" }
headers = { Authorization = "Bearer ${TOKEN}" }
"""
ENV = {"TOKEN": "a-secret-word"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "probes").mkdir()
    return tmp_path


def target(folder: Path, text: str = API) -> Target:
    (found,) = targets_of(load(folder, text, env=ENV))
    return found


def test_an_address_of_http_is_read_through_the_api(folder: Path) -> None:
    """And every other one is a database's, which says nothing of it."""
    api = target(folder)
    dsn = target(folder, API.replace("https://app.example.org\" }", "postgresql://db\" }").replace(
        "headers", "#"))  # fmt: skip

    assert isinstance(api.storages["main"], ApiStorage)
    assert ({"main": "postgresql://db"}, {}) == (dsn.storages, dsn.apis)


def test_what_an_api_cannot_show_is_said(folder: Path) -> None:
    """In every sentence and every verdict, with the address; of a database nothing is."""
    api, dsn = target(folder), Target("a", "a", "http://a", {"main": "postgresql://db"})

    assert "other records" in unseen_by(api)
    assert "main at https://app.example.org" in unseen_by(api)
    assert "all is well; storage main was read through an API, by key alone" == with_reading(
        api, "all is well"
    )
    assert ("", "all is well") == (unseen_by(dsn), with_reading(dsn, "all is well"))


def test_headers_are_secrets(folder: Path) -> None:
    """Neither the plan that is kept nor what is printed of a target holds one."""
    plan = load(folder, API.replace("Bearer ${TOKEN}", "in the clear"), env=ENV)
    kept = str(plan.redacted())

    assert "in the clear" not in kept
    assert "Bearer ${TOKEN}" in str(load(folder, API, env=ENV).redacted())
    assert "a-secret-word" not in repr(target(folder))


@pytest.mark.parametrize("written", ["Bearer ${TOKEN}", "Bearer a-token-in-the-clear"])
def test_the_words_of_a_header_are_secrets_of_the_plan(folder: Path, written: str) -> None:
    """Nothing that is told of the canary has the token, also where an answer repeats it alone."""
    plan = load(folder, API.replace("Bearer ${TOKEN}", written), env={**ENV, "TOKEN": "long-token"})
    token = "long-token" if "$" in written else "a-token-in-the-clear"

    assert {token, f"Bearer {token}"} <= plan.secrets
    assert "Bearer" not in plan.secrets


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{id}", "7", "nobody would know which record is meant; write {id} in it"),
        ("{id}", "{id}/{key}", "no key column 'key'"),
        ("/api/notes", "api/notes", "a path starts with /"),
        ("body = ", "text = ", "no field and no key of the form is read there; "),
        ('["content", "text"]', "[]", "canaries.api.note.columns.body"),
        ("api.note", "api.nope", "no such form"),
        ("api.note", "api.nope", "nobody said where the API answers form note"),
        ("Authorization", '"Two words"', "no header can be called so"),
        ("Bearer ${TOKEN}", "a\\nb", "a header holds one line of ASCII, and something"),
        ("Bearer ${TOKEN}", "", "a header holds one line of ASCII, and something"),
        ('main = "https://app', 'main = "https://me:pass@app', "is told who asks by headers"),
        ('main = "https://app.example.org', 'main = "https://:0', "not the address of an API"),
        ('main = "https://app.example.org', 'main = "http://[', "not the address of an API"),
        ('main = "https://app.example.org', 'main = "postgresql://db', "headers are for a storage"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_told(folder: Path, old: str, new: str, told: str) -> None:
    """Before anything is probed, with the place and without a secret."""
    assert old in API
    found = problems(folder, API.replace(old, new), env=ENV)

    assert any(told in problem for problem in found), found
    assert "a-secret-word" not in str(found)


def test_a_secret_that_no_header_can_carry_is_not_shown(folder: Path) -> None:
    """What came from the environment with a line break is told by its name alone."""
    (problem,) = problems(folder, API, env={"TOKEN": "one\ntwo"})

    assert "canaries.target[0].headers.Authorization: a header holds one line" in problem
    assert "one" not in problem.replace("one line", "")
