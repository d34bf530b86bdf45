"""A notebook on the web: notes with lines, a summary and an attachment, in PostgreSQL.

``python notebook.py migrate | rollback | seed | serve --port 5000``, each with ``--release NAME``:
a release is a class ``Release`` in ``releases/NAME.py`` that overrides what it changes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask, Response, abort, jsonify, redirect, render_template, request, send_file
from psycopg.rows import dict_row
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as Answer

HERE = Path(__file__).parent
KINDS = ("idea", "task", "minutes")
LINES_MAX = 4
TYPED = ("title", "summary", "effort", "due", "kind")


class Refused(Exception):
    """A save that cannot be; its text is what the person is told."""


@dataclass(slots=True)
class Draft:
    """What a person typed into the form."""

    title: str = ""
    summary: str = ""
    body: str = ""
    effort: str = ""
    due: str = ""
    kind: str = KINDS[0]
    pinned: bool = False
    lines: tuple[str, ...] = ()
    attachment: FileStorage | None = None

    def columns(self) -> dict[str, object]:
        """The draft as the columns of a note hold it, but for the attachment."""
        return {
            "title": self.title,
            "body": "".join(f"<p>{escape(line)}</p>" for line in self.body.split("\n")),
            "content": json.dumps({"summary": self.summary}),
            "effort": self.effort or None,
            "due": self.due or None,
            "kind": self.kind,
            "pinned": self.pinned,
        }


Cursor = psycopg.Cursor[dict[str, Any]]


class Notebook:
    """What every release does unless it overrides it."""

    def __init__(self, name: str, dsn: str, files: Path) -> None:
        self.name = name
        self.dsn = dsn
        self.files = files

    # --- storage ------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """One transaction, on a connection of its own."""
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            yield connection.cursor()

    def migrate(self, cursor: Cursor) -> None:
        """Bring the database to what this release needs."""
        cursor.execute((HERE / "schema.sql").read_bytes())

    def roll_back(self, cursor: Cursor) -> None:
        """Take back what the migration of this release has changed."""

    def create(self, draft: Draft) -> UUID:
        """Store a new note."""
        note = uuid4()
        self.write(note, draft)
        return note

    def update(self, note: UUID, draft: Draft) -> None:
        """Store a note again."""
        self.write(note, draft)

    def write(self, note: UUID, draft: Draft) -> None:
        """Write the row of a note, and what hangs on it."""
        columns = {"id": note, **draft.columns()}
        names, places = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
        changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
        with self.transaction() as cursor:
            cursor.execute(
                f"INSERT INTO note ({names}) VALUES ({places})"  # noqa: S608 - names of our own
                f" ON CONFLICT (id) DO UPDATE SET {changed}",
                columns,
            )
            self.write_lines(cursor, note, draft)
            self.write_attachment(cursor, note, draft)

    def write_lines(self, cursor: Cursor, note: UUID, draft: Draft) -> None:
        """Put the draft's lines in the place of those that were there."""
        cursor.execute("DELETE FROM line WHERE note = %s", [note])
        rows = [(note, position, text) for position, text in enumerate(draft.lines)]
        cursor.executemany("INSERT INTO line VALUES (%s, %s, %s)", rows)

    def write_attachment(self, cursor: Cursor, note: UUID, draft: Draft) -> None:
        """Keep the file that came with the draft, if one did."""
        if draft.attachment is None:
            return
        path = self.files / f"{note}-{uuid4().hex[:8]}"
        path.write_bytes(draft.attachment.read())
        cursor.execute("UPDATE note SET attachment = %s WHERE id = %s", [str(path), note])

    def delete(self, note: UUID) -> None:
        """Remove a note."""
        with self.transaction() as cursor:
            cursor.execute("DELETE FROM note WHERE id = %s", [note])

    def read(self, note: UUID) -> dict[str, Any] | None:
        """A note as pages show it; None where there is none."""
        with self.transaction() as cursor:
            cursor.execute("SELECT * FROM note WHERE id = %s", [note])
            row = cursor.fetchone()
            if row is None:
                return None
            cursor.execute("SELECT text FROM line WHERE note = %s ORDER BY position", [note])
            return {**row, "lines": [line["text"] for line in cursor.fetchall()]}

    # --- pages --------------------------------------------------------------------------------

    def draft(self, form: Mapping[str, str], lines: list[str]) -> Draft:
        """The form as it was sent; raises Refused."""
        if not form["title"]:
            raise Refused("A note needs a title.")
        upload = request.files.get("attachment")
        return Draft(
            **{name: form[name] for name in TYPED},
            body=form["body"].replace("\r\n", "\n"),
            pinned="pinned" in form,
            lines=tuple(line for line in lines if line),
            attachment=upload if upload is not None and upload.filename else None,
        )

    def serve(self, port: int) -> None:
        """Answer until somebody ends the process."""
        web(self).run(port=port, threaded=True)

    def health(self) -> dict[str, str]:
        """What the health address answers."""
        return {"status": "ok", "release": self.name}

    def form_page(self, values: Mapping[str, Any], told: str = "") -> Answer:
        """The form with these values in it."""
        lines = [*values.get("lines", ()), *[""] * LINES_MAX][:LINES_MAX]
        page = render_template("form.html", note=values, lines=lines, kinds=KINDS, told=told)
        return Response(page, 422 if told else 200)

    def found(self, note: UUID) -> dict[str, Any]:
        """The note, or a page that says that there is none."""
        return self.read(note) or abort(Response(render_template("gone.html"), 404))

    def note_page(self, note: UUID) -> str:
        """A note, and what was just done to it."""
        return render_template("note.html", note=self.found(note), done=request.args.get("done"))

    def edit_page(self, note: UUID) -> Answer:
        """The form of a note that is there."""
        row = self.found(note)
        body = unescape(row["body"].replace("</p><p>", "\n"))[len("<p>") : -len("</p>")]
        return self.form_page({**row, "body": body, "summary": row["content"]["summary"]})

    def start_page(self) -> str:
        """The first page."""
        return render_template("start.html", done=request.args.get("done"))

    def new_page(self) -> Answer:
        """The form of a new note."""
        return self.form_page({})

    def save(self, note: UUID | None = None) -> Answer:
        """Store what was sent, and say so; or say why not, with everything still in the form."""
        try:
            draft = self.draft(request.form, request.form.getlist("line"))
        except Refused as why:
            sent = {**request.form.to_dict(), "lines": request.form.getlist("line")}
            return self.form_page(sent, str(why))
        if note is None:
            note = self.create(draft)
        else:
            self.update(note, draft)
        return redirect(f"/notes/{note}?done=Saved.", 303)

    def remove(self, note: UUID) -> Answer:
        """Delete a note, and say so."""
        self.delete(note)
        return redirect("/?done=Deleted.", 303)

    def as_json(self, note: UUID) -> Answer:
        """A note for other programs, its file in base64; who may ask has the token."""
        if request.headers.get("Authorization") != f"Bearer {os.environ.get('TOKEN')}":
            return redirect("/sign-in")
        row = self.read(note)
        if row is None:
            return Response('{"error": "no such note"}', 404, mimetype="application/json")
        path = row["attachment"]
        content = None if path is None else b64encode(Path(path).read_bytes()).decode()
        due = row["due"] and row["due"].isoformat()
        return jsonify({**row, "attachment": content, "due": due})

    def attachment(self, note: UUID) -> Answer:
        """The file of a note."""
        path = self.found(note)["attachment"]
        return send_file(path, as_attachment=True, download_name="attachment.bin")


