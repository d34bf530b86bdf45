"""The clinic in production: one database and one address, which releases take over in turn."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg import sql

from bench.calling import call
from dashboards.local import end
from harness.deploy.ports import HOST, reserve_port
from harness.deploy.postgres import postgres_server
from harness.errors import DriveFailed

ROOT = Path(__file__).parent.parent
LOOKER = "looker"
COMMAND_S_MAX = 60.0
READY_S_MAX = 30.0
STOPPED_S_MAX = 30.0
POLLED_S = 0.02
TAIL_CHARS = 2_000


@dataclass(frozen=True)
class Production:
    """An address that releases take over from each other, and what their canary is told."""

    port: int
    env: Mapping[str, str]
    log: Path

    @property
    def url(self) -> str:
        """Where the release answers."""
        return f"http://{HOST}:{self.port}"

    @contextmanager
    def serving(self, release: str) -> Iterator[float]:
        """Serve the release until the block ends; gives when it first answered (monotonic)."""
        words = ["-m", "clinic", "serve", "--port", str(self.port), "--release", release]
        with running(words, self.env, self.log) as child:
            yield self._answered_s(child)

    def _answered_s(self, child: subprocess.Popen[bytes]) -> float:
        deadline_s = time.monotonic() + READY_S_MAX
        while child.poll() is None and time.monotonic() < deadline_s:
            try:
                httpx.get(f"{self.url}/healthz", timeout=READY_S_MAX)
            except httpx.TransportError:
                time.sleep(POLLED_S)
            else:
                return time.monotonic()
        raise DriveFailed(
            f"nothing answered at {self.url} within {READY_S_MAX:g} s:\n{tail(self.log)}"
        )


@contextmanager
def production(folder: Path) -> Iterator[Production]:
    """A database with synthetic people and a user who may only read, and the clinic's worker."""
    (folder / "postgres").mkdir(parents=True)
    port = reserve_port()
    try:
        with postgres_server(folder / "postgres") as dsn:
            password = secrets.token_hex(16)
            with psycopg.connect(dsn, autocommit=True) as connection:
                name, word = sql.Identifier(LOOKER), sql.Literal(password)
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, word))
                connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(name))
            parts = urlsplit(dsn)
            looker = parts._replace(netloc=f"{LOOKER}:{password}@{parts.hostname}:{parts.port}")
            env = _environment(dsn, looker.geturl(), port.number)
            stood = Production(port.number, env, folder / "clinic.log")
            for words in (["migrate"], ["seed"], ["synthetic"]):
                _done([sys.executable, "-m", "clinic", *words], stood.env)
            with running(["-m", "clinic", "worker"], stood.env, stood.log):
                yield stood
    finally:
        port.free()


@contextmanager
def running(
    words: list[str], env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program of this checkout, until the block ends."""
    with log.open("ab") as stream:
        child = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        yield child
    finally:
        end(child, STOPPED_S_MAX)


def tail(log: Path) -> str:
    """The last of what was said there."""
    return log.read_text(encoding="utf-8", errors="replace")[-TAIL_CHARS:]


def _environment(dsn: str, looker: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": dsn,
        "CLINIC_SECRET": secrets.token_hex(16),
        "CLINIC_CANARY_PASSWORD": secrets.token_hex(16),
        "CLINIC_READ_DSN": looker,
        "CLINIC_URL": f"http://{HOST}:{port}",
    }


def _done(command: list[str], env: Mapping[str, str]) -> None:
    done = call(command, ROOT, COMMAND_S_MAX, env)
    if done.returncode:
        raise DriveFailed(f"{' '.join(command[1:])} ended with {done.returncode}: {done.stderr}")
