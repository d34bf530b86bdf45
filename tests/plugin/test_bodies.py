"""Leaves of request bodies."""

from __future__ import annotations

import hashlib
import json

import pytest

from harness.plugin.bodies import TEXT_CHARS_MAX, Body, read_body

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


def test_json_has_a_leaf_per_value() -> None:
    """Objects and lists are walked; numbers keep their digits, and a null is no text."""
    body = read_body(b'{"a": {"b": ["x", 1.50, false, null]}, "c": {}, "d": []}', JSON)

    assert (
        ("a.b.0", "x"),
        ("a.b.1", "1.50"),
        ("a.b.2", "false"),
        ("a.b.3", None),
        ("c", "{}"),
        ("d", "[]"),
    ) == body.leaves
    assert ("",) * 6 == body.digests


def test_a_form_is_decoded_as_servers_do() -> None:
    """A plus is a blank, an escaped plus is a plus, and a repeated name stands as often."""
    body = read_body(b"a=1+2%2B3&a=%C3%A9&empty=", FORM)

    assert (("a", "1 2+3"), ("a", "é"), ("empty", "")) == body.leaves


def test_a_multipart_body_has_a_leaf_per_part() -> None:
    """Text parts are texts, file parts are digests."""
    content = (
        b'--b\r\nContent-Disposition: form-data; name="reason"\r\n\r\n\xc3\xa9\r\nx\r\n'
        b'--b\r\nContent-Disposition: form-data; name="scan"; filename="s.bin"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\x00\x01\r\n--b--\r\n"
    )
    body = read_body(content, "multipart/form-data; boundary=b")

    assert (("reason", "é\r\nx"), ("scan", None)) == body.leaves
    assert ("", hashlib.sha256(b"\x00\x01").hexdigest()) == body.digests


def test_json_within_a_field_is_walked_as_well() -> None:
    """A form may carry JSON in one of its fields: what it holds stands below, and so it itself."""
    nested = '{"note": {"reason": "x"}}'
    body = read_body(b"payload=" + nested.encode(), FORM)

    assert (("payload.note.reason", "x"), ("payload", nested)) == body.leaves
    assert (("a", "{x}"),) == read_body(b"a={x}", FORM).leaves


def test_a_secret_within_a_field_is_kept_nowhere() -> None:
    """JSON that holds a secret is not kept whole beside its parts."""
    body = read_body(b'payload={"token": "hunter2", "reason": "x"}', FORM)

    assert (("payload.token", "\u2026"), ("payload.reason", "x")) == body.leaves


def test_a_long_text_is_a_digest() -> None:
    """A text longer than the journal keeps is known by the digest of its UTF-8."""
    text = "é" * (TEXT_CHARS_MAX + 1)
    body = read_body(json.dumps({"a": text}).encode(), JSON)

    assert Body((("a", None),), (hashlib.sha256(text.encode()).hexdigest(),)) == body


def test_a_lone_surrogate_has_a_digest() -> None:
    """A text that is no Unicode is digested all the same."""
    text = "\ud83d" * (TEXT_CHARS_MAX + 1)
    body = read_body(json.dumps({"a": text}).encode(), JSON)

    assert (hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),) == body.digests


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", None])
def test_a_text_that_is_json_is_read_as_json(kind: str | None) -> None:
    """Pages that forget to say so send JSON as well."""
    assert (("a", "x"),) == read_body(b'{"a": "x"}', kind).leaves


def test_a_text_is_one_leaf() -> None:
    """Any other text is a leaf without a path."""
    assert (("", "{not json"),) == read_body(b"{not json", "text/plain").leaves


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, JSON),
        (None, "multipart/form-data; boundary=b"),
        (b"\xff\xfe\x00", "application/octet-stream"),
        (b"x", "multipart/form-data"),
        (b"&".join([b"a=1"] * 3000), FORM),
    ],
)
def test_what_cannot_be_read_is_opaque(body: bytes | None, kind: str) -> None:
    """A body that is withheld or no text accuses nobody."""
    assert Body(opaque=True) == read_body(body, kind)


def test_no_body_has_no_leaves() -> None:
    """A request without body and without its kind had none."""
    assert Body() == read_body(None, None)


@pytest.mark.parametrize(
    "name", ["password", "user.Password", "csrfmiddlewaretoken", "_csrf", "apiKey", "client_secret"]
)
def test_secrets_lose_their_values(name: str) -> None:
    """A leaf that is named like a secret keeps its name alone."""
    assert ((name, "…"),) == read_body(json.dumps({name: "hunter2"}).encode(), JSON).leaves


def test_a_field_is_no_secret() -> None:
    """A field of a form is journaled whatever it is called."""
    body = read_body(b'{"note": {"secret_history": "x"}}', JSON, {"secret_history"})

    assert (("note.secret_history", "x"),) == body.leaves


def test_hostile_nesting_is_bounded() -> None:
    """A body deeper than any reader goes is kept as the text that it is."""
    body = read_body(b"[" * 100_000, JSON)

    assert 1 == len(body.leaves)