def web(notebook: Notebook) -> Flask:
    """The pages of a release."""
    app = Flask(__name__)
    app.get("/healthz")(notebook.health)
    app.get("/")(notebook.start_page)
    app.get("/new")(notebook.new_page)
    app.post("/new")(notebook.save)
    app.get("/notes/<uuid:note>")(notebook.note_page)
    app.get("/notes/<uuid:note>/edit")(notebook.edit_page)
    app.post("/notes/<uuid:note>/edit")(notebook.save)
    app.post("/notes/<uuid:note>/delete")(notebook.remove)
    app.get("/api/notes/<uuid:note>")(notebook.as_json)
    app.get("/notes/<uuid:note>/attachment")(notebook.attachment)
    return app


def main() -> None:
    """Run one command of one release."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["migrate", "rollback", "seed", "serve"])
    parser.add_argument("--release", required=True)
    parser.add_argument("--port", type=int, default=5000)
    asked = parser.parse_args()
    # Releases import this file as `notebook`, not as the script that it is run as.
    release = importlib.import_module(f"releases.{asked.release}").Release
    notebook = release(asked.release, os.environ["DATABASE_URL"], Path(os.environ["FILES"]))
    if asked.command == "migrate":
        with notebook.transaction() as cursor:
            notebook.migrate(cursor)
    elif asked.command == "rollback":
        with notebook.transaction() as cursor:
            notebook.roll_back(cursor)
    elif asked.command == "seed":
        for number in (1, 2, 3):
            notebook.create(Draft(title=f"Old note {number}", body="Kept for years."))
    else:
        notebook.serve(asked.port)


if __name__ == "__main__":
    main()
