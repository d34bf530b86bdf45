"""Records through an API: what is a row, what is none, and what is no answer at all."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.canary.looking import reason_of
from harness.canary.metrics import Unread
from harness.errors import StorageUnreadable
from harness.model import Contract, Field, FileValue, Form, Value
from harness.observations import Row
from harness.storage import EVERY_ROW, Keys, check_locators, observe_all
from harness.storage.api import ApiStorage, Place

NOTE = Form("note", "main", ("id",), (Field("title", "title"), Field("body", "text")), table="note")
SHARE = Form("share", "main", ("note", "who"), (Field("title", "title"),), table="share")
PLACES = {
    "note": Place("/notes/{id}", {"text": ("content", "text")}),
    "share": Place("/notes/{note}/shares/{who}"),
}
WHOLE = {"id": 7, "title": "a", "content": {"text": "b"}}
FILE = Field("f", "f", kind="file", contract=Contract(codec="of_a_test:bytes_of"))
TOKEN = "Bearer of a secret word"
Handle = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Api:
    """A server that answers as it is told, and what it was asked."""

    url: str = ""
    handle: Handle = lambda _: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def storage(self, **more: float) -> ApiStorage:
        return ApiStorage(f"{self.url}/api", PLACES, {"Authorization": TOKEN}, **more)  # type: ignore[arg-type]

    def says(
        self, body: object, status: int = 200, kind: str = "application/json", **headers: str
    ) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()

        def handle(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in {"Content-Type": kind, **headers}.items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            request.wfile.write(text)

        self.handle = handle

    def row(self, form: Form = NOTE, *key: str) -> Row | None:
        (rows,) = [list(self.storage().observe(form, Keys((key or ("7",),))))]
        return rows[0] if rows else None

    def trouble(self, storage: ApiStorage | None = None, key: str = "7") -> StorageUnreadable:
        with pytest.raises(StorageUnreadable) as caught:
            list((storage or self.storage()).observe(NOTE, Keys(((key,),))))
        assert "secret word" not in str(caught.value)
        return caught.value


@pytest.fixture
def api() -> Iterator[Api]:
    found = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, dict(self.headers)))
            found.handle(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()
        thread.join()


def test_a_record_is_read_by_its_key_and_the_plans_names(api: Api) -> None:
    """A column is the key of its own name, or the way that the plan says; headers are sent."""
    api.says(WHOLE)

    assert Row("note", ("7",), {"title": "a", "body": "b"}) == api.row()
    ((path, headers),) = api.asked
    assert "/api/notes/7" == path
    assert (TOKEN, "no-cache") == (headers["Authorization"], headers["Cache-Control"])


def test_a_key_is_one_part_of_the_address_each(api: Api) -> None:
    """No key leads to another address, whatever stands in it."""
    api.says({"title": "a"})
    assert api.row(SHARE, "7/..", "ann?x=é#{note}") is not None

    assert ["/api/notes/7%2F../shares/ann%3Fx%3D%C3%A9%23%7Bnote%7D"] == [p for p, _ in api.asked]
    for key in ("", ".", ".."):
        assert "no address can hold the key" in str(api.trouble(key=key))


def test_a_404_is_a_row_that_is_not_there(api: Api) -> None:
    """That alone says that there is none; the other keys are asked for all the same."""
    api.says({"error": "not found"}, 404)

    assert [] == list(api.storage().observe(NOTE, Keys((("7",), ("8",)))))
    assert 2 == len(api.asked)


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 403, 410, 429, 500, 503])
def test_any_other_status_is_no_answer(api: Api, status: int) -> None:
    """Nobody takes an error for an empty record, and what was answered is told."""
    api.says(WHOLE if status == 206 else {"why": "out of order"}, status)

    assert f"HTTP {status}" in str(api.trouble())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Sign in</html>", "text/html"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'{"title": "a", "content"', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\x00\x1b[2J", ""),
    ],
)
def test_what_is_no_object_is_no_answer(api: Api, body: bytes, kind: str) -> None:
    """A page, nothing, a list, half an object: told in one line that steers no terminal."""
    api.says(body, kind=kind)
    told = str(api.trouble())

    assert "is it a sign-in page?" in told
    assert told.isprintable()
    assert len(told) < 500


def test_a_sign_in_is_called_so(api: Api) -> None:
    """A redirect is told with where it leads, without what it carries; it is never followed."""
    api.says(b"", 302, Location=f"{api.url}/login?next=/notes&ticket=of-mine")
    error = api.trouble()

    assert f"leads to '{api.url}/login': a sign-in is before it" in str(error)
    assert "of-mine" not in str(error)
    assert Unread.DENIED is reason_of(error)
    assert 1 == len(api.asked)


def test_who_is_refused_is_denied_and_the_answer_keeps_no_secret(api: Api) -> None:
    """A 403 that repeats the header it does not take is told without it."""
    api.says({"why": f"no right for {TOKEN}"}, 403)
    error = api.trouble()

    assert "no right for ***" in str(error)
    assert Unread.DENIED is reason_of(error)


@pytest.mark.parametrize("age", ["1", "86400", "nonsense", "-1"])
def test_a_caches_answer_is_none(api: Api, age: str) -> None:
    """With an age it may be what stood there before; that holds for a 404 as well."""
    for status in (200, 404):
        api.says(WHOLE, status, Age=age)
        assert "a cache's answer" in str(api.trouble())
    api.says(WHOLE, Age="0")
    assert api.row() is not None


def test_an_object_that_lacks_a_key_says_nothing_of_it(api: Api) -> None:
    """It is neither lost nor NULL, but where the plan says that such keys are left out."""
    api.says({"id": 7, "title": "a", "content": {"body": "b"}})
    error = api.trouble()

    assert "has no key 'text'; it has 'body'" in str(error)
    assert Unread.MISSING is reason_of(error)
    leaving_out = ApiStorage(api.url, {"note": Place("/notes/{id}", omits=True)})
    (row,) = leaving_out.observe(NOTE, Keys((("7",),)))
    assert {"title": "a", "body": None} == row.fields


def test_another_record_is_no_answer(api: Api) -> None:
    """An answer that says it is of another key is not taken for this one."""
    api.says({**WHOLE, "id": 8})

    assert "another record, of id '8'" in str(api.trouble())


@pytest.mark.parametrize(
    ("field_", "found", "value"),
    [
        (Field("f", "f"), None, None),
        (Field("f", "f"), "", ""),
        (Field("f", "f"), "\ud800\x00", "\ud800\x00"),
        (Field("f", "f", kind="number"), 1.50, "1.5"),
        (Field("f", "f", kind="number"), 10**30, str(10**30)),
        (Field("f", "f", kind="flag"), True, "true"),
        (Field("f", "f", kind="flag"), False, "false"),
        (Field("f", "f", rows="many"), ["a", None, 2], ("a", None, "2")),
        (Field("f", "f", rows="many"), None, None),
        (FILE, "ab", FileValue(2, hashlib.sha256(b"ab").hexdigest())),
        (FILE, None, None),
    ],
)
def test_json_becomes_the_value_of_its_field(
    api: Api, tmp_path: Path, field_: Field, found: object, value: Value
) -> None:
    """Null, the empty text, numbers, flags and lists stay what they are."""
    (tmp_path / "of_a_test.py").write_text(
        "def bytes_of(text):\n    return text and text.encode()\n"
    )
    api.says({"f": found})
    form = Form("e", "main", ("id",), (field_,), table="e")
    storage = ApiStorage(api.url, {"e": Place("/{id}")}, folder=tmp_path)
    (row,) = storage.observe(form, Keys((("7",),)))

    assert value == row.fields["f"]
    assert [] == storage.check([form])


@pytest.mark.parametrize(
    ("field_", "found"),
    [
        (Field("title", "title"), {"a": 1}),
        (Field("title", "title"), ["a"]),
        (Field("title", "title", rows="many"), "a"),
    ],
)
def test_json_of_another_shape_is_no_value(api: Api, field_: Field, found: object) -> None:
    """An object is no text, and a text is no list."""
    api.says({"title": found})
    form = Form("note", "main", ("id",), (field_,), table="note")

    with pytest.raises(StorageUnreadable, match="for the field title, and not"):
        list(api.storage().observe(form, Keys((("7",),))))


def test_nothing_that_comes_late_or_in_drops_is_waited_for(api: Api) -> None:
    """The whole answer has its limit, however busy the line is."""
    stop = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        while not stop.wait(0.05):
            try:
                request.wfile.write(b" ")
            except OSError:
                return

    for handle in (drip, lambda _: stop.wait(5)):
        api.handle = handle  # type: ignore[assignment]
        error = api.trouble(api.storage(answer_s_max=0.3))
        assert "timed out: no whole answer within 0.3 s" in str(error)
        assert Unread.TIMEOUT is reason_of(error)
    stop.set()


def test_an_api_that_is_not_there_is_unreachable(api: Api) -> None:
    """Nobody listens, or it hangs up: told as that, and no loss."""
    api.handle = lambda request: request.connection.close()
    for storage in (api.storage(), ApiStorage("http://127.0.0.1:9", PLACES)):
        assert Unread.UNREACHABLE is reason_of(api.trouble(storage))


def test_what_no_api_can_answer_is_refused(api: Api) -> None:
    """It never has every row, nor a form that nobody said the address of."""
    with pytest.raises(StorageUnreadable, match="never all of them"):
        list(api.storage().observe(NOTE, EVERY_ROW))
    with pytest.raises(StorageUnreadable, match=r"write \[canaries.api.other\]"):
        list(api.storage().observe(Form("other", "main", ("id",), ()), Keys((("7",),))))


def test_it_reads_as_any_storage_does(api: Api) -> None:
    """An observation holds the rows, no columns of tables, and the time before the first one."""
    api.says(WHOLE)
    forms = {"note": NOTE}
    check_locators({"main": api.storage()}, forms)
    read = observe_all(
        {"main": api.storage()}, forms, id="a", role="candidate", purpose="final",
        scope={"note": Keys((("7",),), ("zqk7f2",))},
    )  # fmt: skip

    assert {"note": (Row("note", ("7",), {"title": "a", "body": "b"}),)} == read.rows
    assert {} == read.columns
    assert read.began_s <= read.ended_s


def test_a_field_that_no_json_holds_is_told_beforehand(api: Api) -> None:
    """A file needs a codec, and what is wrong with one is known before anything is written."""
    forms = {"note": Form("note", "main", ("id",), (Field("a", "a", kind="file"),), table="note")}

    with pytest.raises(StorageUnreadable, match="give it a codec"):
        check_locators({"main": api.storage()}, forms)
    assert [] == api.asked


def test_what_is_shown_of_it_holds_no_secret(api: Api) -> None:
    """Neither its representation nor its address."""
    assert f"ApiStorage('{api.url}/api')" == repr(api.storage())
    assert "secret" not in repr(api.storage()._asker)


def leaving_out(api: Api) -> ApiStorage:
    return ApiStorage(f"{api.url}/api", {"note": Place("/notes/{id}", omits=True)})


@pytest.mark.parametrize("body", [{"error": "maintenance"}, {}, {"id": {"is": 7}}])
def test_an_object_that_names_neither_key_nor_field_is_no_record(api: Api, body: object) -> None:
    """Where keys are left out an error with the status 200 is no row of NULLs."""
    api.says(body)
    error = api.trouble(leaving_out(api))

    assert "neither the record's key nor any of its fields" in str(error)
    assert Unread.MISSING is reason_of(error)


@pytest.mark.parametrize("body", [{"id": 7}, {"title": None}, {"id": 7, "title": None}])
def test_what_is_left_out_is_null_where_the_record_is_named(api: Api, body: object) -> None:
    """Its key or one of its fields says that this is the record."""
    api.says(body)
    (row,) = leaving_out(api).observe(NOTE, Keys((("7",),)))

    assert {"title": None, "body": None} == row.fields


def test_a_record_whose_key_is_null_is_another(api: Api) -> None:
    """A row without a key is nobody's, with or without keys that are left out."""
    api.says({**WHOLE, "id": None})

    for storage in (api.storage(), leaving_out(api)):
        assert "another record, of id null" in str(api.trouble(storage))


