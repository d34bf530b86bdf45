"""The signal of a loss: signed, retried with limits, once for each release."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from harness.canary import signalling
from harness.canary.signalling import SIGNATURE, TIMESTAMP, Loss, Signaller
from harness.errors import EnvironmentBroken
from harness.plan.schema import SignalTable

SECRET = "a secret of the tests"
LIMIT_S = 20.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signalling, "FIRST_PAUSE_S", 0.01)


def loss(release: str = "1.2", app: str = "app") -> Loss:
    return Loss(app, "http://app", release, "1.1", "note.body lost", ("note.body",), "run-1", 5.0)


class Hook:
    """A receiver, what it was sent, and the statuses that it answers with in turn."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses = statuses
        self.given: list[tuple[dict[str, str], bytes]] = []
        self.url = ""


@contextmanager
def hook(*statuses: int) -> Iterator[Hook]:
    told = Hook(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.given.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(told.statuses.pop(0) if len(told.statuses) > 1 else told.statuses[0])
            self.send_header("Location", told.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}/hook?a=1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signaller(folder: Path, said: list[str] | None = None, **table: object) -> Signaller:
    given = SignalTable.model_validate({"secret": SECRET, "attempts_max": 3, **table})
    return Signaller(given, folder, said.append if said is not None else lambda _: None)


def test_whoever_is_called_can_know_who_calls(tmp_path: Path) -> None:
    """The signature is the HMAC of time and body under the shared secret."""
    with hook(204) as told:
        one = signaller(tmp_path, webhook=told.url)
        one.tell(loss())
        one.wait(LIMIT_S)

    ((headers, body),) = told.given
    signed = headers[TIMESTAMP.lower()].encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert f"sha256={expected}" == headers[SIGNATURE.lower()]
    assert SECRET.encode() not in body


def test_the_body_says_what_to_roll_back_to(tmp_path: Path) -> None:
    """Release, the last good one, fields and the run that proves it are in the body."""
    with hook(200) as told:
        one = signaller(tmp_path, webhook=told.url)
        one.tell(loss())
        one.wait(LIMIT_S)

    data = json.loads(told.given[0][1])
    assert ("harness.signal/1", "1.2", "1.1") == (
        data["schema"], data["release"], data["last_good_release"]
    )  # fmt: skip
    assert (["note.body"], "run-1") == (data["fields"], data["run"])


def test_a_release_is_told_once(tmp_path: Path) -> None:
    """A loss that is seen every 30 s is one signal, also after the canary was started again."""
    with hook(200) as told:
        first = signaller(tmp_path, webhook=told.url)
        assert [True, False] == [first.tell(loss()), first.tell(loss())]
        first.wait(LIMIT_S)
        again = signaller(tmp_path, webhook=told.url)
        assert [False, True] == [again.tell(loss()), again.tell(loss("1.3"))]
        again.wait(LIMIT_S)

    assert ["1.2", "1.3"] == [json.loads(body)["release"] for _, body in told.given]


def test_what_nobody_took_is_told_at_the_next_loss(tmp_path: Path) -> None:
    """A rollback that could not be asked for is asked for again, and then remembered."""
    with hook(500, 500, 204) as told:
        one = signaller(tmp_path, webhook=told.url, attempts_max=2)
        assert one.tell(loss())
        one.wait(LIMIT_S)
        assert one.tell(loss())
        one.wait(LIMIT_S)
        assert not one.tell(loss())

    assert 3 == len(told.given)


def test_a_delivery_that_a_restart_cut_off_is_made_again(tmp_path: Path) -> None:
    """What was on its way is not yet told, whatever the canary had begun."""

    class Cut(Signaller):
        def _deliver(self, *_: object) -> None:
            return

    Cut(SignalTable.model_validate({"command": ["true"]}), tmp_path).tell(loss())

    assert signaller(tmp_path, command=["true"]).tell(loss())


def test_a_command_that_failed_runs_again_though_the_webhook_was_told(tmp_path: Path) -> None:
    """Each way is owed by itself: to have told people has rolled nothing back."""
    with hook(204) as told:
        one = signaller(tmp_path, webhook=told.url, command=["false"], attempts_max=1)
        one.tell(loss())
        one.wait(LIMIT_S)
        assert one.tell(loss())
        one.wait(LIMIT_S)

    assert 1 == len(told.given)


def test_a_full_disk_stops_no_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss is told, once while this canary runs, and that it cannot be kept is said."""

    def full(*_: object) -> None:
        raise EnvironmentBroken("no space left on device")

    monkeypatch.setattr(signalling, "write_whole", full)
    said: list[str] = []
    with hook(204) as told:
        one = signaller(tmp_path, said, webhook=told.url)
        one.tell(loss())
        one.wait(LIMIT_S)
        assert not one.tell(loss())

    assert 1 == len(told.given)
    assert "no space left" in said[0]


def test_a_receiver_that_is_down_is_asked_again(tmp_path: Path) -> None:
    """Errors are retried until it takes it."""
    said: list[str] = []
    with hook(500, 503, 202) as told:
        one = signaller(tmp_path, said, webhook=told.url)
        one.tell(loss())
        one.wait(LIMIT_S)

    assert 3 == len(told.given)
    assert ["1.2: webhook: told at attempt 3"] == said


def test_retries_have_an_end(tmp_path: Path) -> None:
    """A receiver that never takes it is given up, and that is said with its status."""
    said: list[str] = []
    with hook(500) as told:
        one = signaller(tmp_path, said, webhook=told.url)
        one.tell(loss())
        one.wait(LIMIT_S)

    assert 3 == len(told.given)
    assert ["1.2: webhook: not told in 3 attempts: HTTP 500"] == said


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    """Where a receiver sends on to, nobody has agreed to."""
    said: list[str] = []
    with hook(302) as told:
        one = signaller(tmp_path, said, webhook=told.url, attempts_max=1)
        one.tell(loss())
        one.wait(LIMIT_S)

    assert 1 == len(told.given)
    assert ["1.2: webhook: not told in 1 attempts: HTTP 302"] == said


def test_a_command_is_given_the_loss(tmp_path: Path) -> None:
    """A command finds the body on its input, and the releases in its environment."""
    out = tmp_path / "out"
    code = (
        "import os, sys, pathlib; pathlib.Path(sys.argv[1]).write_text("
        "sys.stdin.read() + os.environ['HARNESS_RELEASE'])"
    )
    said: list[str] = []
    one = signaller(tmp_path, said, command=[sys.executable, "-c", code, str(out)])
    one.tell(loss())
    one.wait(LIMIT_S)

    text = out.read_text()
    assert "note.body lost" in text
    assert text.endswith("1.2")
    assert ["1.2: command: told at attempt 1"] == said


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit('no cluster')", "exit 1 no cluster"),
        ("import time; time.sleep(60)", "it took longer than 0.5 s"),
    ],
)
def test_a_command_that_fails_is_told(tmp_path: Path, code: str, told: str) -> None:
    """Its code and last words, or that it did not end, are said."""
    said: list[str] = []
    one = signaller(
        tmp_path, said, command=[sys.executable, "-c", code], attempts_max=1, timeout_s_max=0.5
        if "sleep" in code else 20.0,
    )  # fmt: skip
    one.tell(loss())
    one.wait(LIMIT_S)

    assert [f"1.2: command: not told in 1 attempts: {told}"] == said


def test_what_was_told_and_cannot_be_read_is_no_reason_to_tell_again(tmp_path: Path) -> None:
    """A damaged memory is an error that says what to do, not a storm of signals."""
    (tmp_path / "signals.json").write_text("[")

    with pytest.raises(EnvironmentBroken, match="remove it"):
        signaller(tmp_path, webhook="http://127.0.0.1:9")
