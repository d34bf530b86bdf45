"""The canary's own address: metrics for Prometheus, a page for people, the reports of runs kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from harness.errors import EnvironmentBroken, UsageError
from harness.runs.identity import is_run_id

REQUEST_S_MAX = 10.0
# Nothing is loaded from anywhere; pictures of a report stand in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
HTML = "text/html; charset=utf-8"


def place_of(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; raises UsageError."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--listen {listen!r} is no HOST:PORT; write 127.0.0.1:9477")
    return host.strip("[]") or "127.0.0.1", int(port)


@contextmanager
def serving(
    place: tuple[str, int],
    registry: CollectorRegistry,
    page_now: Callable[[], str],
    runs: Path,
    trouble_now: Callable[[], str] = lambda: "",
) -> Iterator[str]:
    """Serve until the block is left; gives the address. Raises EnvironmentBroken.

    trouble_now says why the canary does not work, "" while it does.
    """

    class Handler(_Handler):
        page = staticmethod(page_now)
        trouble = staticmethod(trouble_now)
        metrics = registry
        folder = runs

    try:
        server = _Server(place, Handler)
    except OSError as error:
        raise EnvironmentBroken(
            f"nothing can listen on {place[0]}:{place[1]}: {error}; name another with --listen"
        ) from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{place[0]}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of a few paths, and nothing else."""

    page: Callable[[], str]
    trouble: Callable[[], str]
    metrics: CollectorRegistry
    folder: Path
    timeout = REQUEST_S_MAX
    server_version = "harness"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with a page, the metrics, or a report."""
        path = urlsplit(self.path).path
        if path == "/metrics":
            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            self._answer(200, kind, encode(self.metrics))
        elif path == "/healthz":
            trouble = type(self).trouble()
            text = f"{trouble or 'ok'}\n".encode()
            self._answer(503 if trouble else 200, "text/plain; charset=utf-8", text)
        elif path == "/":
            self._answer(200, HTML, type(self).page().encode("utf-8"))
        else:
            self._report(path)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _report(self, path: str) -> None:
        words = path.strip("/").split("/")
        if len(words) == 2 and words[0] == "runs" and is_run_id(words[1]):
            try:
                self._answer(200, HTML, (self.folder / words[1] / "report.html").read_bytes())
                return
            except OSError:
                # It was removed meanwhile, or never had a report: to who asks it is not there.
                pass
        self._answer(404, "text/plain; charset=utf-8", b"there is nothing at this address\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a scrape every few seconds is no news."""