def test_a_key_that_no_address_can_hold_is_told(api: Api) -> None:
    """Half a character has no spelling there."""
    assert "no address can hold the key ('\\ud800',)" in str(api.trouble(key="\ud800"))
    assert [] == api.asked


LONG = "s3cret-0123456789"
HARD = 'q"uo\\ted-0123456789'


@pytest.mark.parametrize("body", [b"<form>sign in</form>", b"404 page not found", b"", b"404"])
def test_a_404_that_no_api_wrote_is_no_answer(api: Api, body: bytes) -> None:
    """A sign-in page or a gateway that answers 404 says nothing of a record."""
    api.says(body, 404, "text/html")

    assert "answered HTTP 404 with the content type 'text/html'" in str(api.trouble())


@pytest.mark.parametrize("where", ["http://[sso", "http://a]b/", "//[::1/x"])
def test_a_redirect_to_no_address_is_a_sign_in_as_well(api: Api, where: str) -> None:
    """What cannot be parsed is not repeated, and breaks nothing."""
    api.says(b"", 302, Location=where)
    error = api.trouble()

    assert "leads to what is no address: a sign-in is before it" in str(error)
    assert Unread.DENIED is reason_of(error)


@pytest.mark.parametrize("ages", [("30", "0"), ("0", "30"), ("0, 30",)])
def test_one_age_of_several_is_enough_for_a_cache(api: Api, ages: tuple[str, ...]) -> None:
    """Whatever stands between adds its own header; none of them is overlooked."""
    body = json.dumps(WHOLE).encode()

    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        for age in ages:
            request.send_header("Age", age)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    api.handle = handle
    assert "a cache's answer" in str(api.trouble())
    ages = ("0", "0")
    assert api.row() is not None


