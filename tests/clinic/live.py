"""The clinic as its users meet it: a running server, and a practitioner who talks to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
SECRET = "a secret of the tests"
PASSWORD = "clinic-demo"
READY_S_MAX = 20.0
STOP_S_MAX = 30.0


def environment(database_url: str) -> dict[str, str]:
    """What the clinic's commands find in their environment."""
    told = {name: value for name, value in os.environ.items() if not name.startswith("CLINIC_")}
    return told | {"DATABASE_URL": database_url, "CLINIC_SECRET": SECRET}


def command(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the clinic's commands to its end."""
    return subprocess.run(
        [sys.executable, "-m", "clinic", *arguments],
        cwd=ROOT,
        env=environment(database_url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# A session that is killed runs no cleanup, so Linux tells the server that its parent is gone.
WATCHING = """
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != parent:
    sys.exit("whoever wanted this is gone")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@contextmanager
def started(database_url: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until it is asked to stop."""
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHING, str(os.getpid()), "-m", "clinic", *arguments],
        cwd=ROOT,
        env=environment(database_url),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(STOP_S_MAX)


@contextmanager
def serving(
    database_url: str, release: str = "1.1.0"
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of the release; gives its address and its process."""
    port = free_port()
    with started(database_url, "serve", "--release", release, "--port", str(port)) as process:
        url = f"http://127.0.0.1:{port}"
        await_answer(url, process)
        yield url, process


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number


def await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers at all."""
    end = time.monotonic() + READY_S_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(f"{url}/healthz", timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no answer from {url} within {READY_S_MAX} s, exit {process.poll()}")


@dataclass
class Caller:
    """Somebody who is signed in, as a program."""

    http: httpx.Client

    def open(self, patient_id: int = 9, **more: object) -> int:
        """A new consultation's id."""
        answer = self.http.post("/api/consultations", json={"patient_id": patient_id, **more})
        assert answer.status_code == 201, answer.text
        number: int = answer.json()["id"]
        return number

    def save(self, number: int, version: int = 1, /, **body: object) -> httpx.Response:
        """The answer to a save."""
        # The standard encoder escapes half a character, as a browser does.
        content = json.dumps({"version": version, **body})
        return self.http.patch(f"/api/consultations/{number}", content=content)

    def read(self, number: int) -> dict[str, Any]:
        """The consultation as the API shows it."""
        answer = self.http.get(f"/api/consultations/{number}")
        found: dict[str, Any] = answer.json()
        return found

    def prescribe(self, number: int, title: str = "Prescription") -> int:
        """A new document's id."""
        answer = self.http.post(
            f"/api/consultations/{number}/documents", json={"title": title, "text": "Rest."}
        )
        assert answer.status_code == 201, answer.text
        document: int = answer.json()["id"]
        return document

    def share(self, document: int, recipient: str, colleague: int | None = None) -> httpx.Response:
        """The answer to sharing a document."""
        body = {"recipient": recipient, "practitioner_id": colleague}
        return self.http.post(f"/api/documents/{document}/shares", json=body)


@contextmanager
def signed_in(url: str, login: str, kind: str = "practitioner") -> Iterator[Caller]:
    """Somebody signed in at that address."""
    with httpx.Client(base_url=url, timeout=30) as http:
        answer = http.post(
            "/api/sign-in", json={"login": login, "password": PASSWORD, "kind": kind}
        )
        assert answer.status_code == 200, answer.text
        http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield Caller(http)
