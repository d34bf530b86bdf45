"""Tells somebody of a confirmed loss, once for each release: a signed webhook, or a command."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.errors import EnvironmentBroken
from harness.plan.schema import SignalTable
from harness.runs.disk import write_whole

SCHEMA = "harness.signal/1"
FILE = "signals.json"
FIRST_PAUSE_S = 1.0
PAUSE_S_MAX = 30.0
REMEMBERED_MAX = 500
SIGNATURE = "X-Harness-Signature"
TIMESTAMP = "X-Harness-Timestamp"


@dataclass(frozen=True, slots=True)
class Loss:
    """What is told: which release of what loses which fields, and what was there before it."""

    app: str
    url: str
    release: str
    last_good_release: str | None
    sentence: str
    fields: tuple[str, ...]
    run: str
    at_s: float

    def to_json(self) -> dict[str, Any]:
        """The body of the webhook, and what a command finds on its standard input."""
        return {
            "schema": SCHEMA,
            "app": self.app,
            "url": self.url,
            "release": self.release,
            "last_good_release": self.last_good_release,
            "sentence": self.sentence,
            "fields": list(self.fields),
            "run": self.run,
            "at_s": round(self.at_s, 3),
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What proves who calls: HMAC-SHA256 over the time, a dot and the body."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def _key(loss: Loss, way: str) -> str:
    return f"{loss.app}\n{loss.release}\n{way}"


class Signaller:
    """Tells each loss of a release once, however often the canary is started again.

    A delivery happens in a thread of its own: nobody who does not answer keeps probes waiting.
    What could not be delivered, or was on its way when the canary ended, is told at the release's
    next loss: twice is better than never. say is told what came of it.
    """

    def __init__(
        self, table: SignalTable, folder: Path, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._table = table
        self._path = folder / FILE
        self._say = say
        self._told = self._read()
        self._pending: set[str] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def tell(self, loss: Loss) -> bool:
        """Tell it in the background; whether somebody has still to be told."""
        with self._lock:
            owed = [way for way in self._ways() if self._is_owed(loss, way)]
            self._pending.update(_key(loss, way) for way in owed)
        if not owed:
            return False
        thread = threading.Thread(target=self._deliver, args=[loss, owed], daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()
        return True

    def wait(self, limit_s: float) -> None:
        """Wait until everything is told, or the time is over."""
        end_s = time.monotonic() + limit_s
        for thread in self._threads:
            thread.join(max(0.0, end_s - time.monotonic()))

    def _read(self) -> dict[str, float]:
        try:
            data = json.loads(self._path.read_text(encoding="ascii"))
            return {str(key): float(at_s) for key, at_s in data.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise EnvironmentBroken(
                f"{self._path} cannot be read: {error}; remove it, and each loss is told again"
            ) from error

    def _ways(self) -> list[str]:
        given = {"webhook": self._table.webhook, "command": self._table.command}
        return [way for way, value in given.items() if value is not None]

    def _is_owed(self, loss: Loss, way: str) -> bool:
        key = _key(loss, way)
        return key not in self._told and key not in self._pending

    def _deliver(self, loss: Loss, owed: Sequence[str]) -> None:
        """Each way by itself: a receiver that has taken it makes no command run."""
        body = json.dumps(loss.to_json()).encode("ascii")
        attempts: Mapping[str, Callable[[], str]] = {
            "webhook": lambda: self._post(body),
            "command": lambda: self._run(loss, body),
        }
        for way in owed:
            told, sentence = self._retried(attempts[way], f"{loss.release}: {way}")
            self._settle(_key(loss, way), loss.at_s, told)
            self._say(sentence)

    def _settle(self, key: str, at_s: float, told: bool) -> None:
        """It is told, or owed again; what cannot be remembered on disk is remembered here."""
        with self._lock:
            self._pending.discard(key)
            if not told:
                return
            self._told = {**dict(list(self._told.items())[1 - REMEMBERED_MAX :]), key: at_s}
            try:
                write_whole(self._path, json.dumps(self._told).encode("ascii"))
            except EnvironmentBroken as error:
                self._say(f"what was told cannot be kept, and is told again after a start: {error}")

    def _retried(self, attempt: Callable[[], str], what: str) -> tuple[bool, str]:
        """Try until it works, at growing distances; whether it did, and a sentence on it."""
        pause_s, problem = FIRST_PAUSE_S, ""
        for number in range(1, self._table.attempts_max + 1):
            problem = attempt()
            if not problem:
                return True, f"{what}: told at attempt {number}"
            if number < self._table.attempts_max:
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, PAUSE_S_MAX)
        return False, f"{what}: not told in {self._table.attempts_max} attempts: {problem}"

    def _post(self, body: bytes) -> str:
        """Call the webhook; "" where it answers 2xx. Redirects are not followed."""
        parts = urlsplit(str(self._table.webhook))
        secure = parts.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self._table.secret or "", timestamp, body),
        }
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        try:
            connection = connect(
                parts.hostname or "", parts.port, timeout=self._table.timeout_s_max
            )
            try:
                connection.request("POST", target, body, headers)
                status = connection.getresponse().status
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return str(error) or type(error).__name__
        return "" if 200 <= status < 300 else f"HTTP {status}"

    def _run(self, loss: Loss, body: bytes) -> str:
        """Run the command with the loss on its input; "" where it exits 0."""
        told: Mapping[str, str] = {
            "HARNESS_APP": loss.app,
            "HARNESS_RELEASE": loss.release,
            "HARNESS_LAST_GOOD_RELEASE": loss.last_good_release or "",
        }
        try:
            done = subprocess.run(
                list(self._table.command or ()),
                input=body,
                env={**os.environ, **{k: v.replace("\0", "") for k, v in told.items()}},
                capture_output=True,
                timeout=self._table.timeout_s_max,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it took longer than {self._table.timeout_s_max:g} s"
        except OSError as error:
            return str(error)
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return "" if done.returncode == 0 else f"exit {done.returncode} {' '.join(words)}".strip()