@pytest.mark.parametrize(
    "body",
    [b'{"title": "old", "title": "new"}', b'{"title": "a", "content": {"text": 1, "text": 2}}'],
)
def test_a_key_that_is_there_twice_is_no_answer(api: Api, body: bytes) -> None:
    """Which of its values is stored nobody knows."""
    api.says(body)

    assert "more than once" in str(api.trouble())


def told_of(api: Api, secret: str) -> str:
    """What is said of an answer to who sends that secret."""
    storage = ApiStorage(f"{api.url}/api", PLACES, {"X-Key": secret})
    return str(api.trouble(storage))


def test_a_redirect_is_told_without_who_it_names(api: Api) -> None:
    """The name and the password of an address are nobody's business."""
    for where in ("https://ann:hunter2@sso.example/x", "//ann:hunter2@sso.example/x"):
        api.says(b"", 302, Location=where)
        told = str(api.trouble())
        assert "hunter2" not in told
        assert "sso.example/x" in told


@pytest.mark.parametrize("before_n", [100, 108, 119, 944, 955])
def test_no_cut_leaves_half_a_secret(api: Api, before_n: int) -> None:
    """Secrets go first, and what is long is cut then; also where blanks were taken out."""
    for blank in (b"x", b" "):
        api.says(blank * before_n + LONG.encode(), 500)
        assert LONG[:6] not in told_of(api, LONG)
    api.says(b"", 302, Location=f"http://sso/{'a' * (before_n - 11)}/{LONG}")
    assert LONG[:6] not in told_of(api, LONG)
    api.says({"x" * (before_n % 40) + LONG: 1, "title": "a"})
    assert LONG[:6] not in told_of(api, LONG)
    api.says({**WHOLE, "id": "x" * (before_n % 80) + LONG})
    assert LONG[:6] not in told_of(api, LONG)


