"""A small application in a container: how it behaves is said by its words."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from urllib.parse import urlsplit

SILENCE_S = 1.0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/grow":
            grow()
        found = {
            "release": os.environ.get("ANSWERS", os.environ["RELEASE"]),
            "environment": dict(os.environ),
            "started_s": STARTED_S,
            "reaches": reaches(),
        }
        self.send_response(int(os.environ.get("STATUS", "200")))
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())


def reaches() -> bool | None:
    """Whether the database, or what REACH names, can be reached; None where there is none."""
    parts = urlsplit(os.environ.get("REACH") or os.environ.get("DATABASE_URL", ""))
    if not parts.hostname or not parts.port:
        return None
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=SILENCE_S).close()
    except OSError:
        return False
    return True


def grow() -> None:
    """Take memory until there is no more."""
    taken = []
    while True:
        taken.append(bytearray(os.urandom(1_000_000)))


def say_goodbye(_number: int, _frame: FrameType | None) -> None:
    sys.stdout.write("goodbye\n")
    sys.exit(0)


def main() -> None:
    act, *rest = sys.argv[1:]
    sys.stdout.write(f"{os.environ['RELEASE']} {act} {' '.join(rest)}\n")
    signal.signal(signal.SIGTERM, say_goodbye)
    if act == "fail":
        sys.exit(7)
    if act == "work":
        time.sleep(600)
    if act == "reach":
        sys.exit(0 if reaches() else 3)
    if act == "write":
        with open(rest[0], "a", encoding="utf-8") as stream:  # noqa: PTH123 - as small as it is
            stream.write(os.environ["RELEASE"])
    if act == "serve":
        ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()


STARTED_S = time.time()
main()
