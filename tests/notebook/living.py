"""The notebook as it runs in production, on a database of its own: for canaries beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.deploy.ports import HOST, reserve_port

NOTEBOOK = Path(__file__).parent
READY_S_MAX = 30.0
TOKEN = "a-word-for-programs"


def prepared(dsn: str, files: Path, release: str = "good") -> None:
    """Bring an empty database to what a release needs."""
    for command in ("migrate", "seed"):
        subprocess.run(_words(command, release), env=_env(dsn, files), check=True, timeout=60)


@contextmanager
def living(dsn: str, files: Path, release: str = "good") -> Iterator[str]:
    """A release that answers; gives its address."""
    port = reserve_port()
    words = [*_words("serve", release), "--port", str(port.number)]
    with (files / f"{release}.log").open("wb") as log:
        process = subprocess.Popen(words, env=_env(dsn, files), stdout=log, stderr=log)
    try:
        url = f"http://{HOST}:{port.number}"
        _await(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(READY_S_MAX)
        port.free()


def _words(command: str, release: str) -> list[str]:
    return [sys.executable, str(NOTEBOOK / "notebook.py"), command, "--release", release]


def _env(dsn: str, files: Path) -> Mapping[str, str]:
    return {**os.environ, "DATABASE_URL": dsn, "FILES": str(files), "TOKEN": TOKEN}


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + READY_S_MAX
    while time.monotonic() < end_s and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no answer from {url} within {READY_S_MAX:g} s, exit {process.poll()}")