@pytest.mark.parametrize("echo", ["invalid token {}", "{}", "no {}!"])
def test_the_words_of_a_header_are_secrets_each(api: Api, echo: str) -> None:
    """An answer repeats the token without the word before it."""
    api.says({"why": echo.format(LONG)}, 401)

    for header in (f"Bearer {LONG}", f"sid={LONG}; theme=dark"):
        assert LONG not in told_of(api, header)


def test_a_secret_with_quotes_is_none_the_less_hidden(api: Api) -> None:
    """Whether a header or JSON repeats it: escapes do not save it."""
    api.says(b"x", kind=HARD)
    assert "0123456789" not in told_of(api, HARD)
    api.says({"why": HARD}, 401)
    assert "0123456789" not in told_of(api, HARD)


def test_connecting_is_within_the_limit_as_well(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is looked up for ever, or addresses that are tried in turn, end with it."""
    stop = threading.Event()

    def slowly(*_: object, **__: object) -> None:
        stop.wait(5)
        raise OSError("nobody")

    monkeypatch.setattr("socket.create_connection", slowly)
    began_s = time.monotonic()
    error = api.trouble(api.storage(answer_s_max=0.2))
    stop.set()

    assert time.monotonic() - began_s < 2
    assert "timed out: no whole answer within 0.2 s" in str(error)
