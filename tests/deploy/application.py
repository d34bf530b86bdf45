"""A small application to deploy: how it behaves is said by its arguments."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType


class Handler(BaseHTTPRequestHandler):
    options: argparse.Namespace

    def do_GET(self) -> None:
        body = json.dumps(
            {
                "release": self.options.answers or self.options.release,
                "pid": os.getpid(),
                "environment": dict(os.environ),
                "folder": self.folder(),
            }
        ).encode()
        self.send_response(self.options.status)
        self.end_headers()
        self.wfile.write(body)

    def folder(self) -> list[str] | None:
        look = self.options.look
        return [path.name for path in Path(look).iterdir()] if look else None


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("act", choices=["serve", "work", "migrate", "fail", "hang"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--release")
    parser.add_argument("--answers")
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--look")
    parser.add_argument("--says", default="")
    parser.add_argument("--marks", help="a file that is made at once")
    parser.add_argument("--after", help="a file that has to be there for a moment")
    parser.add_argument("--stubborn", action="store_true")
    parser.add_argument("--breaks", action="store_true", help="migrates half, then fails")
    parser.add_argument("--polite", action="store_true", help="takes its leave when asked to end")
    parser.add_argument("--daemon", help="starts a process that leaves group and parent")
    parser.add_argument("--taken", help="a file: missing, the first start says the port is taken")
    return parser.parse_args()


def migrate(options: argparse.Namespace) -> None:
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (id int, text text)")
        connection.execute("INSERT INTO note VALUES (1, %s)", [options.release])
        if options.breaks:
            connection.execute("ALTER TABLE note ADD COLUMN kind text NOT NULL DEFAULT 'plain'")
    if options.breaks:
        sys.exit("no such type: mood")


def say_goodbye(_number: int, _frame: FrameType | None) -> None:
    sys.stdout.write("goodbye\n")
    sys.stdout.flush()
    sys.exit(0)


def main() -> None:
    options = parse()
    sys.stdout.write(f"{options.says}\n")
    sys.stdout.flush()
    if options.marks:
        Path(options.marks).touch()
    if options.act == "fail":
        sys.exit(7)
    if options.act == "migrate":
        migrate(options)
        return
    if options.act in ("work", "hang"):
        time.sleep(600)
    if options.taken and not Path(options.taken).exists():
        Path(options.taken).write_text(str(options.port))
        sys.exit("OSError: [Errno 98] Address already in use")
    while options.after and not Path(options.after).exists():
        time.sleep(0.01)
    if options.after:
        time.sleep(0.3)
    if options.polite or options.stubborn:
        signal.signal(signal.SIGTERM, say_goodbye if options.polite else signal.SIG_IGN)
    if options.daemon:
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        child = subprocess.Popen(command, start_new_session=True)
        Path(options.daemon).write_text(str(child.pid))
    Handler.options = options
    ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
