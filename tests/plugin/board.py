"""A page to drive, with as little behind it as a page needs: notes kept in memory."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A policy as strict as a page can have: only scripts that the server signed.
POLICY = "default-src 'self'; script-src 'nonce-own'; style-src 'unsafe-inline'"
PAGE = """<!doctype html><meta charset="utf-8"><title>Board</title>
<style>.toast {{ display: none }} .toast.on {{ display: block }}
.fading {{ opacity: 0; transition: opacity 30ms }} .fading.on {{ opacity: 1 }}</style>
<form id="form">
<input aria-label="Title" id="title"><textarea aria-label="Body" id="body"></textarea>
<div aria-label="Rich" id="rich" role="textbox" contenteditable></div>
<select aria-label="Kind" id="kind"><option>letter<option>result</select>
<input type="checkbox" aria-label="Pinned" id="pinned">
<input type="file" aria-label="File" id="file">
<button>Save</button></form>
<p role="status" id="status">{status}</p>
<p id="toast" class="toast">Saved</p><p id="fading" class="fading">Saved</p>
<p id="covered" hidden>Saved</p><p role="alert" id="alert"></p>
<script nonce="own">
const events = [];
for (const kind of ["keydown", "paste", "compositionstart", "compositionend", "input"])
  for (const el of [title, body, rich]) el.addEventListener(kind, () => events.push(kind));
form.onsubmit = async (event) => {{
  event.preventDefault();
  const note = {{ title: title.value, note: {{ body: body.value, tags: ["a", 1.50, true, null] }},
                 csrf_token: "hidden" }};
  const answer = await fetch("/notes?draft=1", {{ method: "POST", body: JSON.stringify(note),
                              headers: {{ "content-type": "application/json" }} }});
  const said = await answer.json();
  status.textContent = "";
  document.getElementById("status").textContent = "Saved " + said.id;
}};
</script>"""

SIGN_IN = """<!doctype html><meta charset="utf-8"><title>Who are you?</title>
<p role="status">Your session has ended.</p>
<input aria-label="Title"><input type="password" aria-label="Password">"""


class Board:
    """Where the page answers, and what was sent to it."""

    def __init__(self) -> None:
        self.notes: dict[str, dict[str, object]] = {}
        self.url = ""


@contextmanager
def board() -> Iterator[Board]:
    """A page server on a free port of this host, for as long as the block lasts."""
    found = Board()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            note = found.notes.get(self.path.removeprefix("/notes/"))
            if note is not None:
                body = note["note"]["body"]  # type: ignore[index]
                self._answer(
                    f"<!doctype html><meta charset=utf-8><h1>{html.escape(str(note['title']))}</h1>"
                    f"<textarea>\n{html.escape(str(body))}</textarea>"
                )
            elif self.path.partition("?")[0] in ("/login", "/account"):
                self._answer(SIGN_IN)
            elif self.path in ("/", "/saved"):
                status = "Saved by navigation" if self.path == "/saved" else ""
                self._answer(PAGE.format(status=status))
            else:
                self._answer("<!doctype html>gone", code=404)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path.startswith("/notes"):
                key = str(len(found.notes) + 1)
                found.notes[key] = json.loads(sent)
                self._answer(json.dumps({"id": key}), kind="application/json")
            else:
                self._answer("", code=204)

        def _answer(
            self, text: str, code: int = 200, kind: str = "text/html; charset=utf-8"
        ) -> None:
            content = text.encode("utf-8", "surrogatepass")
            self.send_response(code)
            self.send_header("content-type", kind)
            self.send_header("content-security-policy", POLICY)
            self.send_header("X-Board", "board 7")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
